"""A `Model` as the generated schema objects, packed.

Source: google-ai-edge/LiteRT tflite/converter/schema/schema.fbs; google/flatbuffers python/flatbuffers/builder.py.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfq.errors import TfqError, Unsupported
from tfq.tflite import constants, options
from tfq.tflite.affine import check
from tfq.tflite.model import (
    NUMPY_TYPES,
    Model,
    Operator,
    Signature,
    Subgraph,
    Tensor,
)

ALIGNMENT = 16  # the schema's force_align of Buffer.data, which generated Python does not heed
MAX_BYTES = 2**31 - 2**24  # FlatBuffers end at 2 GB; the rest is for what is not a constant
TYPES = {name: number for number, name in options.names(schema.TensorType).items()}
BUILTINS = {name: number for number, name in options.BUILTINS.items()}
PLACEHOLDER = schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES  # what the old int8 field says for newer ops


class _AlignedBuffer(schema.BufferT):
    """A buffer whose bytes start at a multiple of 16 in the file."""

    def Pack(self, builder: flatbuffers.Builder) -> int:
        raw = self.data
        if raw is not None:
            builder.StartVector(1, raw.size, ALIGNMENT)
            builder.head -= raw.size
            builder.Bytes[builder.head : builder.head + raw.size] = raw.data
            vector = builder.EndVector()
        schema.BufferStart(builder)
        if raw is not None:
            schema.BufferAddData(builder, vector)
        return schema.BufferEnd(builder)


class _Buffers:
    """The file's buffers: the empty one first, then each different content once."""

    def __init__(self) -> None:
        self.packed: list[schema.BufferT] = [_AlignedBuffer()]
        self.places: dict[bytes, int] = {}
        self.size = 0

    def add(self, raw: np.ndarray) -> int:
        """The index of the buffer that holds these bytes. raw: uint8 [bytes]."""
        digest = hashlib.sha256(raw.data).digest()
        if digest not in self.places:
            self.places[digest] = len(self.packed)
            self.packed.append(_AlignedBuffer(data=raw))
            self.size += raw.size + 64
        return self.places[digest]


class _Codes:
    """The file's operator codes in the order of their first use."""

    def __init__(self) -> None:
        self.packed: list[schema.OperatorCodeT] = []
        self.places: dict[tuple[str, str], int] = {}

    def add(self, operator: Operator) -> int:
        """The index of the operator's code, raised to its version."""
        if operator.code not in BUILTINS:
            raise Unsupported(f"{operator.code} is no builtin of the schema")
        key = (operator.code, operator.custom_code)
        if key not in self.places:
            self.places[key] = len(self.packed)
            number = BUILTINS[operator.code]
            self.packed.append(
                schema.OperatorCodeT(
                    deprecatedBuiltinCode=min(number, PLACEHOLDER),
                    customCode=operator.custom_code or None,
                    version=operator.version,
                    builtinCode=number,
                )
            )
        code = self.packed[self.places[key]]
        code.version = max(code.version, operator.version)
        return self.places[key]


def build(model: Model) -> bytes:
    """The file's bytes. Raises TfqError, Unsupported."""
    if not model.subgraphs:
        raise TfqError("the model has no subgraph; give it one")
    buffers, codes = _Buffers(), _Codes()
    subgraphs = [_subgraph(i, graph, buffers, codes) for i, graph in enumerate(model.subgraphs)]
    signatures = [_signature(signature, model) for signature in model.signatures]
    metadata = [
        schema.MetadataT(name=name, buffer=buffers.add(np.frombuffer(raw, np.uint8)))
        for name, raw in model.metadata.items()
    ]
    if buffers.size > MAX_BYTES:
        raise Unsupported(
            f"the constants take {buffers.size} bytes, a .tflite holds {MAX_BYTES}; make the model smaller"
        )
    packed = schema.ModelT(
        version=3,
        operatorCodes=codes.packed,
        subgraphs=subgraphs,
        description=model.description or None,
        buffers=buffers.packed,
        metadata=metadata or None,
        signatureDefs=signatures or None,
    )
    # Room for everything at once: growing copies the file built so far.
    builder = flatbuffers.Builder(buffers.size + 2**20)
    try:
        builder.Finish(packed.Pack(builder), file_identifier=b"TFL3")
    except (TypeError, ValueError, struct.error) as error:
        raise TfqError(f"an option, shape or name does not fit the schema: {error}") from None
    return bytes(memoryview(builder.Bytes)[builder.Head() :])


