"""Quantization parameters of a tensor, checked as LiteRT checks them.

Source: google-ai-edge/LiteRT tflite/core/interpreter_builder.cc ParseQuantization.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfq.errors import Unsupported
from tfq.tflite import constants, flat
from tfq.tflite.model import NUMPY_TYPES, Blockwise, Quantization


def read_quantization(
    tensor: Any, shape: tuple[int, ...], type_: str, tensors: int
) -> tuple[Quantization | None, Blockwise | None]:
    """Affine parameters, or where they are found for blockwise weights; (None, None) without any."""
    found = flat.child(tensor, "Quantization")
    if found is None:
        return None, None
    details = found.DetailsType()
    if details == schema.QuantizationDetails.BlockwiseQuantization:
        return None, _blockwise(found, tensors)
    if details != schema.QuantizationDetails.NONE:
        raise Unsupported(
            f"quantization details of kind {details}; expected affine or blockwise parameters"
        )
    scale = flat.numbers(found, "Scale")
    if scale is None or not scale.size:
        return None, None
    zero_point = flat.numbers(found, "ZeroPoint")
    if zero_point is None or not zero_point.size:
        zero_point = np.zeros(scale.size, np.int64)
    axis = _axis(found.QuantizedDimension(), scale, zero_point, shape)
    wrong = np.flatnonzero(~(np.isfinite(scale) & (scale > 0)))
    if wrong.size:
        raise flat.damaged(
            f"its scale[{wrong[0]}] is {scale[wrong[0]]}, expected a finite number above 0"
        )
    low, high = _zero_point_range(type_)
    wrong = np.flatnonzero((zero_point < low) | (zero_point > high))
    if wrong.size:
        got = zero_point[wrong[0]]
        raise flat.damaged(
            f"its zero_point[{wrong[0]}] is {got}, expected {low} to {high} for {type_}"
        )
    return Quantization(scale, zero_point, axis), None


def _axis(
    axis: int, scale: np.ndarray, zero_point: np.ndarray, shape: tuple[int, ...]
) -> int:
    """The checked axis of the channels."""
    if zero_point.size != scale.size:
        raise flat.damaged(
            f"it has {scale.size} scales and {zero_point.size} zero points"
        )
    # Files of 2019 to 2020 give a 1-D bias its weights' axis; one scale has no axis.
    if scale.size == 1 or len(shape) == 1:
        axis = axis if 0 <= axis < len(shape) else 0
    if scale.size > 1 and not 0 <= axis < len(shape):
        raise flat.damaged(
            f"its scales run along axis {axis}, its shape is {list(shape)}"
        )
    if scale.size > 1 and scale.size != shape[axis]:
        raise flat.damaged(
            f"it has {scale.size} scales along axis {axis} of shape {list(shape)}"
        )
    return axis


def _blockwise(found: Any, tensors: int) -> Blockwise:
    details = flat.union(found, "Details", schema.BlockwiseQuantization)
    if details is None:
        raise flat.damaged("its blockwise quantization has no parameters")
    scales, zero_points = details.Scales(), details.ZeroPoints()
    if not 0 <= scales < tensors or not -1 <= zero_points < tensors:
        raise flat.damaged(
            f"its block scales are tensors {scales} and {zero_points}, the subgraph has {tensors}"
        )
    return Blockwise(scales, zero_points, details.BlockSize())


def _zero_point_range(type_: str) -> tuple[int, int]:
    """Stored values of the type; int32 for types without integers (leftover parameters of float tensors)."""
    if type_ in constants.SUB_BYTE:
        bits = constants.SUB_BYTE[type_]
        return (
            (0, 2**bits - 1)
            if type_.startswith("U")
            else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        )
    dtype = np.dtype(NUMPY_TYPES.get(type_, np.int32))
    limits = np.iinfo(dtype if dtype.kind in "iu" and dtype.itemsize <= 4 else np.int32)
    return int(limits.min), int(limits.max)
