"""Which multiply-accumulate layers LiteRT hands to XNNPACK; the others run on its own optimized kernels.

Source: google-ai-edge/LiteRT tflite/delegates/xnnpack/xnnpack_delegate.cc (VisitConv2DNode and its like,
CheckTensorFloat32OrQCInt8Type, CheckTensorFilterType, CheckTensorFloat32OrFloat16OrQCInt32Type).
"""

from __future__ import annotations

from tfq.ops.contract import Node
from tfq.ops.mac import Layer
from tfq.tflite.model import Tensor

_ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6")


def takes(node: Node, layer: Layer) -> bool:
    """Constant weights with scales along the output channels; a constant bias with a scale, or none."""
    known = node.options.get("fused_activation_function", "NONE") in _ACTIVATIONS
    return known and _takes_weights(layer.w, layer.axis) and (layer.bias is None or _takes_bias(layer.bias))


def _takes_weights(w: Tensor, axis: int) -> bool:
    if w.data is None:
        return False
    q = w.quantization
    if q is None:
        return w.type == "FLOAT32" or w.blockwise is not None
    if w.type == "UINT8":
        return not q.per_channel and q.axis == 0
    return not q.per_channel or (q.axis == axis and not q.zero_point.any())


def _takes_bias(bias: Tensor) -> bool:
    if bias.data is None or len(bias.shape) != 1:
        return False
    q = bias.quantization
    return bias.type == "FLOAT32" or (bias.type == "INT32" and q is not None and not q.zero_point.any())
