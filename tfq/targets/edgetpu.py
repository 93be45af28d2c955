"""Coral's Edge TPU: the documented list of its compiler, which is no Python package and has no open source.

The compiler maps ops from the start of the graph to the first that it does not take; that one and all behind it run on
the CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from tfq.ops.contract import Node
from tfq.targets.verdict import Finding, Limit, Verdict, by_list, finding, nodes
from tfq.tflite.model import Model

# Checked against copies of that page, as far as they go; for the rest the compiler has the last word.
SOURCE = "after coral.ai/docs/edgetpu/models-intro; edgetpu_compiler itself decides"


def ask(model: Model, data: bytes) -> Verdict:
    """The ops that the list or its limits leave out, and what follows from the first of them."""
    refused = by_list(model, OPS, GENERAL)
    remarks = [finding(node, SIZES[node.operator.code]) for node in nodes(model) if node.operator.code in SIZES]
    if refused:
        behind = len(model.main.operators) - refused[0].op - 1
        words = f"{behind} ops stand" if behind != 1 else "1 op stands"
        reason = f"the first that it does not take: {words} behind it and run on the CPU too"
        remarks.insert(0, Finding(refused[0].op, refused[0].code, refused[0].tensor, reason))
    return Verdict("edgetpu", SOURCE, tuple(refused), tuple(remarks))


def _option(name: str, value: object) -> Callable[[Node], bool]:
    return lambda node: node.options.get(name, value) != value


def _wide(node: Node) -> bool:
    computed = [t for t in (*node.inputs, *node.outputs) if t is not None and t.data is None]
    return any(t.type not in ("INT8", "UINT8") for t in computed)


def _deep(node: Node) -> bool:
    computed = [t for t in (*node.inputs, *node.outputs) if t is not None and t.data is None]
    return any(prod(t.shape[:-3]) > 1 for t in computed)


def _values(node: Node, position: int) -> list[int]:
    tensor = node.input(position)
    return [] if tensor is None or tensor.data is None else [int(value) for value in tensor.data.reshape(-1)]


def _rank(node: Node) -> int:
    return len(node.inputs[0].shape) if node.inputs[0] is not None else 0


def _axes(node: Node) -> set[int]:
    return {axis % max(_rank(node), 1) for axis in _values(node, 1)}


def _odd_depth(node: Node) -> bool:
    x = node.inputs[0]
    return x is not None and _rank(node) - 1 in _axes(node) and x.shape[-1] % 4 != 0


def _dilations(node: Node) -> bool:
    return node.options.get("dilation_h_factor", 1) != node.options.get("dilation_w_factor", 1)


def _rows(node: Node) -> bool:
    shape = node.outputs[0].shape
    return prod(shape[:-1]) > 1


def _by_channel(node: Node) -> bool:
    alpha = node.input(1)
    return alpha is None or prod(alpha.shape[:-1]) <= 1


def _constant_operand(node: Node) -> bool:
    constants = [t for t in node.inputs if t is not None and t.data is not None]
    return any(len(node.inputs) != 2 or t.data.any() for t in constants if t.data is not None)


def _new_axes(node: Node) -> bool:
    return bool(node.options.get("ellipsis_mask") or node.options.get("new_axis_mask"))


GENERAL = (
    Limit("tensors must be of 8 bits", _wide),
    Limit("only the 3 innermost dimensions may be larger than 1", _deep),
)
_PLAIN = Limit("no fused activation", _option("fused_activation_function", "NONE"))
_DILATION = Limit("the dilation must be the same along both axes", _dilations)
_BATCH = Limit("not along the batch", lambda n: 0 in _axes(n))
SIZES = {
    "RESHAPE": "may stay on the CPU where tensors are large",
    "RESIZE_BILINEAR": "may stay on the CPU, by its sizes, to avoid a loss of precision",
    "RESIZE_NEAREST_NEIGHBOR": "may stay on the CPU, by its sizes, to avoid a loss of precision",
}

OPS: dict[str, tuple[Limit, ...]] = {
    **dict.fromkeys(
        (
            *("ADD", "EXPAND_DIMS", "L2_NORMALIZATION", "LOGISTIC", "MAXIMUM", "MINIMUM", "MUL", "QUANTIZE", "RELU"),
            *("RELU6", "RELU_N1_TO_1", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "RSQRT", "SLICE"),
            *("SPACE_TO_DEPTH", "SQUARED_DIFFERENCE", "SQUEEZE", "SUB", "TANH", "TRANSPOSE", "TRANSPOSE_CONV"),
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
        ),
        (),
    ),
    "AVERAGE_POOL_2D": (_PLAIN,),
    "CONCATENATION": (
        _PLAIN,
        Limit(
            "a constant operand must be zeros and one of two",
            _constant_operand,
        ),
    ),
    "CONV_2D": (_DILATION,),
    "DEPTHWISE_CONV_2D": (_DILATION,),
    "FULLY_CONNECTED": (Limit("the output must be one-dimensional", _rows),),
    "MAX_POOL_2D": (_PLAIN,),
    "MEAN": (_BATCH, Limit("over channels only where their number is a multiple of 4", _odd_depth)),
    "PACK": (Limit("not along the batch", lambda n: n.options.get("axis", 0) == 0),),
    "PAD": (Limit("not along the batch", lambda n: any(_values(n, 1)[:2])),),
    "PRELU": (Limit("alpha may vary along the channels only", lambda n: not _by_channel(n)),),
    "REDUCE_MAX": (_BATCH,),
    "REDUCE_MIN": (_BATCH,),
    "SOFTMAX": (Limit("one row of at most 16,000 elements", lambda n: _rows(n) or n.outputs[0].shape[-1] > 16_000),),
    "SPLIT": (Limit("not along the batch", lambda n: 0 in _values(n, 0)),),
    "STRIDED_SLICE": (
        Limit("all strides must be 1", lambda n: any(stride != 1 for stride in _values(n, 3))),
        Limit("no ellipsis and no new axis", _new_axes),
    ),
    "SUM": (_BATCH,),
}
