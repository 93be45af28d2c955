"""What each Keras layer and operation is in primitive int8 ops: one rule each, one table a family.

A rule takes (net, call) and gives the Value (or Values) that the call makes, built with the methods of `net`. Adding a
layer is its rule and its row.
"""

from __future__ import annotations

import inspect
from typing import Any

import keras

from tfq.errors import Unsupported
from tfq.qat.capture import Call, Value, refresh_shapes
from tfq.qat.net import Net
from tfq.qat.part import Part
from tfq.qat.rules import (
    activations,
    arithmetic,
    attention,
    conditions,
    convolutions,
    dense,
    indexing,
    normalization,
    pooling,
    recurrent,
    reductions,
    resizing,
    shapes,
    time_distributed,
    transposed,
    vanishing,
)
from tfq.qat.rules.families import Rule

RULES: dict[type, Rule] = {
    **convolutions.RULES,
    **transposed.RULES,
    **dense.RULES,
    **time_distributed.RULES,
    **activations.RULES,
    **arithmetic.RULES,
    **conditions.RULES,
    **shapes.RULES,
    **indexing.RULES,
    **resizing.RULES,
    **reductions.RULES,
    **pooling.RULES,
    **normalization.RULES,
    **attention.RULES,
    **recurrent.RULES,
    **vanishing.RULES,
}


_OF_INDICES = ("embedding", "identity")  # parts that read int32


def rule_for(layer: Any) -> Rule | None:
    """The rule of a layer or operation; a subclass that keeps `call` has its base's. None: trace it."""
    if hasattr(layer, "tfq_parts"):
        return _own_parts
    for cls in type(layer).__mro__:
        if cls in RULES:
            own = vars(cls).get("call", type(layer).call)
            return RULES[cls] if type(layer).call is own else None
    return None


def _own_parts(net: Net, call: Call) -> Any:
    """What a layer of the user's own declares: called as its `call` was, without what only training or masks need."""
    takes = inspect.signature(call.layer.tfq_parts).parameters
    masks = [x for x in keras.tree.flatten(call.kwargs.get("mask")) if isinstance(x, Value)]
    if masks and "mask" not in takes:
        raise net.refuse("called with a mask, which its tfq_parts does not take", "leave the mask out")
    passed = {name: value for name, value in call.kwargs.items() if name in takes or name not in ("training", "mask")}
    return call.layer.tfq_parts(net, *call.args, **passed)


def known(layer: Any) -> bool:
    """Whether a layer or operation is a call of its own; others are traced. Operations always are: they are refused."""
    return rule_for(layer) is not None or not hasattr(layer, "_flatten_layers")


def decompose(call: Call) -> list[Part]:
    """A call as primitive parts. Raises Unsupported, saying what to do, for one without an int8 form."""
    if call.refusal is not None:
        raise call.refusal
    rule = rule_for(call.layer)
    if rule is None:
        kind = type(call.layer).__name__
        raise Unsupported(
            f"operation {call.name!r} ({kind}) has no int8 form; write it with layers or operations that have one "
            "(docs/layers.md lists them)"
        )
    refresh_shapes(call)
    net = Net(call)
    parts = net.finish(rule(net, call))
    if any(value.dtype.startswith("int") for part in parts if part.kind not in _OF_INDICES for value in part.inputs):
        raise net.refuse("its input is of whole numbers", "feed floats, or read indices with an Embedding")
    return parts


def known_layers() -> list[str]:
    """Names of the Keras layers and operations that have a rule."""
    return [cls.__name__ for cls in RULES]
