"""Deep graphs: Keras follows the calls of a model recursively, and unrolled recurrent layers are long chains."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_CALLS = 10_000  # in a row: an LSTM of 1000 steps


@contextmanager
def deep_graphs() -> Iterator[None]:
    """Within it, Keras builds and loads models of 10,000 calls in a row; Python's limit is 1000."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _CALLS + 1000))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
