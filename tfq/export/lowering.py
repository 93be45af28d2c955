"""From a Program to a `tflite.Model`: tensors, op versions, signature, metadata. NumPy only."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.qat.program import Activation, Constant, Program, Step
from tfq.tflite.model import Model, Operator, Quantization, Signature, Subgraph, Tensor

# Versions LiteRT's op_version.cc gives to these int8 ops, and the first TensorFlow release that runs each
# (tflite/tools/versioning/op_version.cc and runtime_version.cc).
VERSIONS: Mapping[str, tuple[int, str]] = {
    "ADD": (2, "1.14.0"),
    "AVERAGE_POOL_2D": (2, "1.14.0"),
    "BATCH_MATMUL": (2, "2.3.0"),
    "CAST": (1, "1.5.0"),
    "CONCATENATION": (2, "1.14.0"),
    "CONV_2D": (3, "1.14.0"),
    "DEPTHWISE_CONV_2D": (3, "1.14.0"),
    "DEQUANTIZE": (2, "1.14.0"),
    "EQUAL": (1, "1.14.0"),  # this and its like: of int32
    "FULLY_CONNECTED": (4, "1.14.0"),
    "GATHER": (2, "1.14.0"),
    "GREATER": (1, "1.14.0"),
    "GREATER_EQUAL": (1, "1.14.0"),
    "LEAKY_RELU": (2, "2.3.0"),
    "LESS": (1, "1.14.0"),
    "LESS_EQUAL": (1, "1.14.0"),
    "LOG_SOFTMAX": (2, "1.14.0"),
    "LOGISTIC": (2, "1.14.0"),
    "MAXIMUM": (2, "1.14.0"),
    "MAX_POOL_2D": (2, "1.14.0"),
    "MEAN": (2, "1.14.0"),
    "MINIMUM": (2, "1.14.0"),
    "MUL": (2, "1.14.0"),
    "NOT_EQUAL": (1, "1.14.0"),
    "PAD": (2, "1.14.0"),
    "PRELU": (1, "1.8.0"),
    "QUANTIZE": (2, "2.2.0"),
    "REDUCE_MAX": (2, "1.14.0"),
    "REDUCE_MIN": (2, "1.14.0"),
    "RELU": (2, "2.1.0"),
    "RELU6": (2, "2.1.0"),
    "RESHAPE": (1, "1.5.0"),
    "RESIZE_BILINEAR": (3, "2.2.0"),  # with half_pixel_centers
    "RESIZE_NEAREST_NEIGHBOR": (2, "2.0.0"),
    "SELECT_V2": (1, "2.2.0"),
    "SLICE": (2, "1.14.0"),
    "SOFTMAX": (2, "1.14.0"),
    "STRIDED_SLICE": (2, "1.14.0"),
    "SUB": (2, "1.14.0"),
    "TANH": (2, "1.14.0"),
    "TRANSPOSE": (2, "1.14.0"),
    "TRANSPOSE_CONV": (3, "2.13.0"),  # of version 4, with a fused activation
}

# Where the first input is int16.
VERSIONS_16: Mapping[str, tuple[int, str]] = {
    "ADD": (3, "2.4.0"),
    "AVERAGE_POOL_2D": (3, "2.3.0"),
    "BATCH_MATMUL": (3, "2.4.0"),
    "CONCATENATION": (3, "2.3.0"),
    "CONV_2D": (4, "2.3.0"),
    "DEPTHWISE_CONV_2D": (5, "2.3.0"),
    "DEQUANTIZE": (3, "1.15.0"),
    "FULLY_CONNECTED": (7, "2.3.0"),
    "GATHER": (4, "2.4.0"),
    "LOGISTIC": (3, "2.3.0"),
    "MAXIMUM": (4, "2.3.0"),
    "MAX_POOL_2D": (3, "2.3.0"),
    "MEAN": (3, "2.4.0"),
    "MINIMUM": (4, "2.3.0"),
    "MUL": (4, "2.3.0"),
    "PAD": (3, "2.4.0"),
    "REDUCE_MAX": (3, "2.5.0"),
    "REDUCE_MIN": (3, "2.5.0"),
    "RELU": (3, "2.5.0"),
    "RELU6": (3, "2.5.0"),
    "RESIZE_BILINEAR": (4, "2.5.0"),
    "RESIZE_NEAREST_NEIGHBOR": (4, "2.4.0"),
    "SLICE": (4, "2.4.0"),
    "SOFTMAX": (3, "2.3.0"),
    "STRIDED_SLICE": (4, "2.2.0"),
    "SUB": (5, "2.4.0"),
    "TANH": (3, "2.3.0"),
    "TRANSPOSE": (5, "2.4.0"),
    "TRANSPOSE_CONV": (5, "2.4.0"),
}


def to_model(program: Program, version: str, io: str = "int8") -> Model:
    """The file's contents. version: of tfq, for the provenance metadata. io: see `export`."""
    table = _TensorTable(rows_of(program))
    made = {step.output.name: step.output for step in program.steps} | {e.name: e for e in program.entries}
    inner = {e.name: f"{e.name}/{_kind(e).lower()}" if _wrapped(e, io) else e.name for e in program.entries}
    inputs, operators = [], []
    for entry in program.entries:
        if _wrapped(entry, io):
            inputs.append((entry.name, table.add(_outside(entry, io, entry.name))))
            body = table.activation(replace(entry, name=inner[entry.name]))
            operators.append(Operator("QUANTIZE", (inputs[-1][1],), (body,), {}, VERSIONS["QUANTIZE"][0]))
        else:
            inputs.append((entry.name, table.activation(entry)))
    table.alias(inner)
    operators += [_operator(step, table) for step in program.steps]
    outputs = []
    for name, tensor in program.outputs:
        index = table.index[tensor]
        if _wrapped(made[tensor], io):
            outside = table.add(_outside(made[tensor], io, f"{tensor}/{io}"))
            code = "DEQUANTIZE" if io == "float32" else "QUANTIZE"
            versions = VERSIONS_16 if code in VERSIONS_16 and _kind(made[tensor]) == "INT16" else VERSIONS
            operators.append(Operator(code, (index,), (outside,), {}, versions[code][0]))
            index = outside
        outputs.append((name, index))
    subgraph = Subgraph(
        tuple(table.tensors), tuple(operators), tuple(i for _, i in inputs), tuple(i for _, i in outputs), "main"
    )
    signature = Signature("serving_default", tuple(inputs), tuple(outputs))
    return Model((subgraph,), (signature,), _metadata(program, operators, version), "tfq")


