"""The `.tflite` file as plain values: what `read` gives and `write` takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

# TensorType names whose values numpy holds directly; int4, uint4 and int2 are unpacked to one value per int8/uint8.
NUMPY_TYPES: Mapping[str, type] = MappingProxyType(
    {
        "FLOAT32": np.float32,
        "FLOAT16": np.float16,
        "FLOAT64": np.float64,
        "INT8": np.int8,
        "INT16": np.int16,
        "INT32": np.int32,
        "INT64": np.int64,
        "UINT8": np.uint8,
        "UINT16": np.uint16,
        "UINT32": np.uint32,
        "UINT64": np.uint64,
        "BOOL": np.bool_,
        "COMPLEX64": np.complex64,
        "COMPLEX128": np.complex128,
        "INT4": np.int8,
        "UINT4": np.uint8,
        "INT2": np.int8,
    }
)


@dataclass(frozen=True, eq=False)
class Quantization:
    """Affine parameters: real = scale * (stored - zero_point).

    scale: float32 [1] or [channels]. zero_point: int64, the same length.
    axis: the tensor axis that the channels run along (the schema's quantized_dimension). assumed: the file has no zero
    points; LiteRT takes 0.
    """

    scale: np.ndarray
    zero_point: np.ndarray
    axis: int = 0
    assumed: bool = False

    @property
    def per_channel(self) -> bool:
        return self.scale.size > 1


@dataclass(frozen=True, eq=False)
class Blockwise:
    """Weights with a scale for every `block_size` values along the last axis, kept in other tensors of the subgraph.

    scales, zero_points: tensor indices; zero_points is -1 where all of them are 0. values: the scales themselves, put
    here by `read` where they are a constant; `write` does not look at them.
    """

    scales: int
    zero_points: int = -1
    block_size: int = 0
    values: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor of a subgraph.

    shape: as stored (an unknown dimension is stored as 1). shape_signature: with -1 for dimensions that may be resized,
    or None. type: the schema's name ("INT8", "FLOAT32", "INT4", ...). data: the constant's values in `shape`, or None;
    of a type that numpy lacks (STRING, BFLOAT16, FLOAT8_*) its raw bytes as uint8 [bytes]. blockwise: set instead of
    quantization, rarely.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    quantization: Quantization | None = None
    data: np.ndarray | None = None
    shape_signature: tuple[int, ...] | None = None
    is_variable: bool = False
    blockwise: Blockwise | None = None

    @property
    def dtype(self) -> np.dtype:
        """numpy dtype of the values (int8 for INT4). Raises KeyError for types outside NUMPY_TYPES."""
        return np.dtype(NUMPY_TYPES[self.type])


@dataclass(frozen=True, eq=False)
class Operator:
    """One op: `code` is the builtin's name ("CONV_2D") or "CUSTOM".

    inputs, outputs: tensor indices, -1 for an absent input. options: the schema's option fields in snake_case; enums as
    their names ("SAME", "RELU6"), vectors as tuples. Read from a file it has every field of the op's table, with the
    schema's default where the file is silent.
    """

    code: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    custom_code: str = ""
    custom_options: bytes = b""
    intermediates: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Subgraph:
    """Ops in execution order over one list of tensors."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    name: str = ""


@dataclass(frozen=True, eq=False)
class Signature:
    """A named entry point: (name, tensor index) pairs in the model's own order."""

    key: str
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]
    subgraph: int = 0


@dataclass(frozen=True, eq=False)
class Model:
    """A whole file. metadata: name -> raw bytes."""

    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...] = ()
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    description: str = ""

    @property
    def main(self) -> Subgraph:
        return self.subgraphs[0]
