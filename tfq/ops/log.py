"""LOG: integers through LiteRT's tables; what is not positive becomes the lowest code.

xnnpack leaves integers to the same kernel; TFLite Micro takes float32 only. float32 is float-close: the logarithm is
taken in float64 and rounded once, where the runtimes call logf or, in XNNPACK, a polynomial.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from tfq.numerics import libm, lookup_16, tables
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "LOG",
    ("INT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/elementwise.cc LogLUTPrepare; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/elementwise.cc",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("FLOAT32",)}


def log_or(lowest: np.float32, x: np.ndarray) -> np.ndarray:
    """float32 log(x), `lowest` where x is not positive."""
    return np.where(x > 0, libm.log(np.where(x > 0, x, np.float32(1))), lowest)


def table(xp, profile: Profile, inp: Affine, out: Affine):
    """The 256 stored outputs."""
    return tables.half_away_table(xp, lambda xp, x: log_or(_lowest(out), x), inp, out)


def table_16(xp, profile: Profile, inp: Affine, out: Affine):
    """The 65,536 stored outputs."""
    return lookup_16.look_up(xp, lookup_16.samples(partial(log_or, _lowest(out)), inp, out), lookup_16.codes())


def real(x: np.ndarray) -> np.ndarray:
    """float32; NaN below 0."""
    return np.log(x.astype(np.float64)).astype(np.float32)


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for types that the profile's kernel refuses."""
    x, y = unary.alike(node, SPEC, profile, TYPES)
    if x.type == "FLOAT32":
        return Direct(real)
    return unary.params(node, profile, TABLES[x.type], *unary.centred_grids(node, x, y))


def _lowest(out: Affine) -> np.float32:
    """The real that the lowest code stands for."""
    return np.float32(out.qmin - out.zero_point) * np.float32(out.scale)


TABLES = {"INT8": table, "INT16": table_16}
