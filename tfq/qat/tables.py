"""Functions of one element that follow each other, or meet again, as one lookup table: one rounding instead of several.

A table that is a * x + b by its form becomes a per-channel scale, which kernels do fast.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.expression import Expression, affine_coefficients, substitute
from tfq.qat.capture import Value
from tfq.qat.channel_scale import ChannelScale
from tfq.qat.part import Part

# As functions: kinds with a kernel of their own that joins a table between two others.
_NATIVE: dict[str, Expression] = {
    "relu": ["relu", "x"],
    "relu6": ["minimum", ["relu", "x"], 6.0],
}
_BINARY = ("add", "subtract", "multiply", "maximum", "minimum", "divide", "where")


def merge_tables(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """The parts with tables merged, in execution order."""
    parts = _meet(parts, outputs)
    parts = _chain(parts, outputs)
    return [_settled(part) for part in parts]


def _meet(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """Sums, products, choices of functions of one and the same tensor are functions of it."""
    made: dict[Value, tuple[Value, Expression]] = {}  # value -> (root, function of the root)
    for part in parts:
        roots = [made.get(value, (value, "x")) for value in part.inputs]
        root = roots[0][0]
        if part.kind == "table":
            made[part.output] = root, substitute(part.settings["expression"], roots[0][1])
        elif part.kind in _BINARY and len(roots) > 1 and all(other is root for other, _ in roots):
            expression = [part.kind, *(function for _, function in roots)]
            made[part.output] = root, expression
            part.kind, part.inputs = "table", [root]
            part.settings = {"expression": expression}
    return _without_unread(parts, outputs)


def _chain(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """A table of a table that nothing else reads; a relu between two tables joins them."""
    makers = {part.output: part for part in parts}
    reads = _reads(parts, outputs)
    readers = {value: part for part in parts for value in part.inputs}
    for part in parts:
        before = makers.get(part.inputs[0]) if part.inputs else None
        if before is None or reads[before.output] != 1 or before.kind != "table":
            continue
        function = part.settings.get("expression") if part.kind == "table" else None
        if part.kind in _NATIVE and reads[part.output] == 1 and readers[part.output].kind == "table":
            function = _NATIVE[part.kind]
        if function is not None:
            part.settings = {"expression": substitute(function, before.settings["expression"])}
            part.kind, part.inputs, part.activation = "table", list(before.inputs), "linear"
    return _without_unread(parts, outputs)


def _reads(parts: list[Part], outputs: list[Value]) -> dict[Value, int]:
    reads = {part.output: 0 for part in parts}
    for value in [value for part in parts for value in part.inputs] + outputs:
        reads[value] = reads.get(value, 0) + 1
    return reads


def _without_unread(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """Tables that nothing reads any more are left out."""
    kept: list[Part] = []
    needed = set(outputs)
    for part in reversed(parts):
        if part.kind != "table" or part.output in needed:
            kept.append(part)
            needed.update(part.inputs)
    return kept[::-1]


def _settled(part: Part) -> Part:
    """The part, as a scale or a relu where the table is one."""
    if part.kind != "table":
        return part
    expression = part.settings["expression"]
    if expression in (["maximum", "x", 0.0], ["relu", "x"]):
        part.kind, part.activation, part.settings = "relu", "relu", {}
        return part
    coefficients = affine_coefficients(expression)
    depth = part.inputs[0].shape[-1]
    if coefficients is not None and depth is not None and len(part.inputs[0].shape) > 1:
        layer = ChannelScale(depth, name=part.name)
        layer.trainable = False
        part.kind, part.layer, part.settings = "scale", layer, {}
        part.weights = [np.full(depth, value, np.float32) for value in coefficients]
    return part
