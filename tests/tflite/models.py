"""Hand-made models for the tests of this room."""

from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfq.tflite import Model, Operator, Quantization, Signature, Subgraph, Tensor, write
from tfq.tflite.options import defaults


def per_tensor(scale: float, zero_point: int = 0) -> Quantization:
    return Quantization(np.array([scale], np.float32), np.array([zero_point], np.int64))


def per_channel(scales: list[float], axis: int) -> Quantization:
    return Quantization(np.array(scales, np.float32), np.zeros(len(scales), np.int64), axis)


def convolution() -> Model:
    """CONV_2D (per channel) -> RESHAPE -> FULLY_CONNECTED (per channel), int8, batch free; a second subgraph beside it.

    About 3 KB. Runs in LiteRT and tflite-micro.
    """
    rng = np.random.default_rng(5)
    kernel = rng.integers(-127, 128, (3, 2, 2, 2), dtype=np.int8)
    weights = rng.integers(-127, 128, (4, 48), dtype=np.int8)
    tensors = (
        Tensor("image", (1, 4, 4, 2), "INT8", per_tensor(0.1, 3), shape_signature=(-1, 4, 4, 2)),
        Tensor("kernel", (3, 2, 2, 2), "INT8", per_channel([0.01, 0.02, 0.03], 0), kernel),
        Tensor("bias", (3,), "INT32", per_channel([0.001, 0.002, 0.003], 0), np.array([500, -40, 7], np.int32)),
        Tensor("features", (1, 4, 4, 3), "INT8", per_tensor(0.05, -128), shape_signature=(-1, 4, 4, 3)),
        Tensor("shape", (2,), "INT32", data=np.array([-1, 48], np.int32)),
        Tensor("flat", (1, 48), "INT8", per_tensor(0.05, -128), shape_signature=(-1, 48)),
        Tensor("weights", (4, 48), "INT8", per_channel([0.01, 0.01, 0.02, 0.005], 0), weights),
        Tensor("logits/größe", (1, 4), "INT8", per_tensor(0.5, 10), shape_signature=(-1, 4)),
    )
    conv = {
        "padding": "SAME",
        "stride_w": 1,
        "stride_h": 1,
        "fused_activation_function": "RELU",
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
        "quantized_bias_type": "FLOAT32",
    }
    dense = dict(defaults("FULLY_CONNECTED"))  # newer schemas have more fields
    operators = (
        Operator("CONV_2D", (0, 1, 2), (3,), conv, version=3),
        Operator("RESHAPE", (3, 4), (5,), {"new_shape": (-1, 48)}),
        Operator("FULLY_CONNECTED", (5, 6, -1), (7,), dense, version=4),
    )
    other = Subgraph(
        tensors=(
            Tensor("a", (2, 2), "FLOAT32", shape_signature=(-1, 2)),
            Tensor("b", (2, 2), "FLOAT32"),
            Tensor("state", (2,), "INT16", per_tensor(0.25), is_variable=True),
        ),
        operators=(Operator("CUSTOM", (0, -1, 2), (1,), custom_code="Blur", custom_options=b"\x01\x02"),),
        inputs=(0,),
        outputs=(1,),
        name="other",
    )
    return Model(
        subgraphs=(Subgraph(tensors, operators, (0,), (7,), "main"), other),
        signatures=(
            Signature("serving_default", (("image", 0),), (("logits", 7),)),
            Signature("blur", (("a", 0),), (("b", 1), ("again", 1)), subgraph=1),
        ),
        metadata={"min_runtime_version": b"2.3.0".ljust(16, b"\0"), "empty": b""},
        description="hand-made",
    )


def one_constant(tensor: Tensor) -> Model:
    return Model((Subgraph((tensor,), (), (), (0,)),))


def one_op(operator: Operator, tensors: int = 8) -> Model:
    named = tuple(Tensor(f"t{i}", (2,), "FLOAT32") for i in range(tensors))
    return Model((Subgraph(named, (operator,), (), ()),))


def edited(edit: Callable[[schema.ModelT], object], raw: bytes | None = None) -> bytes:
    """The hand-made file after `edit` changed its schema objects."""
    model = schema.ModelT.InitFromPackedBuf(raw or write(convolution()))
    edit(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def plain(value: Any) -> Any:
    """The model as nested tuples that compare with ==, arrays as their dtype, shape and bytes."""
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, (tuple, list)):
        return tuple(plain(entry) for entry in value)
    if hasattr(value, "__dataclass_fields__"):
        return (type(value).__name__, *((name, plain(getattr(value, name))) for name in value.__dataclass_fields__))
    if hasattr(value, "items"):
        return tuple((key, plain(entry)) for key, entry in value.items())
    return value