def rows_of(program: Program) -> dict[str, int]:
    """How many rows of axis 0 one sample takes in each tensor: more than one where a reshape folds axes into it."""
    shapes = {entry.name: entry.shape for entry in program.entries}
    rows = dict.fromkeys(shapes, 1)
    for step in program.steps:
        source = next((name for name in step.inputs if isinstance(name, str)), "")
        rows[step.output.name] = rows.get(source, 1)
        if step.code == "RESHAPE":
            size = rows[source] * math.prod(d or 1 for d in shapes[source][1:])
            rows[step.output.name] = size // math.prod(d or 1 for d in step.output.shape[1:])
        shapes[step.output.name] = step.output.shape
    return rows


def _kind(value: Activation) -> str:
    """The type of a quantized tensor."""
    return "INT8" if value.grid is not None and value.grid.qmax <= 127 else "INT16"


def _wrapped(value: Activation, io: str) -> bool:
    """Whether a QUANTIZE or DEQUANTIZE stands between the network's edge and the file's."""
    return io != "int8" and value.grid is not None and _kind(value) != io.upper()


def _outside(value: Activation, io: str, name: str) -> Tensor:
    """The tensor of another type at the network's edge: the same grid as uint8, 128 up, or int16, around 0; or float32.

    Raises: TfqError: a tensor of 16 bits as uint8.
    """
    shape = tuple(1 if d is None else d for d in value.shape)
    signature = tuple(-1 if d is None else d for d in value.shape)
    if io == "float32" or value.grid is None:
        return Tensor(name, shape, "FLOAT32", shape_signature=signature)
    if io == "uint8" and _kind(value) == "INT16":
        raise TfqError(
            f"io='uint8': {value.name!r} has 16 bits, which uint8 does not hold; export with io='int16', "
            "or give it 8 bits by a rule of the recipe"
        )
    zero_point = np.asarray([int(value.grid.zero_point) + 128 if io == "uint8" else 0], np.int64)
    quantization = Quantization(np.asarray([value.grid.scale], np.float32), zero_point)
    return Tensor(name, shape, io.upper(), quantization, shape_signature=signature)


