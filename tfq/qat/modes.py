"""What a pass through the network is for. Layers ask at trace time; nothing here is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Called with (layer, site, activation) for every activation that has a range of its own, in a float pass.
Observe = Callable[[object, int, object], None]

_inference: ContextVar[bool] = ContextVar("inference", default=False)
_float_pass: ContextVar[Observe | None] = ContextVar("float_pass", default=None)


@contextmanager
def float_pass(observe: Observe = lambda layer, site, activation: None) -> Iterator[None]:
    """Within it, quantized layers compute their float function and report activations; batch norm is as at inference.

    Use with eager calls: a function compiled outside keeps what it was traced with.
    """
    token = _float_pass.set(observe)
    try:
        yield
    finally:
        _float_pass.reset(token)


def float_observer() -> Observe | None:
    """The observer of the float pass under way, or None."""
    return _float_pass.get()


@contextmanager
def inference() -> Iterator[None]:
    """Within it, a layer computes the deployed integers: ranges stand still."""
    token = _inference.set(True)
    try:
        yield
    finally:
        _inference.reset(token)


def inferring() -> bool:
    """Whether a layer computes the deployed integers."""
    return _inference.get()
