"""What ops of one input and one output share: integers go through a table of all codes, floats through a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from tfq.errors import TfqError
from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec, affine_of
from tfq.tflite.model import Tensor

Types = Mapping[Profile, tuple[str, ...]]
Functions = Mapping[Profile, Callable[[np.ndarray], np.ndarray]]

# What most kernels take: 8 bits, and with float32.
TYPES: Types = {LITERT: ("INT8", "UINT8"), XNNPACK: ("INT8", "UINT8"), TFLM: ("INT8",)}
NUMBERS: Types = {profile: (*types, "FLOAT32") for profile, types in TYPES.items()}
FLOAT: Types = dict.fromkeys(TYPES, ("FLOAT32",))


@dataclass(frozen=True, eq=False)
class Params:
    """outputs: [256] or [65536], the stored output for each code of the input read as unsigned."""

    outputs: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The outputs of stored integers x."""
        return np.take(self.outputs, x.view(f"u{x.itemsize}"))


@dataclass(frozen=True, eq=False)
class Direct:
    """function: the whole op, array -> array of the same shape. It may overflow to infinity."""

    function: Callable[[np.ndarray], np.ndarray]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The outputs of x."""
        with np.errstate(all="ignore"):
            return self.function(x)


@dataclass(frozen=True, eq=False)
class Guarded:
    """A table whose kernel fails on codes below `lowest`. name: the op, for errors."""

    table: Params
    lowest: int
    name: str

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The outputs of stored integers x. Raises TfqError where the real kernel fails."""
        if x.size and x.min() < self.lowest:
            raise TfqError(f"{self.name}: expected stored inputs from {self.lowest} on, received {x.min()}")
        return self.table(x)


def ends(node: Node, spec: Spec) -> tuple[Tensor, Tensor]:
    """The input and the output. Raises Unsupported unless the input has one of the spec's types."""
    node.require_types(spec)
    if len(node.outputs) != 1:
        raise node.unsupported(f"it must have one output, received {len(node.outputs)}")
    return cast(Tensor, node.inputs[0]), node.outputs[0]


def alike(node: Node, spec: Spec, profile: Profile, types: Types = TYPES) -> tuple[Tensor, Tensor]:
    """The input and the output. Raises Unsupported unless both have one type that the profile's kernel takes."""
    x, y = ends(node, spec)
    taken = types[profile]
    if not taken:
        raise node.unsupported(f"{profile.name} has no kernel for it")
    if x.type not in taken or y.type != x.type:
        raise node.unsupported(
            f"{profile.name} takes {' or '.join(taken)} in and out alike, received {x.type} and {y.type}"
        )
    return x, y


def grid(node: Node, tensor: Tensor) -> Affine:
    """The tensor's affine map. Raises Unsupported unless it has exactly one scale."""
    found = affine_of(node, tensor)
    if np.ndim(found.scale) != 0:
        raise node.unsupported(f"tensor {tensor.name!r} must have one scale, received {np.size(found.scale)}")
    return found


def grids(node: Node, spec: Spec, profile: Profile, types: Types = TYPES) -> tuple[Affine, Affine]:
    """The affine maps of input and output. Raises Unsupported for types that the profile's kernel refuses."""
    x, y = alike(node, spec, profile, types)
    return grid(node, x), grid(node, y)


def centred_grids(node: Node, x: Tensor, y: Tensor) -> tuple[Affine, Affine]:
    """The affine maps of input and output. Raises Unsupported for int16 with a zero point other than 0."""
    inp, out = grid(node, x), grid(node, y)
    if x.type == "INT16" and (inp.zero_point != 0 or out.zero_point != 0):
        points = f"{inp.zero_point:g} and {out.zero_point:g}"
        raise node.unsupported(f"INT16 needs zero points of 0 for input and output, received {points}")
    return inp, out


def any_grids(node: Node, x: Tensor, y: Tensor) -> tuple[Affine, Affine]:
    """The affine maps of input and output."""
    return grid(node, x), grid(node, y)


def stacks(node: Node) -> bool:
    """For elementwise ops: samples stacked along axis 0 stay apart."""
    x, y = node.inputs[0], node.outputs[0]
    return x is not None and x.data is None and len(y.shape) > 0


def params(node: Node, profile: Profile, table: Callable[..., Any], inp: Affine, out: Affine) -> Params:
    """The table `table(xp, profile, inp, out)` gives, in the order of the input's codes read as unsigned."""
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = np.asarray(table(arrays, profile, inp, out)).astype(node.outputs[0].dtype)
    return Params(np.roll(outputs, inp.qmin))


def look_up(xp, table, inp: Affine, q):
    """The entries of a table of outputs, lowest code first, for stored inputs q."""
    return xp.take(table, xp.cast(q, "int32") - inp.qmin)


def codes(xp, inp: Affine, dtype: str = "int64"):
    """All of a grid's codes, lowest first."""
    return xp.arange(inp.qmin, inp.qmax + 1, dtype=dtype)


def guarded(node: Node, table: Params, inp: Affine) -> Guarded:
    """The table, for inputs from the zero point on."""
    return Guarded(table, int(inp.zero_point), f"op {node.index} {node.operator.code} {node.outputs[0].name!r}")


def evaluate(params: Params | Direct | Guarded, x: np.ndarray) -> np.ndarray:
    """x: any shape -> the same shape and type."""
    return params(x)