class _TensorTable:
    """Tensors in order of first mention, found by name."""

    def __init__(self, rows: Mapping[str, int]) -> None:
        self.rows = rows
        self.tensors: list[Tensor] = []
        self.index: dict[str, int] = {}

    def add(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return self.index.setdefault(tensor.name, len(self.tensors) - 1)

    def alias(self, names: Mapping[str, str]) -> None:
        """Lets the network find its inputs behind the quantizers at its edge."""
        for name, inner in names.items():
            self.index[name] = self.index[inner]

    def activation(self, value: Activation) -> int:
        shape = tuple(self.rows.get(value.name, 1) if d is None else d for d in value.shape)
        signature = tuple(-1 if d is None else d for d in value.shape)
        if value.grid is None:
            return self.add(Tensor(value.name, shape, value.type, shape_signature=signature))
        kind = _kind(value)
        quantization = Quantization(
            np.asarray([value.grid.scale], np.float32), np.asarray([int(value.grid.zero_point)], np.int64)
        )
        return self.add(Tensor(value.name, shape, kind, quantization, shape_signature=signature))

    def constant(self, value: Constant) -> int:
        quantization = None
        if value.scale is not None:
            scale = np.asarray(value.scale, np.float32)
            quantization = Quantization(scale, np.asarray(value.zero_point, np.int64), value.axis)
        kind = value.type or value.data.dtype.name.upper()
        return self.add(Tensor(value.name, value.data.shape, kind, quantization, np.ascontiguousarray(value.data)))


def _operator(step: Step, table: _TensorTable) -> Operator:
    inputs = []
    for source in step.inputs:
        if source is None:
            inputs.append(-1)
        elif isinstance(source, Constant):
            inputs.append(table.constant(source))
        else:
            inputs.append(table.index[source])
    output = table.activation(step.output)
    return Operator(step.code, tuple(inputs), (output,), dict(step.options), _version(step, inputs, table))


def _version(step: Step, inputs: list[int], table: _TensorTable) -> int:
    if step.code == "TRANSPOSE_CONV":
        return 3 if step.options["fused_activation_function"] == "NONE" else 4
    if step.output.grid is None and step.output.type == "FLOAT32" and step.code != "DEQUANTIZE":
        return _float_version(step)
    if _packed(step):
        return _PACKED_VERSIONS[step.code]
    if step.code == "CONV_2D" and table.tensors[inputs[0]].shape[3] != table.tensors[inputs[1]].shape[3]:
        return 6  # grouped
    if step.code in VERSIONS_16 and inputs[0] >= 0 and table.tensors[inputs[0]].type == "INT16":
        return VERSIONS_16[step.code][0]
    if step.code == "FULLY_CONNECTED" and step.options.get("keep_num_dims"):
        return 5
    return VERSIONS[step.code][0]


# Of ops with int4 weights.
_PACKED_VERSIONS = {"CONV_2D": 7, "FULLY_CONNECTED": 10}


def _packed(step: Step) -> bool:
    return any(isinstance(source, Constant) and source.type == "INT4" for source in step.inputs)


def _float_version(step: Step) -> int:
    dilated = step.options.get("dilation_h_factor", 1) > 1 or step.options.get("dilation_w_factor", 1) > 1
    return 2 if step.code == "DEPTHWISE_CONV_2D" and dilated else 5 if step.options.get("keep_num_dims") else 1


# Of versions that stand in no table above.
_RELEASES = {
    ("CONV_2D", 6): "2.9.0",
    ("CONV_2D", 7): "2.11.0",
    ("FULLY_CONNECTED", 5): "2.0.0",
    ("FULLY_CONNECTED", 10): "2.11.0",
}


def _runtime_of(operator: Operator) -> str:
    key = operator.code, operator.version
    wide = VERSIONS_16.get(operator.code)
    if key in _RELEASES:
        return _RELEASES[key]
    return (wide if wide and operator.version == wide[0] else VERSIONS[operator.code])[1]


def _metadata(program: Program, operators: list[Operator], version: str) -> dict[str, bytes]:
    newest = max((_runtime_of(o) for o in operators), key=lambda v: [int(n) for n in v.split(".")], default="1.5.0")
    provenance: dict[str, Any] = {"tool": "tfq", "version": version, "recipe": dict(program.recipe)}
    return {
        "min_runtime_version": newest.encode().ljust(16, b"\0"),
        "tfq": json.dumps(provenance, sort_keys=True).encode(),
    }
