"""Functions of one element that follow each other, or meet again, as one lookup table: one rounding instead of several.

A table that turns out to be a function with a fast kernel becomes that: a * x + b a per-channel scale, relu, relu6,
sigmoid and tanh their ops.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.expression import Expression, affine_coefficients, is_boolean, same_function, size, substitute
from tfq.qat.capture import Value
from tfq.qat.channel_scale import ChannelScale
from tfq.qat.part import Part, uses_of

# Kinds with a kernel of their own, as functions.
NATIVE: dict[str, Expression] = {
    "relu": ["relu", "x"],
    "relu6": ["minimum", ["relu", "x"], 6.0],
    "sigmoid": ["sigmoid", "x"],
    "tanh": ["tanh", "x"],
}
# Kinds of more than one operand that are functions of the same name.
_JOINING = (
    "add", "subtract", "multiply", "maximum", "minimum", "divide", "select", "greater", "greater_equal", "less",
    "less_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_xor",
)  # fmt: skip
# A merged function has at most so many parts: training evaluates them all.
_MOST = 200


def merge_tables(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """The parts with tables merged, in execution order."""
    parts = _meet(parts, outputs)
    parts = _chain(parts, outputs)
    return [_settled(part) for part in parts]


def native_function(part: Part) -> Expression | None:
    """The function that a part with a kernel of its own computes, None for other parts."""
    if part.settings.get("bits", 8) > 8:
        return None
    return NATIVE.get(part.settings["activation"] if part.kind == "activation" else part.kind)


def _meet(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """Sums, products, choices of functions of one and the same tensor are functions of it.

    Where none of them is a table yet (x + relu(x), x * sigmoid(x)), the kernels that they have are faster.
    """
    origins: dict[Value, dict[Value, Expression]] = {}  # value -> what it is a function of, nearest first
    tables: set[Value] = set()
    for part in parts:
        sources = [{value: "x", **origins.get(value, {})} for value in part.inputs]
        function = _function(part)
        if function is not None:
            origins[part.output] = _joined(function, sources[0])
            if part.kind == "table" or part.inputs[0] in tables:
                tables.add(part.output)
        elif _joins(part) and _worth_it(part, tables):
            common = [root for root in sources[0] if all(root in others for others in sources)]
            found = {root: [part.kind, *(functions[root] for functions in sources)] for root in common}
            found = {root: joined for root, joined in found.items() if size(joined) <= _MOST}
            if found:
                origins[part.output] = found
                tables.add(part.output)
                root, joined = next(iter(found.items()))
                part.kind, part.inputs, part.settings = "table", [root], {"expression": joined}
    return _without_unread(parts, outputs)


def _function(part: Part) -> Expression | None:
    return part.settings["expression"] if part.kind == "table" else native_function(part)


def _joined(function: Expression, of: dict[Value, Expression]) -> dict[Value, Expression]:
    made = {root: substitute(function, inner) for root, inner in of.items()}
    return {root: joined for root, joined in made.items() if size(joined) <= _MOST}


def _joins(part: Part) -> bool:
    # Tables are of 8 bits; a constant operand that is a tensor is no function of one element.
    return part.kind in _JOINING and len(part.inputs) > 1 and part.settings.get("bits", 8) == 8


def _worth_it(part: Part, tables: set[Value]) -> bool:
    return part.inputs.count(part.inputs[0]) == len(part.inputs) or any(value in tables for value in part.inputs)


def _chain(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """A table of a table, or of a sigmoid or tanh, that nothing else reads; and these, or a relu, of a table."""
    makers = {part.output: part for part in parts}
    reads = uses_of(parts, outputs)
    for part in parts:
        before = makers.get(part.inputs[0]) if part.inputs else None
        if before is None or reads[before.output] != 1 or not _chains(part, before, makers):
            continue
        joined = substitute(_function(part), _function(before))
        if size(joined) <= _MOST:
            part.settings = {"expression": joined}
            part.kind, part.inputs, part.activation = "table", list(before.inputs), "linear"
    return _without_unread(parts, outputs)


def _chains(part: Part, before: Part, makers: dict[Value, Part]) -> bool:
    if None in (_function(part), _function(before)) or "table" not in (part.kind, before.kind):
        return False
    if before.kind in ("relu", "relu6"):  # of a table only: a layer before it takes it in, and has the finer grid
        return before.inputs[0] in makers and makers[before.inputs[0]].kind == "table"
    # A scale takes in a relu.
    return part.kind not in ("relu", "relu6") or affine_coefficients(_function(before)) is None


def _without_unread(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """Functions of one element that nothing reads any more are left out."""
    kept: list[Part] = []
    needed = set(outputs)
    for part in reversed(parts):
        idle = part.kind == "table" or native_function(part) is not None
        if not idle or part.output in needed:
            kept.append(part)
            needed.update(part.inputs)
    return kept[::-1]


def _settled(part: Part) -> Part:
    """The part, as what has a kernel where the table is that function."""
    if part.kind != "table" or part.settings.get("bits", 8) > 8:
        return part
    expression = part.settings["expression"]
    coefficients = affine_coefficients(expression)
    depth = part.inputs[0].shape[-1]
    if coefficients is not None and depth is not None and len(part.inputs[0].shape) > 1:
        layer = ChannelScale(depth, name=part.name)
        layer.trainable = False
        part.kind, part.layer, part.settings = "scale", layer, {}
        part.weights = [np.full(depth, value, np.float32) for value in coefficients]
        return part
    if coefficients is not None or is_boolean(expression):
        return part
    for name, function in NATIVE.items():
        if same_function(arrays, expression, function):
            is_relu = name in ("relu", "relu6")
            part.kind, part.activation = (name, name) if is_relu else ("activation", "linear")
            part.settings = {} if is_relu else {"activation": name}
            break
    return part
