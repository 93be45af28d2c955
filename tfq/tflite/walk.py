"""One walk over a hostile file: every index, size and code is checked before it is used.

Source: google-ai-edge/LiteRT tflite/converter/schema/schema.fbs (the format), tflite/core/interpreter_builder.cc (what
the runtime checks).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfq.errors import TfqError, Unsupported
from tfq.tflite import constants, flat, options
from tfq.tflite.affine import read_quantization
from tfq.tflite.model import NUMPY_TYPES, Model, Operator, Signature, Subgraph, Tensor

TYPES = options.names(schema.TensorType)
MAX_RANK = 32  # numpy stops at 64, LiteRT's kernels at 8
MAX_VALUES = 2**40  # no tensor is that large: a shape beyond is damage


def walk(data: memoryview) -> Model:
    """The model in the bytes of a file. Raises TfqError, Unsupported."""
    return _Walk(flat.File(data)).model()


def _with_scales(tensor: Tensor, tensors: Sequence[Tensor]) -> Tensor:
    """The tensor, with the values of the scales that it keeps in another one."""
    if tensor.blockwise is None:
        return tensor
    return replace(tensor, blockwise=replace(tensor.blockwise, values=tensors[tensor.blockwise.scales].data))


def _within(place: str, error: TfqError) -> TfqError:
    return type(error)(f"{place}: {error}")


class _Walk:
    """One walk over one file."""

    def __init__(self, file: flat.File) -> None:
        self.file = file
        self.unpacked: dict[tuple[int, int, str], np.ndarray] = {}

    def model(self) -> Model:
        data = self.file.data
        if bytes(data[4:8]) != b"TFL3":
            raise TfqError(
                f"not a .tflite: bytes 4 to 7 are {bytes(data[4:8])!r}, expected b'TFL3'; give an exported model"
            )
        root = schema.Model()
        root._tab = self.file.root()
        if root.Version() != 3:
            raise TfqError(
                f"schema version {root.Version()}, expected 3; convert the model again with a newer converter"
            )
        self.buffers = list(flat.children(root, "Buffers"))
        self.codes = [self._code(i, code) for i, code in enumerate(flat.children(root, "OperatorCodes"))]
        subgraphs = []
        for i, graph in enumerate(flat.children(root, "Subgraphs")):
            try:
                subgraphs.append(self._subgraph(graph))
            except TfqError as error:
                raise _within(f"subgraph {i}", error) from None
        if not subgraphs:
            raise TfqError("the model has no subgraph; export it again")
        return Model(
            subgraphs=tuple(subgraphs),
            signatures=self._signatures(root, subgraphs),
            metadata=self._metadata(root),
            description=flat.text(root.Description(), "the description"),
        )

    def _code(self, place: int, code: Any) -> tuple[str, str, int]:
        """(builtin name, custom code, version) of one OperatorCode."""
        # The old int8 field says 127 for all newer ops; old files have only it.
        number = max(code.DeprecatedBuiltinCode(), code.BuiltinCode())
        if number not in options.BUILTINS:
            known = max(options.BUILTINS)
            raise Unsupported(
                f"operator code {place}: builtin {number} is unknown, expected 0 to {known}; update ai-edge-litert"
            )
        return options.BUILTINS[number], flat.text(code.CustomCode(), f"custom code {place}"), code.Version()

    def _subgraph(self, graph: Any) -> Subgraph:
        count = graph.TensorsLength()
        operators = []
        for i, operator in enumerate(flat.children(graph, "Operators")):
            try:
                operators.append(self._operator(operator, count))
            except TfqError as error:
                raise _within(f"op {i}", error) from None
        inputs = _indices(flat.numbers(graph, "Inputs"), count, "inputs")
        written = set(inputs).union(*(operator.outputs for operator in operators))
        tensors = [self._tensor(i, t, i in written, count) for i, t in enumerate(flat.children(graph, "Tensors"))]
        return Subgraph(
            tensors=tuple(_with_scales(tensor, tensors) for tensor in tensors),
            operators=tuple(operators),
            inputs=inputs,
            outputs=_indices(flat.numbers(graph, "Outputs"), count, "outputs"),
            name=flat.text(graph.Name(), "its name"),
        )

    def _operator(self, operator: Any, tensors: int) -> Operator:
        index = operator.OpcodeIndex()
        if index >= len(self.codes):
            raise flat.damaged(f"it has operator code {index}, the file has {len(self.codes)}")
        code, custom_code, version = self.codes[index]
        try:
            return Operator(
                code=code,
                inputs=_indices(flat.numbers(operator, "Inputs"), tensors, "inputs", absent=-1),
                outputs=_indices(flat.numbers(operator, "Outputs"), tensors, "outputs"),
                options=options.read_options(operator, code),
                version=version,
                custom_code=custom_code,
                custom_options=self._custom_options(operator),
                intermediates=_indices(flat.numbers(operator, "Intermediates"), tensors, "intermediates", absent=-1),
            )
        except TfqError as error:
            raise _within(f"{code} {custom_code[:80]!r}" if custom_code else code, error) from None

    def _custom_options(self, operator: Any) -> bytes:
        raw = flat.numbers(operator, "CustomOptions")
        if raw is not None:
            return raw.tobytes()
        return self._copied(self._far(operator.LargeCustomOptionsOffset(), operator.LargeCustomOptionsSize()))

    def _copied(self, place: tuple[int, int] | None) -> bytes:
        start, size = place or (0, 0)
        self.file.spend(size)
        return bytes(self.file.data[start : start + size])

    def _far(self, start: int, size: int) -> tuple[int, int] | None:
        """Checked bytes named by their offset in the file (files above 2 GB); offsets 0 and 1 mean none."""
        if start <= 1:
            return None
        self.file.check(start, size, len(self.file.data))
        return start, size

    def _buffer(self, index: int) -> tuple[int, int] | None:
        """(start, size) of a buffer's bytes, None for a buffer without data."""
        if index >= len(self.buffers):
            raise flat.damaged(f"it has buffer {index}, the file has {len(self.buffers)}")
        buffer = self.buffers[index]
        if field := buffer._tab.Offset(4):
            start, size = buffer._tab.Vector(field), buffer.DataLength()
            self.file.check(start, size)
            return start, size
        return self._far(buffer.Offset(), buffer.Size())

    def _tensor(self, index: int, tensor: Any, written: bool, tensors: int) -> Tensor:
        """written: whether an op or the caller fills the tensor."""
        place = f"tensor {index}"
        try:
            name = flat.text(tensor.Name(), "its name")
            place = f"tensor {index} {name[:80]!r}"
            type_ = TYPES.get(tensor.Type(), "")
            if not type_:
                raise flat.damaged(f"its type is {tensor.Type()}, expected 0 to {max(TYPES)}")
            if tensor.Sparsity() is not None:
                raise Unsupported("its weights are sparse; export the model with dense weights")
            if getattr(tensor, "ExternalBuffer", int)():
                raise Unsupported("its values are in another file; export the model as one file")
            shape = _shape(flat.numbers(tensor, "Shape"), "shape", 0)
            signature = flat.numbers(tensor, "ShapeSignature")
            if signature is not None and signature.size not in (0, len(shape)):
                raise flat.damaged(f"its shape_signature has {signature.size} dimensions, its shape {len(shape)}")
            quantization, blockwise = read_quantization(tensor, shape, type_, tensors)
            return Tensor(
                name=name,
                shape=shape,
                type=type_,
                quantization=quantization,
                data=self._constant(tensor, shape, type_, written),
                shape_signature=None if signature is None else _shape(signature, "shape_signature", -1),
                is_variable=tensor.IsVariable(),
                blockwise=blockwise,
            )
        except TfqError as error:
            raise _within(place, error) from None

    def _constant(self, tensor: Any, shape: tuple[int, ...], type_: str, written: bool) -> np.ndarray | None:
        found = self._buffer(tensor.Buffer())
        if found is None:
            return None
        start, size = found
        expected = constants.stored_size(shape, type_)
        # An empty buffer says "no constant", except where a constant has no values at all (a reduction over no axes).
        if size == 0 and (expected != 0 or written or tensor.IsVariable()):
            return None
        if expected is not None and size != expected:
            raise flat.damaged(f"its constant has {size} bytes, {type_} {list(shape)} takes {expected}")
        if type_ in constants.SUB_BYTE:
            return self._unpacked(start, size, type_, math.prod(shape)).reshape(shape)
        if type_ not in NUMPY_TYPES:
            return np.frombuffer(self.file.data, np.uint8, size, start)
        dtype = np.dtype(NUMPY_TYPES[type_])
        values = np.frombuffer(self.file.data, dtype, size // dtype.itemsize, start).reshape(shape)
        return values if type_ != "BOOL" else self._truths(values)

    def _unpacked(self, start: int, size: int, type_: str, count: int) -> np.ndarray:
        """Sub-byte values [count]; tensors that share a buffer share the copy."""
        key = (start, count, type_)
        if key not in self.unpacked:
            self.file.spend(size)
            values = constants.unpack(np.frombuffer(self.file.data, np.uint8, size, start), count, type_)
            values.flags.writeable = False
            self.unpacked[key] = values
        return self.unpacked[key]

    def _truths(self, values: np.ndarray) -> np.ndarray:
        """numpy takes any byte for a bool but computes wrongly with others than 0 and 1."""
        self.file.spend(values.size)
        if values.size and values.view(np.uint8).max() > 1:
            raise flat.damaged("its BOOL constant has bytes other than 0 and 1")
        return values

    def _signatures(self, root: Any, subgraphs: list[Subgraph]) -> tuple[Signature, ...]:
        found = []
        for i, signature in enumerate(flat.children(root, "SignatureDefs")):
            try:
                subgraph = signature.SubgraphIndex()
                if subgraph >= len(subgraphs):
                    raise flat.damaged(f"it has subgraph {subgraph}, the file has {len(subgraphs)}")
                count = len(subgraphs[subgraph].tensors)
                key = flat.text(signature.SignatureKey(), "its key")
                inputs, outputs = _pairs(signature, "Inputs", count), _pairs(signature, "Outputs", count)
                found.append(Signature(key, inputs, outputs, subgraph))
            except TfqError as error:
                raise _within(f"signature {i}", error) from None
        return tuple(found)

    def _metadata(self, root: Any) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for i, entry in enumerate(flat.children(root, "Metadata")):
            try:
                name = flat.text(entry.Name(), "its name")
                found.setdefault(name, self._copied(self._buffer(entry.Buffer())))
            except TfqError as error:
                raise _within(f"metadata {i}", error) from None
        return found


def _pairs(signature: Any, field: str, tensors: int) -> tuple[tuple[str, int], ...]:
    """(name, tensor index) of a signature's Inputs or Outputs."""
    pairs = []
    for entry in flat.children(signature, field):
        index = entry.TensorIndex()
        if index >= tensors:
            raise flat.damaged(f"it has tensor {index}, its subgraph has {tensors}")
        pairs.append((flat.text(entry.Name(), f"a name in its {field.lower()}"), index))
    return tuple(pairs)


def _indices(values: np.ndarray | None, tensors: int, what: str, absent: int = 0) -> tuple[int, ...]:
    """Tensor indices, each in [absent, tensors)."""
    if values is None or not values.size:
        return ()
    wrong = values[(values < absent) | (values >= tensors)]
    if wrong.size:
        raise flat.damaged(f"its {what} have tensor {wrong[0]}, the subgraph has {tensors}")
    return tuple(values.tolist())


def _shape(values: np.ndarray | None, what: str, lowest: int) -> tuple[int, ...]:
    if values is None:
        return ()
    if values.size > MAX_RANK:
        raise flat.damaged(f"its {what} has {values.size} dimensions, tfq takes {MAX_RANK}")
    sizes = values.tolist()
    if min(sizes, default=0) < lowest:
        raise flat.damaged(f"its {what} is {sizes}, expected dimensions from {lowest}")
    if math.prod([max(size, 1) for size in sizes]) > MAX_VALUES:
        raise flat.damaged(f"its {what} is {sizes}, more than {MAX_VALUES} values")
    return tuple(sizes)
