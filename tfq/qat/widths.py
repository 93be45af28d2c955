"""Which ops compute on 16-bit activations (16x8), by runtime; what has no such kernel stays in 8 bits.

Source: the type checks of the kernels in tensorflow/lite/kernels and tflite-micro's tensorflow/lite/micro/kernels.
docs/widths.md lists what each runtime computes, from runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile, profile_named
from tfq.qat.moves import MOVES
from tfq.qat.part import WEIGHTED, Part
from tfq.recipe import Recipe

# Kinds whose output lies on their input's grid, whatever its width.
SAME_GRID = (*MOVES, "dropout", "max_pool", "average_pool", "identity")
# Kinds that compute on 16 bits, and those that take and give other widths as they are told.
WIDE = (
    *WEIGHTED,
    "scale",
    "add",
    "subtract",
    "multiply",
    "maximum",
    "minimum",
    "batch_matmul",
    "mean",
    "relu",
    "relu6",
    "concatenate",
    "resize_bilinear",
)
MIXED = ("requantize", "wide_table", "embedding")
WIDE_ACTIVATIONS = ("softmax", "sigmoid", "tanh")
# Of these, what a runtime has for 8 bits only.
NARROW: Mapping[Profile, tuple[str, ...]] = {
    LITERT: (),
    XNNPACK: (),
    TFLM: ("gather", "reduce_max", "reduce_min", "resize_bilinear"),
}


def width_of(part: Part, layer: Any, recipe: Recipe) -> int:
    """The bits of a part's output: what the recipe says where the runtime has a kernel for it, else the layer's own."""
    wide = part.kind in (*WIDE, "requantize") or part.settings.get("activation") in WIDE_ACTIVATIONS
    if not wide or _narrow(part, recipe):
        return layer.bits
    return max(layer.bits, recipe.bits_of("activation_bits", *part.names))


def input_width(part: Part, layer: Any, recipe: Recipe) -> int | None:
    """The bits that a part wants of its inputs; None: takes them as they come."""
    if part.kind in SAME_GRID:
        return 8 if _narrow(part, recipe) else None
    return None if part.kind in MIXED else layer.bits


def _narrow(part: Part, recipe: Recipe) -> bool:
    return part.kind in NARROW[profile_named(recipe.numerics)]
