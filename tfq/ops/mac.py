"""What the multiply-accumulate ops share: constant operands, bias with the zero points folded in, requantization."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.errors import TfqError
from tfq.numerics import accumulate, arrays, fast_requantize
from tfq.numerics.affine import Affine
from tfq.numerics.fast_requantize import Requantize
from tfq.numerics.geometry import Window, window_of
from tfq.numerics.profiles import Profile, activation_bounds
from tfq.numerics.rescale import Rescale
from tfq.ops.contract import Node, Spec, affine_of

__all__ = ["Operands", "Requantize", "finish", "operands", "requantization", "window"]


@dataclass(frozen=True, eq=False)
class Operands:
    """image: stored shape of the input. w: constant weights. bias: int64. border: the stored value of padding."""

    image: tuple[int, ...]
    x: Affine
    weights: Affine
    y: Affine
    w: np.ndarray
    bias: np.ndarray
    border: int


def operands(node: Node, spec: Spec, weight_rank: int) -> Operands:
    """Input, weights, bias and output of the op. Raises Unsupported for what has no integer kernel."""
    node.require_types(spec)
    x, w, bias, y = node.input(0), node.input(1), node.input(2), node.outputs[0]
    if x is None or w is None or w.data is None or (bias is not None and bias.data is None):
        raise node.unsupported("weights and bias must be constant")
    if w.data.ndim != weight_rank or w.type not in ("INT8", "INT4"):
        raise node.unsupported(f"weights must be INT8 of rank {weight_rank}, received {w.type} of shape {w.shape}")
    if weight_rank == 4 and len(x.shape) != 4:
        raise node.unsupported(f"input must be [N, H, W, C], received shape {x.shape}")
    x_grid, w_grid, y_grid = (affine_of(node, t) for t in (x, w, y))
    if weight_rank == 4 and np.any(w_grid.zero_point != 0):
        raise node.unsupported("int8 weights must have zero point 0")
    values = np.zeros(1, np.int64) if bias is None else np.asarray(bias.data, np.int64).reshape(-1)
    return Operands(x.shape, x_grid, w_grid, y_grid, w.data, values, int(x_grid.zero_point))


def window(node: Node, given: Operands) -> Window:
    """The op's window, for weights. Raises Unsupported where it does not fit the stored image."""
    try:
        found = window_of(node.options, given.w.shape[1:3])
        found.output_size(*given.image[1:3])
        return found
    except TfqError as error:
        raise node.unsupported(str(error)) from None


def requantization(
    node: Node, profile: Profile, scheme: Rescale, given: Operands, weights: accumulate.Weights
) -> Requantize:
    """Bias, rescale, zero point and clamp of the op, ready for accumulators of stored codes."""
    if given.bias.size not in (1, weights.sums.size) or given.weights.scale.size not in (1, weights.sums.size):
        raise node.unsupported(
            f"expected one bias and one scale per output channel ({weights.sums.size}) or a single one, "
            f"received {given.bias.size} and {given.weights.scale.size}"
        )
    return fast_requantize.prepare(
        scheme,
        scheme.constants(arrays, given.x.scale, given.weights.scale, given.y.scale),
        given.y.zero_point,
        clamp=activation_bounds(arrays, profile, node.options["fused_activation_function"], given.y),
        bias=given.bias - given.border * weights.sums,
        bounds=weights.bounds,
    )


def finish(blocks: accumulate.Blocks, requantize: Requantize, shape: tuple[int, ...]) -> np.ndarray:
    """The stored integers, int8 of `shape`, of an output that comes in blocks of rows [..., shape[-1]]."""
    out = np.empty(shape, np.int8)
    rows = out.reshape(-1, shape[-1])
    for first, acc in blocks:
        requantize(acc, rows[first : first + len(acc)])
    return out
