"""EXP: integers through LiteRT's tables (numerics.tables, numerics.lookup_16); xnnpack leaves them to the same kernel.

TFLite Micro takes float32 only. float32 is float-close: the exponential is taken in float64 and rounded once, where the
runtimes call expf or, in XNNPACK, a polynomial.
"""

from __future__ import annotations

from functools import partial

from tfq.numerics import arrays, libm, lookup_16, tables
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks", "table"]

SPEC = Spec(
    "EXP",
    ("INT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/exp.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/exp.cc",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("FLOAT32",)}


def table(xp, profile: Profile, inp: Affine, out: Affine):
    """The 256 stored outputs for codes qmin..qmax, whole numbers."""
    return tables.half_away_table(xp, tables.exp, inp, out)


def table_16(xp, profile: Profile, inp: Affine, out: Affine):
    """The 65,536 stored outputs."""
    return lookup_16.look_up(xp, lookup_16.samples(libm.exp, inp, out), lookup_16.codes())


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for types that the profile's kernel refuses."""
    x, y = unary.alike(node, SPEC, profile, TYPES)
    if x.type == "FLOAT32":
        return Direct(partial(tables.exp, arrays))
    return unary.params(node, profile, TABLES[x.type], *unary.centred_grids(node, x, y))


TABLES = {"INT8": table, "INT16": table_16}
