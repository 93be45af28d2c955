"""Files made to harm: `read` gives a Model or one TfqError that names the place, soon and in little memory."""

import random
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.tflite.models import convolution, edited
from tfq.errors import TfqError
from tfq.tflite import read, write

SECONDS = 5.0  # the worst file takes 1.2 s of a desktop's time


def attempt(raw: bytes) -> str:
    """The error's message, "" if the file was read. Fails on any other exception and on a long wait."""
    start = time.process_time()
    try:
        read(raw)
    except TfqError as error:
        message = str(error)
        assert "\n" not in message and len(message) < 2000
        return message
    finally:
        assert time.process_time() - start < SECONDS
    return ""


def test_every_truncation():
    raw = write(convolution())
    for size in range(0, len(raw), 97):
        # Padding behind the last constant may be missed; all else may not.
        assert attempt(raw[:size]) or size > len(raw) - 16, size


@pytest.mark.parametrize("flips", [1, 2, 8, 64])
def test_flipped_bits(flips: int):
    raw = write(convolution())
    rng = random.Random(flips)
    for _ in range(400):
        damaged = bytearray(raw)
        for _ in range(flips):
            damaged[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        attempt(bytes(damaged))


@pytest.mark.parametrize("number", [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC])
def test_every_word_replaced(number: int):
    raw = write(convolution())
    for place in range(0, len(raw) - 3, 4):
        attempt(raw[:place] + struct.pack("<I", number) + raw[place + 4 :])


def test_noise_behind_the_identifier():
    rng = random.Random(1)
    for size in (0, 1, 4, 8, 40, 400, 4000):
        for _ in range(50):
            attempt(struct.pack("<I", rng.randrange(0, size + 12)) + b"TFL3" + rng.randbytes(size))


def word(place: Callable[[schema.Model], int], number: int) -> bytes:
    """The hand-made file with the four bytes at `place` replaced."""
    raw = bytearray(write(convolution()))
    struct.pack_into("<I", raw, place(schema.Model.GetRootAs(raw)), number & 0xFFFFFFFF)
    return bytes(raw)


def count_of(slot: int) -> Callable[[schema.Model], int]:
    """Where the length of the root's vector in this vtable slot stands."""
    return lambda root: root._tab.Vector(root._tab.Offset(slot)) - 4


def tensor(**changes: object) -> bytes:
    """The hand-made file with attributes of tensor 1, the kernel, replaced; q_ marks its quantization's."""

    def edit(model: schema.ModelT) -> None:
        for name, value in changes.items():
            kernel = model.subgraphs[0].tensors[1]
            setattr(kernel.quantization if name.startswith("q_") else kernel, name.removeprefix("q_"), value)

    return edited(edit)


def operator(**changes: object) -> bytes:
    """The hand-made file with attributes of op 0, the convolution, replaced."""
    return edited(lambda model: [setattr(model.subgraphs[0].operators[0], *change) for change in changes.items()])


def graph(**changes: object) -> bytes:
    return edited(lambda model: [setattr(model.subgraphs[0], *change) for change in changes.items()])


def signature(**changes: object) -> bytes:
    return edited(lambda model: [setattr(model.signatureDefs[1], *change) for change in changes.items()])


def truths() -> bytes:
    def edit(model: schema.ModelT) -> None:
        kernel = model.subgraphs[0].tensors[1]
        kernel.type, kernel.quantization = schema.TensorType.BOOL, None

    return edited(edit)


KERNEL = "subgraph 0: tensor 1 'kernel': "
CONV = "subgraph 0: op 0: CONV_2D: "
NAN, INF = float("nan"), float("inf")

HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "bytes 4 to 7 are b''"),
    "text": (b"#!/bin/sh\n", "expected b'TFL3'"),
    "identifier": (write(convolution()).replace(b"TFL3", b"TFL4"), "bytes 4 to 7 are b'TFL4', expected b'TFL3'"),
    "header only": (b"\x08\0\0\0TFL3", "lie outside the file"),
    "root outside": (word(lambda _: 0, 10**6), "4 bytes at offset 1000000 lie outside the file"),
    "root at itself": (word(lambda _: 0, 0), "schema version 0, expected 3"),
    "vtable outside": (word(lambda root: root._tab.Pos, -(10**8)), "lie outside the file"),
    "vtable before": (word(lambda root: root._tab.Pos, 10**8), "lie outside the file"),
    "schema version": (edited(lambda m: setattr(m, "version", 2)), "schema version 2, expected 3"),
    "count of op codes": (word(count_of(6), 2**32 - 1), "its vectors name more bytes than the file has"),
    "count of subgraphs": (word(count_of(8), 2**30), "its vectors name more bytes than the file has"),
    "count of buffers": (word(count_of(12), 1000), "lie outside the file"),
    "no subgraphs": (edited(lambda m: setattr(m, "subgraphs", None)), "the model has no subgraph"),
    "no buffers": (edited(lambda m: setattr(m, "buffers", None)), "tensor 0 'image': it has buffer 0, the file has 0"),
    "no op codes": (edited(lambda m: setattr(m, "operatorCodes", [])), "op 0: it has operator code 0, the file has 0"),
    "op code index": (operator(opcodeIndex=2**32 - 1), "op 0: it has operator code 4294967295, the file has 4"),
    "negative op code": (edited(lambda m: setattr(m.operatorCodes[0], "deprecatedBuiltinCode", -1)), ""),
    "op input": (operator(inputs=[0, 8, 2]), CONV + "its inputs have tensor 8, the subgraph has 8"),
    "op input below": (operator(inputs=[0, -2, 2]), CONV + "its inputs have tensor -2"),
    "op output": (operator(outputs=[2**31 - 1]), CONV + "its outputs have tensor 2147483647"),
    "op output absent": (operator(outputs=[-1]), CONV + "its outputs have tensor -1"),
    "op without lists": (operator(inputs=None, outputs=None), ""),
    "intermediates": (operator(intermediates=[8]), CONV + "its intermediates have tensor 8"),
    "graph inputs": (graph(inputs=[-1]), "subgraph 0: its inputs have tensor -1"),
    "graph outputs": (graph(outputs=[0, 100]), "subgraph 0: its outputs have tensor 100"),
    "graph without tensors": (graph(tensors=None), CONV + "its inputs have tensor 0, the subgraph has 0"),
    "graph without ops": (graph(operators=None), ""),
    "other op's options": (
        operator(builtinOptionsType=schema.BuiltinOptions.Pool2DOptions, builtinOptions=schema.Pool2DOptionsT()),
        CONV + "its options are Pool2DOptions, expected Conv2DOptions",
    ),
    "unknown options": (operator(builtinOptionsType=250), CONV + "its options are number 250, expected Conv2DOptions"),
    "options left out": (operator(builtinOptions=None), ""),
    "padding": (operator(builtinOptions=schema.Conv2DOptionsT(padding=7)), "padding is 7, expected one of SAME, VALID"),
    "activation": (
        operator(builtinOptions=schema.Conv2DOptionsT(fusedActivationFunction=-3)),
        CONV + "fused_activation_function is -3, expected one of NONE, RELU",
    ),
    "custom options outside": (
        operator(customOptions=None, largeCustomOptionsOffset=2**63, largeCustomOptionsSize=2**63),
        CONV + "9223372036854775808 bytes at offset 9223372036854775808 lie outside the file",
    ),
    "tensor type": (tensor(type=99), KERNEL + "its type is 99, expected 0 to "),
    "buffer index": (tensor(buffer=2**32 - 1), KERNEL + "it has buffer 4294967295, the file has 7"),
    "other's buffer": (tensor(buffer=2), KERNEL + "its constant has 12 bytes, INT8 [3, 2, 2, 2] takes 24"),
    "constant's type": (tensor(type=schema.TensorType.FLOAT32), KERNEL + "its constant has 24 bytes, FLOAT32"),
    "buffer outside": (
        edited(lambda m: m.buffers.__setitem__(1, schema.BufferT(offset=2**64 - 1, size=24))),
        KERNEL + "24 bytes at offset 18446744073709551615 lie outside the file",
    ),
    "bool of 2": (truths(), KERNEL + "its BOOL constant has bytes other than 0 and 1"),
    "negative dimension": (tensor(shape=[3, -2, -2, 2]), KERNEL + "its shape is [3, -2, -2, 2]"),
    "absurd shape": (tensor(shape=[2**31 - 1] * 4, buffer=0), KERNEL + "its shape is [2147483647, "),
    "absurd shape of none": (tensor(shape=[0] + [2**31 - 1] * 3), KERNEL + "its shape is [0, 2147483647, "),
    "rank": (tensor(shape=[1] * 33), KERNEL + "its shape has 33 dimensions"),
    "signature rank": (tensor(shapeSignature=[3]), KERNEL + "its shape_signature has 1 dimensions, its shape 4"),
    "signature below -1": (tensor(shapeSignature=[-2, 1, 1, 1]), KERNEL + "its shape_signature is [-2, 1, 1, 1]"),
    "zero scale": (tensor(q_scale=[1.0, 0.0, 1.0]), KERNEL + "its scale[1] is 0.0, expected a finite number above 0"),
    "negative scale": (tensor(q_scale=[1.0, 1.0, -1.0]), KERNEL + "its scale[2] is -1.0"),
    "nan scale": (tensor(q_scale=[NAN, 1.0, 1.0]), KERNEL + "its scale[0] is nan"),
    "infinite scale": (tensor(q_scale=[1.0, INF, 1.0]), KERNEL + "its scale[1] is inf"),
    "fewer zero points": (tensor(q_zeroPoint=[0]), KERNEL + "it has 3 scales and 1 zero points"),
    "zero point": (tensor(q_zeroPoint=[0, 0, 128]), KERNEL + "its zero_point[2] is 128, expected -128 to 127 for INT8"),
    "huge zero point": (tensor(q_zeroPoint=[-(2**63), 0, 0]), KERNEL + "its zero_point[0] is -9223372036854775808"),
    "channels": (tensor(q_quantizedDimension=1), KERNEL + "it has 3 scales along axis 1 of shape [3, 2, 2, 2]"),
    "axis": (tensor(q_quantizedDimension=4), KERNEL + "it has 3 scales along axis 4"),
    "negative axis": (tensor(q_quantizedDimension=-4), KERNEL + "it has 3 scales along axis -4"),
    "custom quantization": (
        tensor(q_detailsType=1, q_details=schema.CustomQuantizationT()),
        KERNEL + "quantization details of kind 1",
    ),
    "blockwise left out": (tensor(q_detailsType=2), KERNEL + "its blockwise quantization has no parameters"),
    "blockwise index": (
        tensor(q_detailsType=2, q_details=schema.BlockwiseQuantizationT(scales=77)),
        KERNEL + "its block scales are tensors 77 and 0",
    ),
    "name": (write(convolution()).replace(b"kernel", b"\xffernel"), "subgraph 0: tensor 1: its name is not UTF-8"),
    "name of two lines": (tensor(name="a\nb" * 100, type=99), "tensor 1 'a\\nba\\nb"),
    "custom code": (write(convolution()).replace(b"Blur", b"Bl\xc3r"), "custom code 3 is not UTF-8"),
    "description": (write(convolution()).replace(b"hand-made", b"\x80" * 9), "the description is not UTF-8"),
    "signature's subgraph": (signature(subgraphIndex=2), "signature 1: it has subgraph 2, the file has 2"),
    "signature's tensor": (
        signature(inputs=[schema.TensorMapT("a", 3)]),
        "signature 1: it has tensor 3, its subgraph has 3",
    ),
    "signature of nothing": (signature(inputs=None, outputs=None, signatureKey=None), ""),
    "metadata's buffer": (edited(lambda m: setattr(m.metadata[1], "buffer", 99)), "metadata 1: it has buffer 99"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name: str):
    raw, message = HOSTILE[name]
    found = attempt(raw)
    assert message in found and bool(message) == bool(found)


