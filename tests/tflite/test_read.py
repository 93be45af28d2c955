"""What `read` gives for good files, among them files that this room's writer does not make."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.tflite.models import convolution, edited, one_constant, one_op, plain
from tfq.errors import TfqError, Unsupported
from tfq.tflite import NUMPY_TYPES, Operator, Tensor, read, write
from tfq.tflite import read as read_module_or_function


def test_sources(tmp_path: Path):
    raw = write(convolution())
    path = tmp_path / "model.tflite"
    path.write_bytes(raw)
    wanted = plain(convolution())
    for source in (raw, bytearray(raw), memoryview(raw), np.frombuffer(raw, np.uint8), path, str(path)):
        assert plain(read(source)) == wanted


def test_long_files_are_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.modules["tfq.tflite.read"], "IN_MEMORY", 100)
    path = tmp_path / "model.tflite"
    path.write_bytes(write(convolution()))
    assert plain(read(path)) == plain(convolution())


def test_function_and_module_share_a_name():
    from tfq.tflite.read import read as direct

    assert read_module_or_function is direct is read


def test_a_model_can_be_copied_and_pickled():
    model = read(write(convolution()))
    assert plain(copy.deepcopy(model)) == plain(pickle.loads(pickle.dumps(model))) == plain(model)


def test_importing_the_room_imports_no_schema():
    code = "import sys, tfq.tflite; sys.exit(any('schema_py' in name or name == 'tensorflow' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


def test_constants_are_views_of_the_bytes():
    raw = write(convolution())
    kernel = read(raw).main.tensors[1].data
    assert not kernel.flags.writeable
    assert np.shares_memory(kernel, np.frombuffer(raw, np.uint8))


# Source of the packing: google-ai-edge/LiteRT tflite/kernels/internal/portable_tensor_utils.cc.
SUB_BYTE = {
    "INT4": (b"\x10\xf8\x07", (5,), [0, 1, -8, -1, 7]),
    "UINT4": (b"\x10\xf8\x07", (1, 5), [0, 1, 8, 15, 7]),
    "INT2": (b"\xe4\x02", (5,), [0, 1, -2, -1, -2]),
}


@pytest.mark.parametrize("type_", [name for name in SUB_BYTE if hasattr(schema.TensorType, name)])
def test_values_that_share_a_byte(type_: str):
    stored, shape, values = SUB_BYTE[type_]
    tensor = Tensor("x", shape, type_, data=np.array(values, NUMPY_TYPES[type_]).reshape(shape))
    raw = write(one_constant(tensor))
    assert schema.ModelT.InitFromPackedBuf(raw).buffers[1].data.tobytes() == stored
    data = read(raw).main.tensors[0].data
    assert data.dtype == NUMPY_TYPES[type_] and data.shape == shape and data.ravel().tolist() == values
    assert not data.flags.writeable


def test_constant_behind_the_flatbuffer():
    """Files above 2 GB name their constants by offset and size in the file."""

    def move(model: schema.ModelT) -> None:
        model.buffers[1] = schema.BufferT(offset=start, size=24)

    values = np.arange(24, dtype=np.int8)
    start = 1
    size = len(edited(move))
    start = size + 8
    far = read(edited(move).ljust(start, b"\0") + values.tobytes())
    assert far.main.tensors[1].data.ravel().tolist() == values.tolist()
    with pytest.raises(TfqError, match="'kernel': 24 bytes at offset .* lie outside the file"):
        read(edited(move).ljust(start, b"\0") + values.tobytes()[:-1])


def test_large_custom_options():
    def move(model: schema.ModelT) -> None:
        operator = model.subgraphs[1].operators[0]
        operator.customOptions, operator.largeCustomOptionsOffset, operator.largeCustomOptionsSize = None, start, 3

    start = 1
    size = len(edited(move))
    start = size
    assert read(edited(move) + b"abc").subgraphs[1].operators[0].custom_options == b"abc"


def test_a_field_left_out_has_the_schemas_default():
    def drop(model: schema.ModelT) -> None:
        model.subgraphs[0].operators[0].builtinOptions = None
        model.subgraphs[0].operators[0].builtinOptionsType = 0

    wanted = {"stride_w": 0, "stride_h": 0, "dilation_w_factor": 1, "dilation_h_factor": 1}
    wanted |= {"padding": "SAME", "fused_activation_function": "NONE", "quantized_bias_type": "FLOAT32"}
    assert read(edited(drop)).main.operators[0].options == wanted


# op -> (options table, attributes, what `read` makes of it)
FOREIGN_OPTIONS = {
    "ARG_MAX": (schema.ArgMaxOptionsT(outputType=4), {"output_type": "INT64"}),
    "MIRROR_PAD": (schema.MirrorPadOptionsT(mode=1), {"mode": "SYMMETRIC"}),
    "BUCKETIZE": (schema.BucketizeOptionsT(boundaries=[0.5, 1.5]), {"boundaries": (0.5, 1.5)}),
    "REDUCE_MAX": (schema.ReducerOptionsT(keepDims=True), {"keep_dims": True}),
    "VAR_HANDLE": (schema.VarHandleOptionsT("", "größe"), {"container": "", "shared_name": "größe"}),
    "SQUEEZE": (schema.SqueezeOptionsT(), {"squeeze_dims": ()}),
    "LSH_PROJECTION": (schema.LSHProjectionOptionsT(type=2), {"type": "DENSE"}),
    "EXP": (schema.ExpOptionsT(), {}),
}


@pytest.mark.parametrize("code", FOREIGN_OPTIONS)
def test_options_of_other_writers(code: str):
    table, wanted = FOREIGN_OPTIONS[code]

    def put(model: schema.ModelT) -> None:
        operator = model.subgraphs[0].operators[0]
        operator.builtinOptions = table
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(table).__name__[:-1])

    operator = read(edited(put, write(one_op(Operator(code, (0,), (1,)))))).main.operators[0]
    assert operator.code == code and operator.options == wanted


def test_options_of_the_second_union():
    wanted = {"name": "odml.rms_norm", "decomposition_subgraph_index": 1, "version": 2}
    wanted |= {"composite_attributes": b"\x03\x00", "composite_attributes_format": "FLEXBUFFERS"}
    raw = write(one_op(Operator("STABLEHLO_COMPOSITE", (0,), (1,), wanted)))
    assert schema.ModelT.InitFromPackedBuf(raw).subgraphs[0].operators[0].builtinOptions2Type != 0
    assert read(raw).main.operators[0].options == wanted


def test_no_options_table_holds_tables():
    """`read_options` trusts the generated `_UnPack`, which would walk a nested table without checks."""
    from tfq.tflite import options

    for code in options.BUILTINS.values():
        for name, default in options.defaults(code).items():
            assert isinstance(default, (bool, int, float, str, bytes, tuple)), (code, name)


def test_every_enum_of_the_schema_is_named():
    """An enum field that options.py does not know would come out as a number."""
    from tfq.tflite import options

    integers = {
        name
        for code in options.BUILTINS.values()
        for name, default in options.defaults(code).items()
        if type(default) is int
    }
    endings = ("type", "padding", "mode", "format", "function", "combiner", "algorithm", "direction")
    assert not [name for name in integers if name.endswith(endings)]


def test_the_older_op_code_field_counts():
    def age(model: schema.ModelT) -> None:
        for code in model.operatorCodes:
            code.builtinCode = 0

    assert [operator.code for operator in read(edited(age)).main.operators] == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED"]


def test_missing_zero_points_are_zero():
    def drop(model: schema.ModelT) -> None:
        model.subgraphs[0].tensors[1].quantization.zeroPoint = None

    quantization = read(edited(drop)).main.tensors[1].quantization
    assert quantization.zero_point.dtype == np.int64 and quantization.zero_point.tolist() == [0, 0, 0]


def test_parameters_without_scale_are_none():
    def empty(model: schema.ModelT) -> None:
        model.subgraphs[0].tensors[0].quantization = schema.QuantizationParametersT(min=[-1.0], max=[1.0])

    assert read(edited(empty)).main.tensors[0].quantization is None


def test_a_bias_may_carry_the_axis_of_its_weights():
    """As in tflite-micro's person_detect.tflite."""

    def move(model: schema.ModelT) -> None:
        model.subgraphs[0].tensors[2].quantization.quantizedDimension = 3

    assert read(edited(move)).main.tensors[2].quantization.axis == 0


