"""The three profiles: what each real runtime computes, as values that hold functions. No op tests a profile's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.numerics import rescale
from tfq.numerics.fixed_point import round_half_away
from tfq.numerics.rescale import Rescale

INT16_MAX = 2**15 - 1
_ACTIVATION_BOUNDS = {"NONE": (None, None), "RELU": (0.0, None), "RELU_N1_TO_1": (-1.0, 1.0), "RELU6": (0.0, 6.0)}


@dataclass(frozen=True)
class Profile:
    """One runtime's arithmetic.

    conv: int8 CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV. fully_connected: int8. product: MUL.
    conv_16, fully_connected_16: int16 with int8 weights, an int64 bias and 64-bit accumulators.
    ratio: real multiplier of a one-operand rescale (RELU, QUANTIZE ...), (xp, input_scale, output_scale) -> float64.
    round_bound: rounding of the fused activation's bounds. resizes: shapes may be others than the file's.
    assumes_zero_points: a tensor with scales and without zero points has zero points of 0; else it has no scales.
    Arithmetic that only one op has is in that op's file, in a table by profile.
    """

    name: str
    conv: Rescale
    fully_connected: Rescale
    conv_16: Rescale
    fully_connected_16: Rescale
    product: Rescale
    ratio: Callable[..., Any]
    round_bound: Callable[..., Any]
    resizes: bool = True
    # False: tensorflow/tflite-micro micro_allocator.cc InitializeTfLiteTensorFromFlatbuffer
    assumes_zero_points: bool = True


def _ratio_float32(xp, input_scale, output_scale):
    return xp.cast(xp.cast(input_scale, "float32") / xp.cast(output_scale, "float32"), "float64")


def _ratio_float64(xp, input_scale, output_scale):
    return xp.cast(input_scale, "float64") / xp.cast(output_scale, "float64")


def _half_to_even(xp, x):
    return xp.round(x)


LITERT = Profile(
    "litert",
    rescale.TWO_ROUNDINGS,
    rescale.FLOAT64_AWAY,
    rescale.FIFTEEN_BITS,
    rescale.FLOAT64_AWAY,
    rescale.TWO_ROUNDINGS_SINGLE_RATIO,
    _ratio_float32,
    round_half_away,
)
XNNPACK = Profile(
    "xnnpack",
    rescale.FLOAT32,
    rescale.FLOAT32,
    rescale.FIFTEEN_BITS,
    rescale.FLOAT64_AWAY,
    rescale.FLOAT32,
    _ratio_float32,
    _half_to_even,
)
TFLM = Profile(
    "tflm",
    rescale.TWO_ROUNDINGS,
    rescale.TWO_ROUNDINGS,
    rescale.FIFTEEN_BITS,
    rescale.FIFTEEN_BITS,
    rescale.TWO_ROUNDINGS,
    _ratio_float64,
    round_half_away,
    resizes=False,
    assumes_zero_points=False,
)
# Whose kernels compute what XNNPACK leaves to LiteRT.
BUILT_IN = {LITERT: LITERT, XNNPACK: LITERT, TFLM: TFLM}
PROFILES = {profile.name: profile for profile in (LITERT, XNNPACK, TFLM)}


def profile_named(name: str) -> Profile:
    """The profile with that name. Raises TfqError for any other."""
    if name not in PROFILES:
        raise TfqError(f"numerics must be one of {', '.join(PROFILES)}, received {name!r}")
    return PROFILES[name]


def kernel_of(profile: Profile, *grids) -> Profile:
    """Whose kernel computes stored integers of these grids: XNNPACK leaves 16 bits to LiteRT."""
    return BUILT_IN[profile] if any(grid.qmax >= INT16_MAX for grid in grids) else profile


def activation_bounds(xp, profile: Profile, activation: str, grid) -> tuple[Any, Any]:
    """(lowest, highest) stored integer that the fused activation lets through on the output's grid.

    TANH and SIGN_BIT are ignored, as the kernels do. Source: LiteRT tflite/kernels/kernel_util.cc
    CalculateActivationRangeQuantized; google/XNNPACK output_min and output_max.
    """
    round_bound = kernel_of(profile, grid).round_bound
    low, high = _ACTIVATION_BOUNDS.get(activation, (None, None))
    bounds = []
    for bound, end in ((low, grid.qmin), (high, grid.qmax)):
        if bound is None:
            bounds.append(np.float32(end))
            continue
        steps = round_bound(xp, np.float32(bound) / grid.scale) + grid.zero_point
        bounds.append(xp.clip(steps, grid.qmin, grid.qmax))
    return bounds[0], bounds[1]


def requantize(xp, scheme: Rescale, acc, constants, zero_point, bounds):
    """Stored integers (whole numbers, in float32 or int64) of an accumulator."""
    q = scheme.apply(xp, acc, constants)
    return xp.clip(q + xp.cast(zero_point, _dtype_name(q)), *(xp.cast(b, _dtype_name(q)) for b in bounds))


def _dtype_name(x) -> str:
    return np.dtype(getattr(x.dtype, "name", x.dtype)).name