def references(builder: flatbuffers.Builder, table: int, count: int) -> int:
    """A vector of `count` references to one table."""
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependUOffsetTRelative(table)
    return builder.EndVector()


def repeated(subgraphs: int = 1, tensors: int = 1, operators: int = 0, inputs: int = 0) -> bytes:
    """A file whose vectors name one subgraph, one tensor, one op over and over; the op has `inputs` inputs."""
    builder = flatbuffers.Builder(1024)
    buffer = schema.BufferT().Pack(builder)
    code = schema.OperatorCodeT().Pack(builder)
    quantization = schema.QuantizationParametersT(scale=[0.5], zeroPoint=[0])
    tensor = schema.TensorT(shape=[1] * 4, type=9, name="x" * 60, quantization=quantization).Pack(builder)
    operator = schema.OperatorT(inputs=np.zeros(inputs, np.int32), outputs=[0]).Pack(builder)
    tensor_list = references(builder, tensor, tensors)
    operator_list = references(builder, operator, operators)
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensor_list)
    schema.SubGraphAddOperators(builder, operator_list)
    subgraph_list = references(builder, schema.SubGraphEnd(builder), subgraphs)
    code_list, buffer_list = references(builder, code, 1), references(builder, buffer, 1)
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddOperatorCodes(builder, code_list)
    schema.ModelAddSubgraphs(builder, subgraph_list)
    schema.ModelAddBuffers(builder, buffer_list)
    builder.Finish(schema.ModelEnd(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


USED_UP = "its vectors name more bytes than the file has"
REPEATED = {
    "one": ({"operators": 1, "inputs": 3}, ""),
    "tensors": ({"tensors": 300_000}, "the model has more than 80000 tensors, operators and other tables"),
    "subgraphs of tensors": ({"subgraphs": 5000, "tensors": 5000}, USED_UP),
    "wide ops": ({"operators": 4000, "inputs": 4000}, USED_UP),
    "wide op": ({"operators": 4, "inputs": 3_000_000}, "the model has more than 8388608 indices"),
}


@pytest.mark.parametrize("name", REPEATED)
def test_one_table_named_often(name: str):
    sizes, message = REPEATED[name]
    found = attempt(repeated(**sizes))
    assert message in found and bool(message) == bool(found)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
def test_memory(tmp_path: Path):
    """The worst files above, in a process of their own: under 1 GiB in all, the schema and numpy included."""
    for name, (sizes, _) in REPEATED.items():
        (tmp_path / f"{name}.tflite").write_bytes(repeated(**sizes))
    code = """
import sys
from pathlib import Path
from tfq.errors import TfqError
from tfq.tflite import read
for path in Path(sys.argv[1]).iterdir():
    try:
        read(path)
    except TfqError:
        pass
(peak,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(peak.split()[1])  # ru_maxrss would count what the parent had when it forked
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, tmp_path], cwd=root, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 2**20  # in KiB