def _subgraph(place: int, graph: Subgraph, buffers: _Buffers, codes: _Codes) -> schema.SubGraphT:
    count = len(graph.tensors)
    tensors, operators = [], []
    for i, tensor in enumerate(graph.tensors):
        try:
            tensors.append(_tensor(tensor, buffers, count))
        except TfqError as error:
            raise type(error)(f"subgraph {place}: tensor {i} {tensor.name!r}: {error}") from None
    for i, operator in enumerate(graph.operators):
        try:
            operators.append(_operator(operator, codes, count))
        except TfqError as error:
            raise type(error)(f"subgraph {place}: op {i}: {error}") from None
    return schema.SubGraphT(
        tensors=tensors,
        inputs=_indices(graph.inputs, count, "the subgraph's inputs"),
        outputs=_indices(graph.outputs, count, "the subgraph's outputs"),
        operators=operators,
        name=graph.name or None,
    )


def _operator(operator: Operator, codes: _Codes, tensors: int) -> schema.OperatorT:
    raw = np.frombuffer(operator.custom_options, np.uint8)
    return schema.OperatorT(
        opcodeIndex=codes.add(operator),
        inputs=_indices(operator.inputs, tensors, f"{operator.code}'s inputs", absent=-1),
        outputs=_indices(operator.outputs, tensors, f"{operator.code}'s outputs"),
        customOptions=raw if raw.size else None,
        intermediates=_indices(
            operator.intermediates,
            tensors,
            f"{operator.code}'s intermediates",
            absent=-1,
        )
        or None,
        **options.write_options(operator.code, operator.options),
    )


def _tensor(tensor: Tensor, buffers: _Buffers, tensors: int) -> schema.TensorT:
    if tensor.type not in TYPES:
        raise Unsupported(f"{tensor.type} is no tensor type of the schema")
    signature = tensor.shape_signature
    return schema.TensorT(
        shape=list(tensor.shape),
        type=TYPES[tensor.type],
        buffer=0 if tensor.data is None else buffers.add(_raw(tensor)),
        name=tensor.name or None,
        quantization=_quantization(tensor, tensors),
        isVariable=tensor.is_variable,
        shapeSignature=None if signature is None else list(signature),
        hasRank=True,
    )


def _raw(tensor: Tensor) -> np.ndarray:
    """A constant's bytes in the file, uint8 [bytes]."""
    data = np.asarray(tensor.data)
    known = tensor.type in NUMPY_TYPES
    if known and (data.shape != tensor.shape or data.dtype != tensor.dtype):
        wanted = f"{tensor.dtype} {list(tensor.shape)}"
        raise TfqError(f"its data is {data.dtype} {list(data.shape)}, expected {wanted} for {tensor.type}")
    if tensor.type in constants.SUB_BYTE:
        return constants.pack(data, tensor.type)
    return np.ascontiguousarray(data).reshape(-1).view(np.uint8)


def _quantization(tensor: Tensor, tensors: int) -> schema.QuantizationParametersT | None:
    if tensor.blockwise is not None:
        blocks = tensor.blockwise
        _indices((blocks.scales, blocks.zero_points), tensors, "its block scales", absent=-1)
        details = schema.BlockwiseQuantizationT(blocks.scales, blocks.zero_points, blocks.block_size)
        kind = schema.QuantizationDetails.BlockwiseQuantization
        return schema.QuantizationParametersT(detailsType=kind, details=details)
    quantization = tensor.quantization
    if quantization is None:
        return None
    check(quantization, tensor.shape, tensor.type)
    return schema.QuantizationParametersT(
        scale=np.ascontiguousarray(quantization.scale, np.float32),
        zeroPoint=np.ascontiguousarray(quantization.zero_point, np.int64),
        quantizedDimension=quantization.axis,
    )


def _signature(signature: Signature, model: Model) -> schema.SignatureDefT:
    if not 0 <= signature.subgraph < len(model.subgraphs):
        raise TfqError(f"signature {signature.key!r} has subgraph {signature.subgraph} of {len(model.subgraphs)}")
    count = len(model.subgraphs[signature.subgraph].tensors)

    def pairs(named: Iterable[tuple[str, int]]) -> list[Any]:
        _indices([index for _, index in named], count, f"signature {signature.key!r}")
        return [schema.TensorMapT(name=name, tensorIndex=index) for name, index in named]

    return schema.SignatureDefT(
        inputs=pairs(signature.inputs),
        outputs=pairs(signature.outputs),
        signatureKey=signature.key,
        subgraphIndex=signature.subgraph,
    )


def _indices(values: Iterable[int], tensors: int, what: str, absent: int = 0) -> list[int]:
    """The tensor indices, each in [absent, tensors)."""
    found = [int(value) for value in values]
    if wrong := [value for value in found if not absent <= value < tensors]:
        raise TfqError(f"{what} have tensor {wrong[0]}, the subgraph has {tensors}")
    return found
