"""Quantization parameters of a tensor, checked as LiteRT checks them and a little more.

Source: google-ai-edge/LiteRT tflite/core/interpreter_builder.cc ParseQuantization.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfq.errors import TfqError, Unsupported
from tfq.tflite import constants, flat
from tfq.tflite.model import NUMPY_TYPES, Blockwise, Quantization

Parameters = tuple[Quantization | None, Blockwise | None]


def read_quantization(tensor: Any, shape: tuple[int, ...], type_: str, tensors: int) -> Parameters:
    """Affine parameters of a guarded schema Tensor, or where blockwise ones are found; (None, None) without any."""
    found = flat.child(tensor, "Quantization")
    if found is None:
        return None, None
    details = found.DetailsType()
    if details == schema.QuantizationDetails.BlockwiseQuantization:
        return None, _blockwise(found, tensors)
    if details != schema.QuantizationDetails.NONE:
        raise Unsupported(f"quantization details of kind {details}; expected affine or blockwise parameters")
    scale = flat.numbers(found, "Scale")
    if scale is None or not scale.size:
        return None, None
    zero_point = flat.numbers(found, "ZeroPoint")
    assumed = False
    if zero_point is None or not zero_point.size:
        zero_point, assumed = np.zeros(scale.size, np.int64), True
    axis = found.QuantizedDimension()
    # Files of 2019 and 2020 give a 1-D bias the axis of its weights; a single scale has no axis.
    if (scale.size == 1 or len(shape) == 1) and not 0 <= axis < len(shape):
        axis = 0
    quantization = Quantization(scale, zero_point, axis, assumed)
    try:
        check(quantization, shape, type_)
    except TfqError as error:
        raise flat.damaged(str(error)) from None
    return quantization, None


def check(quantization: Quantization, shape: tuple[int, ...], type_: str) -> None:
    """Raises TfqError unless the parameters fit each other and a tensor of this shape and type."""
    scale, zero_point, axis = quantization.scale, quantization.zero_point, quantization.axis
    if not scale.size or zero_point.size != scale.size:
        raise TfqError(f"it has {scale.size} scales and {zero_point.size} zero points, expected as many of each")
    if scale.size > 1 and not (0 <= axis < len(shape) and scale.size == shape[axis]):
        raise TfqError(f"it has {scale.size} scales along axis {axis} of shape {list(shape)}")
    if not (scale.min() > 0 and scale.max() < np.inf):  # NaN fails too
        wrong = np.flatnonzero(~(np.isfinite(scale) & (scale > 0)))[0]
        raise TfqError(f"its scale[{wrong}] is {scale[wrong]}, expected a finite number above 0")
    low, high = _zero_point_range(type_)
    if zero_point.min() < low or zero_point.max() > high:
        wrong = np.flatnonzero((zero_point < low) | (zero_point > high))[0]
        raise TfqError(f"its zero_point[{wrong}] is {zero_point[wrong]}, expected {low} to {high} for {type_}")


def _blockwise(found: Any, tensors: int) -> Blockwise:
    details = flat.union(found, "Details", schema.BlockwiseQuantization)
    if details is None:
        raise flat.damaged("its blockwise quantization has no parameters")
    scales, zero_points = details.Scales(), details.ZeroPoints()
    if not 0 <= scales < tensors or not -1 <= zero_points < tensors:
        raise flat.damaged(f"its block scales are tensors {scales} and {zero_points}, the subgraph has {tensors}")
    return Blockwise(scales, zero_points, details.BlockSize())


@functools.cache
def _zero_point_range(type_: str) -> tuple[int, int]:
    """Stored values of the type; int32 for types without integers (leftover parameters of float tensors)."""
    if type_ in constants.SUB_BYTE:
        return constants.sub_byte_range(type_)
    dtype = np.dtype(NUMPY_TYPES.get(type_, np.int32))
    limits = np.iinfo(dtype.name if dtype.kind in "iu" and dtype.itemsize <= 4 else "int32")
    return int(limits.min), int(limits.max)
