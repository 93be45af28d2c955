"""What ops of one input and one output share; the 8-bit ones are tables of 256 stored outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec, affine_of
from tfq.tflite.model import Tensor

TYPES = {LITERT: ("INT8", "UINT8"), XNNPACK: ("INT8", "UINT8"), TFLM: ("INT8",)}


@dataclass(frozen=True, eq=False)
class Params:
    """outputs: [256], the stored output for each byte of the input read as unsigned."""

    outputs: np.ndarray


def ends(node: Node, spec: Spec) -> tuple[Tensor, Tensor]:
    """The input and the output. Raises Unsupported unless the input has one of the spec's types."""
    node.require_types(spec)
    return cast(Tensor, node.inputs[0]), node.outputs[0]


def grid(node: Node, tensor: Tensor) -> Affine:
    """The tensor's affine map. Raises Unsupported unless it has exactly one scale."""
    found = affine_of(node, tensor)
    if np.ndim(found.scale) != 0:
        raise node.unsupported(f"tensor {tensor.name!r} must have one scale, received {np.size(found.scale)}")
    return found


def stacks(node: Node) -> bool:
    """For elementwise ops: samples stacked along axis 0 stay apart."""
    x, y = node.inputs[0], node.outputs[0]
    return x is not None and x.data is None and len(y.shape) > 0


def grids(node: Node, spec: Spec, profile: Profile) -> tuple[Affine, Affine]:
    """The affine maps of input and output. Raises Unsupported for types that the profile's kernel refuses."""
    x, y = ends(node, spec)
    if x.type not in TYPES[profile] or y.type != x.type:
        raise node.unsupported(
            f"{profile.name} takes {' or '.join(TYPES[profile])} in and out alike, received {x.type} and {y.type}"
        )
    return grid(node, x), grid(node, y)


def params(node: Node, profile: Profile, table: Callable[..., Any], inp: Affine, out: Affine) -> Params:
    """The table `table(xp, profile, inp, out)` gives, in the order of the input's bytes."""
    with np.errstate(over="ignore"):
        outputs = np.asarray(table(arrays, profile, inp, out)).astype(node.outputs[0].dtype)
    return Params(np.roll(outputs, inp.qmin))


def evaluate(params: Params, x: np.ndarray) -> np.ndarray:
    """x: int8 or uint8, any shape -> the same."""
    return np.take(params.outputs, x.view(np.uint8))
