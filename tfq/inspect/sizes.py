"""Multiply-accumulates of ops and bytes of tensors, from shapes alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from tfq.tflite.model import NUMPY_TYPES, Operator, Subgraph, Tensor

Shape = tuple[int, ...]


def _conv(shapes: Sequence[Shape], y: Shape) -> int:
    return prod(y) * prod(shapes[1][1:])  # weights [O, KH, KW, I / groups]


def _depthwise(shapes: Sequence[Shape], y: Shape) -> int:
    return prod(y) * prod(shapes[1][1:3])  # weights [1, KH, KW, O]


def _transpose_conv(shapes: Sequence[Shape], y: Shape) -> int:
    return prod(shapes[2]) * prod(shapes[1][:3])  # inputs: output shape, weights [O, KH, KW, I], x


def _conv_3d(shapes: Sequence[Shape], y: Shape) -> int:
    return prod(y) * prod(shapes[1][:4])  # weights [KD, KH, KW, I, O]


def _matrices(shapes: Sequence[Shape], y: Shape) -> int:
    """Every 2-D operand behind the first is multiplied once for each vector of the first."""
    return prod(shapes[0][:-1]) * sum(prod(s) for s in shapes[1:] if len(s) == 2)


def _fully_connected(shapes: Sequence[Shape], y: Shape) -> int:
    columns = shapes[1][-1] if shapes[1] else 0
    return prod(shapes[0]) // columns * prod(shapes[1]) if columns else 0


def _batch_matmul(shapes: Sequence[Shape], y: Shape) -> int:
    rows = y[-2] if len(y) > 1 else 1
    return prod(y) * (prod(shapes[0][-2:]) // rows) if rows else 0


MACS: dict[str, Callable[[Sequence[Shape], Shape], int]] = {
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transpose_conv,
    "CONV_3D": _conv_3d,
    "FULLY_CONNECTED": _fully_connected,
    "BATCH_MATMUL": _batch_matmul,
    "SVDF": _matrices,
    "LSTM": _matrices,
    "RNN": _matrices,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _matrices,
    "UNIDIRECTIONAL_SEQUENCE_RNN": _matrices,
}


def macs(operator: Operator, tensors: Sequence[Tensor]) -> int:
    """Multiply-accumulates of one op at the stored shapes; 0 for ops that are not sums of products."""
    shapes = [tensors[i].shape if i >= 0 else () for i in operator.inputs]
    wanted = 3 if operator.code == "TRANSPOSE_CONV" else 2
    if operator.code not in MACS or len(shapes) < wanted or not operator.outputs:
        return 0
    return MACS[operator.code](shapes, tensors[operator.outputs[0]].shape)


def tensor_bytes(tensor: Tensor) -> int:
    """Bytes of the tensor's values; 4-bit types are packed two to a byte. 0 for strings and resources."""
    if tensor.type not in NUMPY_TYPES or any(d < 0 for d in tensor.shape):
        return 0
    bits = {"INT4": 4, "UINT4": 4, "INT2": 2}.get(tensor.type, tensor.dtype.itemsize * 8)
    return (prod(tensor.shape) * bits + 7) // 8


def weight_bytes(subgraph: Subgraph) -> int:
    """Bytes of all constants of a subgraph."""
    return sum(tensor_bytes(t) for t in subgraph.tensors if t.data is not None)


def activation_peak(subgraph: Subgraph) -> int:
    """Most bytes of activations alive at one op: no arena can be smaller, a good one is little larger.

    A tensor lives from the op that makes it to the last that reads it; inputs from the start, outputs to the end,
    variables always.
    """
    first, last = _lifetimes(subgraph)
    change = [0] * (len(subgraph.operators) + 2)
    for index, start in first.items():
        size = tensor_bytes(subgraph.tensors[index])
        change[start] += size
        change[last[index] + 1] -= size
    alive = peak = 0
    for step in change:
        alive += step
        peak = max(peak, alive)
    return peak


def _lifetimes(subgraph: Subgraph) -> tuple[dict[int, int], dict[int, int]]:
    """First and last op index at which each tensor without data is alive."""
    tensors, end = subgraph.tensors, len(subgraph.operators)
    always = [i for i, t in enumerate(tensors) if t.is_variable]
    first: dict[int, int] = {i: 0 for i in (*subgraph.inputs, *always) if i >= 0}
    last = dict(first)
    for step, op in enumerate(subgraph.operators):
        for i in (*op.inputs, *op.outputs):
            if i >= 0 and tensors[i].data is None:
                first.setdefault(i, step)
                last[i] = step
    last |= {i: end for i in (*subgraph.outputs, *always) if i in first}
    return first, last
