"""The summary of a file: one row an op, totals, and the smells."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from tfq.inspect.sizes import activation_peak, macs, tensor_bytes, weight_bytes
from tfq.inspect.smells import smells
from tfq.tflite import read
from tfq.tflite.model import Model, Operator, Subgraph, Tensor


@dataclass(frozen=True)
class TensorRow:
    """One tensor. scale: None, one number, or (smallest, largest) where there is one a channel."""

    name: str
    shape: tuple[int, ...]
    type: str
    scale: float | tuple[float, float] | None
    zero_point: int | None
    channels: int = 0


@dataclass(frozen=True)
class OpRow:
    """One op. inputs: the activations that it reads; constants: weights, bias and the like, bytes of both together."""

    subgraph: int
    index: int
    code: str
    inputs: tuple[TensorRow, ...]
    constants: tuple[TensorRow, ...]
    outputs: tuple[TensorRow, ...]
    activation: str
    macs: int
    constant_bytes: int


@dataclass(frozen=True)
class Summary:
    """What `inspect` found. `print(summary)` is a table 100 columns wide; `to_json()` has every figure.

    macs: multiply-accumulates of one invocation at the stored shapes. weight_bytes: all constants.
    activation_peak: bytes of the activations alive at once at the worst op, main subgraph: a lower bound of the arena.
    """

    name: str
    bytes: int
    description: str
    inputs: tuple[TensorRow, ...]
    outputs: tuple[TensorRow, ...]
    signatures: tuple[str, ...]
    metadata: tuple[str, ...]
    ops: tuple[OpRow, ...]
    macs: int
    weight_bytes: int
    activation_peak: int
    smells: tuple[str, ...]

    def to_json(self) -> str:
        """The summary as a JSON object."""
        return json.dumps(asdict(self), indent=1)

    def __rich__(self):
        from tfq.inspect.table import table

        return table(self)

    def __str__(self) -> str:
        from tfq.inspect.table import text

        return text(self)


def inspect(model: str | os.PathLike | bytes) -> Summary:
    """Summary of a `.tflite`, given as a path or as bytes.

    Raises:
        TfqError: the file cannot be read.
    """
    parsed = read(model)
    size = len(model) if isinstance(model, bytes) else Path(model).stat().st_size
    main = parsed.main
    ops = tuple(
        _op_row(number, index, op, graph)
        for number, graph in enumerate(parsed.subgraphs)
        for index, op in enumerate(graph.operators)
    )
    return Summary(
        name="model" if isinstance(model, bytes) else Path(model).name,
        bytes=size,
        description=parsed.description,
        inputs=tuple(_tensor_row(main.tensors[i]) for i in main.inputs if i >= 0),
        outputs=tuple(_tensor_row(main.tensors[i]) for i in main.outputs if i >= 0),
        signatures=_signatures(parsed),
        metadata=tuple(parsed.metadata),
        ops=ops,
        macs=sum(row.macs for row in ops),
        weight_bytes=sum(weight_bytes(graph) for graph in parsed.subgraphs),
        activation_peak=activation_peak(main),
        smells=smells(parsed),
    )


def _tensor_row(tensor: Tensor) -> TensorRow:
    grid = tensor.quantization
    if grid is None or grid.scale.size == 0:
        return TensorRow(tensor.name, tensor.shape, tensor.type, None, None)
    if grid.per_channel:
        ends = float(grid.scale.min()), float(grid.scale.max())
        return TensorRow(tensor.name, tensor.shape, tensor.type, ends, None, grid.scale.size)
    return TensorRow(tensor.name, tensor.shape, tensor.type, float(grid.scale[0]), int(grid.zero_point[0]))


def _op_row(number: int, index: int, op: Operator, graph: Subgraph) -> OpRow:
    reads = [graph.tensors[i] for i in op.inputs if i >= 0]
    constants = [t for t in reads if t.data is not None]
    activation = op.options.get("fused_activation_function", "NONE")
    return OpRow(
        subgraph=number,
        index=index,
        code=op.custom_code or "CUSTOM" if op.code == "CUSTOM" else op.code,
        inputs=tuple(_tensor_row(t) for t in reads if t.data is None),
        constants=tuple(_tensor_row(t) for t in constants),
        outputs=tuple(_tensor_row(graph.tensors[i]) for i in op.outputs if i >= 0),
        activation="" if activation == "NONE" else str(activation),
        macs=macs(op, graph.tensors),
        constant_bytes=sum(tensor_bytes(t) for t in constants),
    )


def _signatures(model: Model) -> tuple[str, ...]:
    """serving_default(x) -> (y) for each signature."""
    return tuple(
        f"{s.key}({', '.join(name for name, _ in s.inputs)}) -> ({', '.join(name for name, _ in s.outputs)})"
        for s in model.signatures
    )
