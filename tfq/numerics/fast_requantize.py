"""From accumulators to stored integers, for the interpreter: `profiles.requantize` with the bias and int32's wrap.

`prepare` takes the constants of one layer once; calling the result gives the stored integers of an accumulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics import arrays, fixed_point
from tfq.numerics.profiles import requantize
from tfq.numerics.rescale import Rescale


@dataclass(frozen=True, eq=False)
class Requantize:
    """acc [..., channels] -> stored integers, by the plain definition.

    bias: int64 [channels] or scalar, added first. wraps: the sum can leave int32 and then wraps, as in the kernels.
    """

    scheme: Rescale
    constants: Any
    zero_point: Any
    bounds: tuple[Any, Any]
    bias: np.ndarray
    wraps: bool
    dtype: np.dtype

    def __call__(self, acc: np.ndarray) -> np.ndarray:
        """acc: whole numbers in any type. Returns an array of `dtype`."""
        acc = acc.astype(np.int64) + self.bias
        if self.wraps:
            acc = fixed_point.wrap32(arrays, acc)
        return requantize(arrays, self.scheme, acc, self.constants, self.zero_point, self.bounds).astype(self.dtype)


def prepare(scheme: Rescale, constants: Any, zero_point: Any, bounds: tuple[Any, Any], bias, bound: int, dtype):
    """The requantization of a layer.

    Args: bound: no accumulator is larger in magnitude, bias not counted. dtype: of the stored integers.
    """
    bias = np.asarray(bias, np.int64)
    wraps = bound + int(np.abs(bias).max(initial=0)) >= 2**31
    return Requantize(scheme, constants, zero_point, bounds, bias, wraps, np.dtype(dtype))
