"""Arithmetic on numbers without a scale: float32 and integers, and the fused activation's bounds on them.

Each operation is the processor's own: float32 rounded to nearest even, integers modulo 2**bits. The built-in kernels
clamp to the type's finite range even without an activation, so that an infinite float32 result comes out as the largest
finite number; XNNPACK clamps to what the activation says and lets infinities through.

Source: google-ai-edge/LiteRT tflite/kernels/kernel_util.h CalculateActivationRange;
tflite/delegates/xnnpack/xnnpack_delegate.cc ConvertActivationToOutputRange.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.binary import Params, direct
from tfq.ops.checks import given, xnnpack_takes
from tfq.ops.contract import Node

Function = Callable[[Any, Any], Any]

_BOUNDS = {"RELU": (0, None), "RELU_N1_TO_1": (-1, 1), "RELU6": (0, 6)}


_NUMBERS = ("FLOAT32", "INT32", "INT64", "UINT32")


def is_number(node: Node) -> bool:
    """Whether the operands are of a type whose scale, if there is one, no kernel reads."""
    return given(node).type in _NUMBERS


def is_unscaled_int16(node: Node) -> bool:
    """Whether the operands are int16 numbers and no tensor has a scale."""
    tensors = (*node.inputs, *node.outputs)
    return given(node).type == "INT16" and all(t is None or t.quantization is None for t in tensors)


def _finite(node: Node) -> float | None:
    return float(np.finfo(np.float32).max)


def _finite_unless_delegated(node: Node) -> float | None:
    return None if xnnpack_takes(node) else _finite(node)


# The bound on float32 results without an activation: node -> the largest magnitude, None for infinity.
LARGEST = {LITERT: _finite, XNNPACK: _finite_unless_delegated, TFLM: _finite}


def bounds(node: Node, profile: Profile) -> tuple[Any, Any]:
    """(lowest, highest) number that the fused activation lets through; None where there is no bound."""
    low: Any
    high: Any
    low, high = _BOUNDS.get(node.options.get("fused_activation_function", "NONE"), (None, None))
    if node.outputs[0].type != "FLOAT32":
        return low, high
    largest = LARGEST[profile](node)
    if largest is not None:
        low = -largest if low is None else low
        high = largest if high is None else high
    return low, high


def clamp(x: np.ndarray, low: Any, high: Any) -> np.ndarray:
    """x within [low, high], None for no bound; NaN stays NaN."""
    return x if low is None and high is None else np.clip(x, low, high)


def clamped(function: Function, low: Any, high: Any, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """function(a, b) within the bounds; overflows and 0 / 0 give what IEEE 754 says, silently."""
    with np.errstate(all="ignore"):
        return clamp(function(a, b), low, high)


def plain(node: Node, profile: Profile, function: Function) -> Params:
    """Params of function(a, b) and the fused activation."""
    return direct(node, partial(clamped, function, *bounds(node, profile)))


def require_unscaled(node: Node, *tensors: Any) -> None:
    """Raises Unsupported for scales, as TFLite Micro's int32 kernels do."""
    scaled = [tensor.name for tensor in tensors if tensor is not None and tensor.quantization is not None]
    if scaled:
        raise node.unsupported(f"INT32 tensors must have no scale, received one for {', '.join(scaled)}")
