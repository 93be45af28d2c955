"""Reshapes between layers: moved behind what does not mind them, and cancelled where one undoes another.

A 1-D convolution is a 2-D one between two reshapes. Moved behind a batch norm and a relu they let these fuse, and
between two such layers nothing of them stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from tfq.qat.capture import Value
from tfq.qat.part import Part

# Parts that work on each element, or on the last axis alone.
_BY_CHANNEL = ("scale", "relu", "relu6", "table", "activation")


def tidy_reshapes(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """The parts with reshapes moved back and pairs of them merged; those that do nothing become identities."""
    _name_by_work(parts, outputs)
    while _move_back(parts, outputs):
        pass
    _merge_pairs(parts)
    return _without_unread(parts, outputs)


def _move_back(parts: list[Part], outputs: list[Value]) -> bool:
    """Every reshape with f behind it becomes f with the reshape behind it. Returns whether there was one."""
    reads: dict[Value, int] = {}
    for value in [value for part in parts for value in part.inputs] + outputs:
        reads[value] = reads.get(value, 0) + 1
    makers = {part.output: part for part in parts}
    shared: dict[object, list[Part]] = {}
    for part in parts:
        shared.setdefault(id(part) if part.share is None else part.share, []).append(part)
    moved = False
    for group in shared.values():
        # The calls of a shared layer keep to one rank.
        if all(_follows_reshape(part, makers, reads) for part in group):
            for part in group:
                _swap(parts, makers[part.inputs[0]], part, makers)
            moved = True
    return moved


def _follows_reshape(part: Part, makers: dict[Value, Part], reads: dict[Value, int]) -> bool:
    before = makers.get(part.inputs[0]) if len(part.inputs) == 1 else None
    if before is None or before.kind != "reshape" or not _by_channel(part):
        return False
    return reads.get(before.output) == 1 and before.inputs[0].shape[-1] == before.output.shape[-1]


def _by_channel(part: Part) -> bool:
    if part.kind == "dropout":
        return type(part.layer) is keras.layers.Dropout and part.layer.noise_shape is None
    return part.kind in _BY_CHANNEL


def _swap(parts: list[Part], reshape: Part, part: Part, makers: dict[Value, Part]) -> None:
    early = Value(reshape.inputs[0].shape, "float32")
    part.inputs, reshape.inputs = list(reshape.inputs), [early]
    part.output, reshape.output = early, part.output
    makers[early], makers[reshape.output] = part, reshape
    i, k = parts.index(reshape), parts.index(part)
    parts[i], parts[k] = part, reshape


def _merge_pairs(parts: list[Part]) -> None:
    """A reshape of a reshape, a transpose of a transpose: one, or none where they undo each other."""
    makers = {part.output: part for part in parts}
    for part in parts:
        if part.kind not in ("reshape", "transpose"):
            continue
        before = makers.get(part.inputs[0])
        if before is not None and before.kind == part.kind:
            if part.kind == "transpose":
                part.settings = {"axes": [before.settings["axes"][axis] for axis in part.settings["axes"]]}
            part.inputs = list(before.inputs)
        axes = part.settings.get("axes", [])
        if axes == sorted(axes) and part.inputs[0].shape == part.output.shape:
            part.kind, part.settings = "identity", {}


def _without_unread(parts: list[Part], outputs: Sequence[Value]) -> list[Part]:
    """The parts without reshapes and transposes that nothing reads any more."""
    kept: list[Part] = []
    needed = set(outputs)
    for part in reversed(parts):
        if part.kind not in ("reshape", "transpose", "identity") or part.output in needed:
            kept.append(part)
            needed.update(part.inputs)
    return kept[::-1]


def _name_by_work(parts: list[Part], outputs: Sequence[Value]) -> None:
    """A layer's name goes to the part that does its work, not to the reshape behind it."""
    makers = {part.output: part for part in parts}
    for part in parts:
        before = makers.get(part.inputs[0]) if part.kind == "reshape" else None
        if before is None or part.output in outputs or not before.name.startswith(f"{part.name}_"):
            continue
        before.name, part.name = part.name, f"{part.name}_reshape"
        before.fused, part.fused = [*before.fused, *part.fused], []
