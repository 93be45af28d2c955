"""HARD_SWISH: y = x * relu6(x + 3) / 6, as a table of 256 codes; all three runtimes run the same 16-bit kernel.

x is held as 128 * (q - zero). One factor of it is brought to the output's scale; the other to 3 / 32768, where adding
32768 and halving is relu6(x + 3) / 6.

Refused: an output scale below 1/128 of the input's (LiteRT refuses: activations.cc HardSwishPrepare, exponent <= 0) or
beyond 512 times it, and input scales far from 3/256: there the kernel shifts 16-bit numbers by 16 bits and more, which
C++ and gemmlowp's RoundingDivideByPOT do not define (hard_swish.h HardSwish).

float32: x * min(max(x + 3, 0), 6) / 6 in litert and tflm; x * min(max(x / 6 + 1 / 2, 0), 1) in xnnpack, with a fused
multiply-add (float-close on processors without one).
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.affine import Affine, divide
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "Params", "evaluate", "prepare", "stacks", "table"]

SPEC = Spec(
    "HARD_SWISH",
    ("INT8", "UINT8", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/hard_swish.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/hard_swish_common.cc",
)

_FINER = 128
# What keeps the kernel's shifts of 16-bit numbers below 16, where they are defined.
INPUT_SCALES = (2.0**-16 * 3 / 256, 2.0**15 * 3 / 256)
_POWERS = 2 ** np.arange(31)


def table(xp, profile: Profile, inp: Affine, out: Affine):
    """The 256 stored outputs for codes qmin..qmax, whole numbers; in int32 throughout."""
    finer = inp.scale * np.float32(1 / _FINER)
    multiplier, exponent = _multiplier_16(xp, divide(xp, finer, out.scale))
    gate_multiplier, gate_exponent = _multiplier_16(xp, divide(xp, finer, np.float32(3 / 32768)))
    x = (xp.arange(inp.qmin, inp.qmax + 1, dtype="int32") - xp.cast(inp.zero_point, "int32")) * _FINER
    gate = _saturate_16(xp, x * _power(xp, gate_exponent - 1))
    gate = _high_mul_16(xp, gate, gate_multiplier)
    gate = _saturate_16(xp, xp.where(gate_exponent > 0, gate * 2, _divide_by_power(xp, gate, -gate_exponent)))
    product = (gate + 32768) // 2 * _high_mul_16(xp, x, multiplier)
    product = xp.sign(product) * (xp.abs(product) // 2**15)
    y = _divide_by_power(xp, product, -exponent) + xp.cast(out.zero_point, "int32")
    return xp.clip(y, out.qmin, out.qmax)


def real(x: np.ndarray) -> np.ndarray:
    """float32, in the reference kernel's order."""
    return x * np.clip(x + np.float32(3), np.float32(0), np.float32(6)) / np.float32(6)


def real_by_sixths(x: np.ndarray) -> np.ndarray:
    """float32 as XNNPACK computes it: x / 6 + 1 / 2 is one fused multiply-add."""
    gate = x.astype(np.float64) * np.float64(np.float32(1 / 6)) + 0.5
    return np.clip(gate.astype(np.float32), np.float32(0), np.float32(1)) * x


REAL: unary.Functions = {LITERT: real, XNNPACK: real_by_sixths, TFLM: real}


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for types without a kernel and for scales that do not fit the 16-bit arithmetic."""
    x, y = unary.alike(node, SPEC, profile, unary.NUMBERS)
    if x.type == "FLOAT32":
        return Direct(REAL[profile])
    inp, out = unary.grid(node, x), unary.grid(node, y)
    low, high = INPUT_SCALES
    if not (low <= inp.scale < high and 1 / 512 <= inp.scale / out.scale < _FINER):
        raise node.unsupported(
            f"input scale must be in [{low:.3g}, {high:g}), and in [1/512, {_FINER}) of the output scale; "
            f"received {inp.scale} and {out.scale}"
        )
    return unary.params(node, profile, table, inp, out)


def _multiplier_16(xp, real):
    """(multiplier, exponent) with real ~ multiplier * 2**(exponent - 15), int32, of a positive float32."""
    fraction, exponent = xp.frexp(real)
    bits = xp.cast(fraction * np.float32(2**24), "int32")
    return xp.minimum((bits + 256) // 512, 32767), xp.cast(exponent, "int32")


def _power(xp, exponent):
    """2**exponent, for exponents taken to 0..15: beyond, 16 bits are saturated anyway."""
    return xp.take(xp.asarray(_POWERS, "int32"), xp.clip(exponent, 0, 15))


def _saturate_16(xp, x):
    return xp.clip(x, -32768, 32767)


def _high_mul_16(xp, a, b):
    """a * b / 2**15 of 16-bit numbers, halves away from zero but for -1/2 toward it. gemmlowp's 16-bit SRDHM."""
    ab = a * b
    return xp.where(ab >= 0, (ab + 2**14) // 2**15, -((2**14 - 1 - ab) // 2**15))


def _divide_by_power(xp, x, exponent):
    """x / 2**exponent of a 16-bit number, halves away from zero; x itself for exponents up to 0."""
    powers = xp.asarray(_POWERS, "int32")
    half = xp.take(powers, xp.clip(exponent - 1, 0, 29))
    magnitude = (xp.abs(x) + half) // xp.take(powers, xp.clip(exponent, 0, 30))
    return xp.where(exponent > 0, xp.sign(x) * magnitude, x)