def test_blockwise_weights_name_their_scales():
    def block(model: schema.ModelT) -> None:
        details = schema.BlockwiseQuantizationT(scales=4, zeroPoints=-1, blockSize=32)
        model.subgraphs[0].tensors[6].quantization = schema.QuantizationParametersT(detailsType=2, details=details)

    tensor = read(edited(block)).main.tensors[6]
    assert tensor.quantization is None
    assert (tensor.blockwise.scales, tensor.blockwise.zero_points, tensor.blockwise.block_size) == (4, -1, 32)
    assert plain(read(write(read(edited(block))))) == plain(read(edited(block)))


def test_strings_are_raw_bytes():
    def text(model: schema.ModelT) -> None:
        model.subgraphs[0].tensors[2].type = schema.TensorType.STRING
        model.subgraphs[0].tensors[2].quantization = None

    tensor = read(edited(text)).main.tensors[2]
    assert tensor.type == "STRING" and tensor.data.dtype == np.uint8 and tensor.data.shape == (12,)


def test_an_empty_buffer_is_a_constant_only_where_nothing_writes():
    axes = Tensor("axes", (0,), "INT32", data=np.zeros(0, np.int32))
    assert read(write(one_constant(axes))).main.tensors[0].data.shape == (0,)

    def empty(model: schema.ModelT) -> None:
        model.buffers.append(schema.BufferT(data=np.zeros(0, np.uint8)))
        model.subgraphs[0].tensors[3].buffer = len(model.buffers) - 1

    assert read(edited(empty)).main.tensors[3].data is None


def test_what_is_unsupported():
    def sparse(model: schema.ModelT) -> None:
        model.subgraphs[0].tensors[6].sparsity = schema.SparsityParametersT()

    def elsewhere(model: schema.ModelT) -> None:
        model.subgraphs[0].tensors[6].externalBuffer = 1

    def code(model: schema.ModelT) -> None:
        model.operatorCodes[1].builtinCode = 9999

    with pytest.raises(Unsupported, match="subgraph 0: tensor 6 'weights': its weights are sparse"):
        read(edited(sparse))
    if hasattr(schema.Tensor, "ExternalBuffer"):  # absent from older schemas
        with pytest.raises(Unsupported, match="subgraph 0: tensor 6 'weights': its values are in another file"):
            read(edited(elsewhere))
    with pytest.raises(Unsupported, match="operator code 1: builtin 9999 is unknown"):
        read(edited(code))


def test_paths_that_are_no_files(tmp_path: Path):
    with pytest.raises(TfqError, match="not a regular file"):
        read(tmp_path)
    with pytest.raises(TfqError, match="missing.tflite: cannot be opened"):
        read(tmp_path / "missing.tflite")
    with pytest.raises(TfqError, match="cannot be opened"):
        read("nul\0byte")
    with pytest.raises(TypeError):
        read(5)
