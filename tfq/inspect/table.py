"""The summary as a table, 100 columns wide."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from tfq.inspect.summary import OpRow, Summary, TensorRow

WIDTH = 100


def text(summary: Summary) -> str:
    """The table without colours."""
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False).print(table(summary))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def table(summary: Summary) -> Group:
    """The file's figures, a row an op, and the smells."""
    parts: list[Table | Text] = [Text(line) for line in _head(summary)]
    parts += [_ops(summary), Text(_totals(summary))]
    if summary.smells:
        parts.append(Text(f"{len(summary.smells)} smell{'s' if len(summary.smells) > 1 else ''}", style="bold yellow"))
        parts.append(_lines(summary.smells))
    else:
        parts.append(Text("no smells", style="green"))
    return Group(*parts)


def _lines(smells: Sequence[str]) -> Table:
    grid = Table.grid(padding=(0, 1))
    for line in smells:
        grid.add_row(" !", Text(line), style="yellow")
    return grid


def _head(summary: Summary) -> list[str]:
    lines = [
        f"{summary.name}: {count_bytes(summary.bytes)}" + (f", {summary.description}" if summary.description else "")
    ]
    lines += [f"  input   {_tensor(row)}" for row in summary.inputs]
    lines += [f"  output  {_tensor(row)}" for row in summary.outputs]
    lines += [f"  signature {name}" for name in summary.signatures]
    return lines


def _tensor(row: TensorRow) -> str:
    grid = f", scale {_scale(row)}, zero point {row.zero_point}" if row.zero_point is not None else ""
    return f"{row.name}: {row.type.lower()} {list(row.shape)}{grid}"


def _ops(summary: Summary) -> Table:
    grid = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name, right in (("#", True), ("op", False), ("output", False), ("type", False), ("scale", True), ("zp", True)):
        grid.add_column(name, justify="right" if right else "left", no_wrap=name != "type")
    for name in ("MACs", "weights", "w scales"):
        grid.add_column(name, justify="right", no_wrap=True)
    several = any(row.subgraph for row in summary.ops)
    for row in summary.ops:
        grid.add_row(f"{row.subgraph}:{row.index}" if several else str(row.index), *_cells(row))
    return grid


def _cells(row: OpRow) -> tuple[str, ...]:
    out = row.outputs[0] if row.outputs else None
    weights = next((c for c in row.constants if c.scale is not None), None)
    return (
        row.code + (f" +{row.activation}" if row.activation else ""),
        "x".join(str(d) for d in out.shape) if out else "",
        _types(row),
        _scale(out) if out else "",
        "" if out is None or out.zero_point is None else str(out.zero_point),
        count(row.macs) if row.macs else "",
        count_bytes(row.constant_bytes) if row.constant_bytes else "",
        "" if weights is None else f"{weights.channels} ch" if weights.channels else _scale(weights),
    )


def _types(row: OpRow) -> str:
    """int8, or int8 > float32 where the op changes the type."""
    given = dict.fromkeys(r.type.lower() for r in row.inputs)
    made = dict.fromkeys(r.type.lower() for r in row.outputs)
    return ",".join(made) if not given or given.keys() == made.keys() else f"{','.join(given)} > {','.join(made)}"


def _scale(row: TensorRow) -> str:
    if row.scale is None:
        return ""
    return f"{row.scale:.4g}" if isinstance(row.scale, float) else f"{row.scale[0]:.3g}..{row.scale[1]:.3g}"


def _totals(summary: Summary) -> str:
    return (
        f"{len(summary.ops)} ops, {count(summary.macs)} MACs, constants {count_bytes(summary.weight_bytes)}, "
        f"activations at least {count_bytes(summary.activation_peak)} at once"
    )


def count(number: int) -> str:
    """12.5 M for 12,500,000."""
    for unit, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= 10 * factor or (number >= factor and unit != "k"):
            return f"{number / factor:.4g} {unit}"
    return str(number)


def count_bytes(number: int) -> str:
    """54.3 kB for 54,321 bytes; powers of ten."""
    return f"{number} B" if number < 1000 else f"{number / 1e3:.4g} kB" if number < 1e6 else f"{number / 1e6:.4g} MB"
