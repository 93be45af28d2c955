"""What `write` makes: the inverse of `read`, the same bytes each time, and a file that LiteRT runs."""

import dataclasses
import time

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tests.tflite.models import convolution, one_constant, one_op, per_channel, per_tensor, plain
from tfq.errors import TfqError, Unsupported
from tfq.tflite import NUMPY_TYPES, Model, Operator, Quantization, Signature, Subgraph, Tensor, read, write


def packed(model: Model) -> schema.ModelT:
    return schema.ModelT.InitFromPackedBuf(write(model))


def test_round_trip():
    assert plain(read(write(convolution()))) == plain(convolution())


def test_the_same_bytes_each_time():
    raw = write(convolution())
    assert write(convolution()) == raw == write(read(raw))


def values(type_: str) -> np.ndarray:
    """Nine values of the type, its extremes among them where it has any."""
    dtype = np.dtype(NUMPY_TYPES[type_])
    if dtype.kind == "b":
        return np.arange(9) % 2 == 0
    if dtype.kind in "fc":
        return np.array([0, -0.0, 1.5, -2.25, 7, 1e4, np.inf, -np.inf, np.nan], dtype)
    ranges = {"INT4": (-8, 7), "UINT4": (0, 15), "INT2": (-2, 1)}
    low, high = ranges.get(type_) or (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return np.array([low, high, 0, 1, low, high, high, 1, low], dtype)


@pytest.mark.parametrize("type_", [name for name in NUMPY_TYPES if hasattr(schema.TensorType, name)])
@pytest.mark.parametrize("shape", [(3, 3), (9,), (1, 9, 1)])
def test_round_trip_of_constants(type_: str, shape: tuple[int, ...]):
    model = one_constant(Tensor("x", shape, type_, data=values(type_).reshape(shape)))
    assert plain(read(write(model))) == plain(model)


RAW_TYPES = ("STRING", "BFLOAT16", "FLOAT8_E4M3FN", "FLOAT8_E5M2")


@pytest.mark.parametrize("type_", [name for name in RAW_TYPES if hasattr(schema.TensorType, name)])
def test_round_trip_of_raw_bytes(type_: str):
    raw = np.arange(6 if type_ == "BFLOAT16" else 3, dtype=np.uint8)
    model = one_constant(Tensor("x", (3,), type_, data=raw))
    assert plain(read(write(model))) == plain(model)


SHAPES = {"scalar": ((), None), "rank 1": ((7,), (7,)), "free": ((1, 3), (-1, 3)), "no values": ((0, 3), None)}


@pytest.mark.parametrize("name", SHAPES)
def test_round_trip_of_shapes(name: str):
    shape, signature = SHAPES[name]
    tensors = (
        Tensor("x", shape, "INT8", per_tensor(0.1, -128), shape_signature=signature),
        Tensor("c", shape, "INT8", data=np.zeros(shape, np.int8)),
    )
    model = Model((Subgraph(tensors, (), (0,), (0,)),))
    assert plain(read(write(model))) == plain(model)


QUANTIZATIONS = {
    "per tensor": per_tensor(0.5, -7),
    "first axis": per_channel([0.1, 0.2], 0),
    "last axis": per_channel([0.1, 0.2, 0.3], 1),
    "smallest scale": per_tensor(1e-45),
}


@pytest.mark.parametrize("name", QUANTIZATIONS)
def test_round_trip_of_quantization(name: str):
    model = one_constant(Tensor("x", (2, 3), "INT8", QUANTIZATIONS[name], np.zeros((2, 3), np.int8)))
    assert plain(read(write(model))) == plain(model)


# Every field of the table, so that what `read` fills in is there already.
OPTIONS = {
    "ADD": {"fused_activation_function": "RELU6", "pot_scale_int16": False},
    "AVERAGE_POOL_2D": {
        "padding": "VALID",
        "stride_w": 2,
        "stride_h": 3,
        "filter_width": 4,
        "filter_height": 5,
        "fused_activation_function": "RELU_N1_TO_1",
    },
    "CAST": {"in_data_type": "INT8", "out_data_type": "BOOL"},
    "CONCATENATION": {"axis": -1, "fused_activation_function": "NONE"},
    "GELU": {"approximate": True},
    "LEAKY_RELU": {"alpha": 0.125},
    "MEAN": {"keep_dims": True},
    "MIRROR_PAD": {"mode": "SYMMETRIC"},
    "RESHAPE": {"new_shape": (-1, 2)},
    "RESIZE_BILINEAR": {"align_corners": False, "half_pixel_centers": True},
    "SOFTMAX": {"beta": 1.0},
    "SQUEEZE": {"squeeze_dims": (1, 2)},
    "STABLEHLO_CASE": {"branch_subgraph_indices": (0, 0)},
    "STRIDED_SLICE": {
        "begin_mask": 1,
        "end_mask": 2,
        "ellipsis_mask": 4,
        "new_axis_mask": 0,
        "shrink_axis_mask": 8,
        "offset": True,
    },
    "TANH": {},
    "UNIQUE": {"idx_out_type": "INT64"},
    "VAR_HANDLE": {"container": "", "shared_name": "state"},
    "WHILE": {"cond_subgraph_index": 1, "body_subgraph_index": 2},
}


@pytest.mark.parametrize("code", OPTIONS)
def test_round_trip_of_options(code: str):
    model = one_op(Operator(code, (0, 1), (2,), OPTIONS[code], version=2, intermediates=(3, -1)))
    assert plain(read(write(model))) == plain(model)


def test_every_op_of_the_schema_can_be_written():
    for code in vars(schema.BuiltinOperator):
        if not code.startswith("_"):
            operator = read(write(one_op(Operator(code, (0,), (1,))))).main.operators[0]
            assert operator.code == code
            assert plain(read(write(one_op(operator))).main.operators[0]) == plain(operator)


def test_layout():
    same = np.arange(50, dtype=np.int8)
    tensors = (
        Tensor("a", (50,), "INT8", data=same),
        Tensor("b", (5, 10), "INT8", data=same.reshape(5, 10)),
        Tensor("c", (50,), "INT8", data=same + 1),
        Tensor("d", (50,), "INT8"),
    )
    operators = (
        Operator("MUL", (0, 1), (3,), version=2),
        Operator("CUSTOM", (0,), (3,), custom_code="Blur"),
        Operator("MUL", (0, 2), (3,), version=4),
        Operator("CUSTOM", (0,), (3,), custom_code="Other"),
        Operator("GELU", (0,), (3,)),
    )
    model = packed(Model((Subgraph(tensors, operators, (), (3,)),)))
    assert model.version == 3
    assert [tensor.buffer for tensor in model.subgraphs[0].tensors] == [1, 1, 2, 0]
    assert model.buffers[0].data is None and len(model.buffers) == 3
    codes = [(c.builtinCode, c.deprecatedBuiltinCode, c.customCode, c.version) for c in model.operatorCodes]
    assert codes == [(18, 18, None, 4), (32, 32, b"Blur", 1), (32, 32, b"Other", 1), (150, 127, None, 1)]


def test_constants_start_at_multiples_of_16():
    sizes = [1, 2, 15, 16, 17, 100, 3]
    tensors = tuple(Tensor(str(n), (n,), "INT8", data=np.full(n, n, np.int8)) for n in sizes)
    raw = write(Model((Subgraph(tensors, (), (), (0,)),), metadata={"m": b"abc"}))
    start = np.frombuffer(raw, np.uint8).__array_interface__["data"][0]
    root = schema.Model.GetRootAs(raw)
    arrays = [root.Buffers(i).DataAsNumpy() for i in range(1, root.BuffersLength())]
    places = [array.__array_interface__["data"][0] - start for array in arrays]
    assert len(places) == len(sizes) + 1 and all(place % 16 == 0 for place in places)


def test_25_million_weights_take_under_a_second():
    weights = np.arange(25_000_000, dtype=np.int64).astype(np.int8).reshape(5000, 5000)
    model = one_constant(Tensor("w", (5000, 5000), "INT8", per_tensor(0.1), weights))
    write(convolution())  # imports the schema
    start = time.process_time()
    raw = write(model)
    assert time.process_time() - start < 1
    assert np.array_equal(read(raw).main.tensors[0].data, weights)


@pytest.mark.parametrize("resolver", [OpResolverType.BUILTIN_REF, OpResolverType.AUTO])
def test_litert_runs_the_file(resolver: OpResolverType):
    model = convolution()
    alone = dataclasses.replace(model, subgraphs=model.subgraphs[:1], signatures=model.signatures[:1])
    interpreter = Interpreter(model_content=write(alone), experimental_op_resolver_type=resolver)
    assert interpreter.get_signature_list() == {"serving_default": {"inputs": ["image"], "outputs": ["logits"]}}
    interpreter.resize_tensor_input(0, (3, 4, 4, 2), strict=True)
    interpreter.allocate_tensors()
    image = np.random.default_rng(0).integers(-128, 128, (3, 4, 4, 2), dtype=np.int8)
    interpreter.set_tensor(0, image)
    interpreter.invoke()
    (output,) = interpreter.get_output_details()
    scales = output["quantization_parameters"]
    assert (output["name"], scales["scales"].tolist(), scales["zero_points"].tolist()) == ("logits/größe", [0.5], [10])
    # By hand in float64; no value lies near a tie, so both runtimes agree with it.
    assert np.array_equal(interpreter.get_tensor(output["index"]), by_hand(model, image))


def by_hand(model: Model, image: np.ndarray) -> np.ndarray:
    """The model's integers, int8 [N, 4]."""
    tensors = model.main.tensors
    kernel, bias, weights = (tensors[i].data.astype(np.int64) for i in (1, 2, 6))
    padded = np.pad(image.astype(np.int64) - 3, ((0, 0), (0, 1), (0, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2, 2), (1, 2))
    acc = np.einsum("nhwcij,oijc->nhwo", windows, kernel) + bias
    features = np.clip(np.rint(acc * (0.1 * tensors[1].quantization.scale / 0.05)) - 128, -128, 127)
    acc = (features.reshape(len(image), 48) + 128) @ weights.T
    return np.clip(np.rint(acc * (0.05 * tensors[6].quantization.scale / 0.5)) + 10, -128, 127).astype(np.int8)


def constant(**changes: object) -> Model:
    fields: dict = {"name": "x", "shape": (2,), "type": "INT8", "data": np.zeros(2, np.int8)}
    return one_constant(Tensor(**(fields | changes)))


def scales(scale: list[float], zero_point: list[int], axis: int = 0) -> Quantization:
    return Quantization(np.array(scale, np.float32), np.array(zero_point, np.int64), axis)


REFUSED = {
    "no subgraph": (Model(()), "no subgraph"),
    "unknown op": (one_op(Operator("CONV_9D", (0,), (1,))), "op 0: CONV_9D is no builtin"),
    "unknown option": (
        one_op(Operator("MEAN", (0,), (1,), {"keep": 1})),
        "no options keep, it has: keep_dims",
    ),
    "unknown enum": (
        one_op(Operator("CONV_2D", (0,), (1,), {"padding": "same"})),
        "'same', expected one of SAME",
    ),
    "fraction": (one_op(Operator("SOFTMAX", (0,), (1,), {"beta": "1"})), "SoftmaxOptions.beta is '1'"),
    "too large": (one_op(Operator("PACK", (0,), (1,), {"axis": 2**40})), "does not fit the schema"),
    "op input": (one_op(Operator("ADD", (0, 8), (1,))), "ADD's inputs have tensor 8, the subgraph has 8"),
    "absent output": (one_op(Operator("ADD", (0, 1), (-1,))), "ADD's outputs have tensor -1"),
    "graph output": (Model((Subgraph((), (), (), (0,)),)), "outputs have tensor 0, the subgraph has 0"),
    "signature": (
        dataclasses.replace(constant(), signatures=(Signature("s", (("x", 9),), ()),)),
        "signature 's' have tensor 9",
    ),
    "signature's subgraph": (
        dataclasses.replace(constant(), signatures=(Signature("s", (), (), 1),)),
        "signature 's' has subgraph 1 of 1",
    ),
    "type": (constant(type="INT9"), "tensor 0 'x': INT9 is no tensor type"),
    "dtype": (constant(data=np.zeros(2, np.int16)), r"data is int16 \[2\], expected int8 \[2\]"),
    "shape": (constant(shape=(1, 2)), r"data is int8 \[2\], expected int8 \[1, 2\]"),
    "int4 range": (constant(type="INT4", data=np.array([0, 8], np.int8)), "0 to 8, INT4 holds -8 to 7"),
    "zero scale": (constant(quantization=scales([0], [0])), r"scale\[0\] is 0.0"),
    "nan scale": (constant(quantization=scales([1, np.nan], [0, 0])), r"scale\[1\] is nan"),
    "zero point": (constant(quantization=scales([1], [128])), r"zero_point\[0\] is 128, expected -128 to 127 for INT8"),
    "zero points": (constant(quantization=scales([1, 1], [0])), "2 scales and 1 zero points"),
    "axis": (constant(quantization=scales([1, 1], [0, 0], 1)), r"2 scales along axis 1 of shape \[2\]"),
    "channels": (constant(quantization=scales([1] * 3, [0] * 3)), r"3 scales along axis 0 of shape \[2\]"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str):
    model, message = REFUSED[name]
    with pytest.raises(TfqError, match=message):
        write(model)


def test_too_large_for_the_format(monkeypatch: pytest.MonkeyPatch):
    from tfq.tflite import build

    monkeypatch.setattr(build, "MAX_BYTES", 100)
    with pytest.raises(Unsupported, match="holds 100"):
        write(convolution())
