"""LOCAL_RESPONSE_NORMALIZATION of float32: y = x * (bias + alpha * sum of squares)**-beta over nearby channels.

Channel c sums channels c - radius to c + radius: the reference leaves the last one, c + radius, out; LiteRT's optimized
kernel, hence xnnpack, has it. TFLite Micro has none. Float-close: the power is taken in float64 and rounded once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec, rows_apart

SPEC = Spec(
    "LOCAL_RESPONSE_NORMALIZATION",
    ("FLOAT32",),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/reference_ops.h and optimized/optimized_ops.h "
    "LocalResponseNormalization",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ()}

stacks = rows_apart


def fresh_sums(x: np.ndarray, radius: int, bias: np.float32, alpha: np.float32) -> np.ndarray:
    """The reference's bases: each sum from c - radius to c + radius - 1 in order, then times alpha, plus bias."""
    depth = x.shape[-1]
    squares = np.zeros((*x.shape[:-1], depth + 2 * radius), np.float32)
    squares[..., radius : radius + depth] = x * x
    total = np.zeros(x.shape, np.float32)
    for first in range(2 * radius):
        total += squares[..., first : first + depth]
    return bias + alpha * total


def running_sum(x: np.ndarray, radius: int, bias: np.float32, alpha: np.float32) -> np.ndarray:
    """The optimized kernel's bases: one sum of alpha * x**2 that gains channel c + radius and loses c - radius."""
    depth = x.shape[-1]
    squares = np.zeros((*x.shape[:-1], depth + 2 * radius), np.float32)
    squares[..., radius : radius + depth] = x * x * alpha
    total = np.zeros(x.shape[:-1], np.float32)
    for i in range(2 * radius):
        total += squares[..., i]
    bases = np.empty(x.shape, np.float32)
    for i in range(depth):
        total += squares[..., i + 2 * radius]
        bases[..., i] = bias + total
        total -= squares[..., i]
    return bases


BASES: dict[Profile, Callable[..., np.ndarray]] = {LITERT: fresh_sums, XNNPACK: running_sum}


@dataclass(frozen=True)
class Params:
    """bases(x, radius, bias, alpha): float32 of x's shape."""

    bases: Callable[..., np.ndarray]
    radius: int
    bias: np.float32
    alpha: np.float32
    beta: np.float32

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x: float32 [N, H, W, C] -> the same."""
        with np.errstate(all="ignore"):
            bases = self.bases(x, min(self.radius, x.shape[-1]), self.bias, self.alpha)
            return x * np.power(bases.astype(np.float64), -np.float64(self.beta)).astype(np.float32)


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the op. Raises Unsupported for types, ranks other than 4 and a negative radius."""
    x, _ = unary.alike(node, SPEC, profile, TYPES)
    radius = int(node.options["radius"])
    if len(x.shape) != 4 or radius < 0:
        raise node.unsupported(
            f"the input must be [N, H, W, C] and the radius 0 or more, received {list(x.shape)} and {radius}"
        )
    bias, alpha, beta = (np.float32(node.options[name]) for name in ("bias", "alpha", "beta"))
    return Params(BASES[profile], radius, bias, alpha, beta)


def evaluate(params: Params, x: np.ndarray) -> np.ndarray:
    """x: float32 [N, H, W, C] -> the same."""
    return params(x)
