"""The report as a table, 100 columns wide."""

from __future__ import annotations

import io

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from tfq.parity.difference import Difference
from tfq.parity.report import ABSENT, EQUAL, SAME, KerasResult, OpResult, Report, RuntimeResult

WIDTH = 100
ROWS = 20


def text(report: Report) -> str:
    """The table without colours."""
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False).print(
        table(report), crop=False
    )
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def table(report: Report) -> Group:
    """A row a runtime, the ops that differ, Keras layer by layer, and the verdict."""
    parts: list[Table | Text] = [Text(f"{report.model}: {report.samples} samples, {report.inputs}"), _runtimes(report)]
    for result in report.runtimes:
        if not result.ok:
            parts.append(Text(runtime_line(result), style="red"))
        if result.tensors.different:
            parts.append(_ops(result))
    if report.keras is not None:
        parts += [Text(keras_line(report.keras), style="green" if report.keras.ok else "red"), _layers(report.keras)]
    # A path in one piece, however long.
    parts += [Text(f"reproducer: {path}", no_wrap=True, overflow="ignore") for path in report.reproducers]
    return Group(*parts, _verdict(report))


def _verdict(report: Report) -> Text:
    if report.ok:
        return Text("parity holds", style="bold green")
    nothing = all(result.status == ABSENT for result in report.runtimes) and report.keras is None
    return Text("nothing compared: no runtime is available here" if nothing else "parity fails", style="bold red")


def runtime_line(result: RuntimeResult) -> str:
    """One line that says what is wrong with a runtime, or that nothing is."""
    if result.reason:
        return f"{result.runtime}: {result.status}: {result.reason}"
    if result.status == EQUAL:
        return f"{result.runtime}: equal"
    if result.first is None:
        where = result.outputs.first or result.outputs.note
        return f"{result.runtime}: no op differs by itself, the deployed graph's outputs do (fused ops?): {where}"
    op = result.first
    where = op.own.note or str(op.own.first)
    return f"{result.runtime}: first op that differs: {op.index} {op.code} {_short(op.tensor)!r}, {where}"


def keras_line(result: KerasResult) -> str:
    """One line on Keras against the file."""
    total = result.compared
    line = f"Keras against {result.against}: {_share(total)} integers differ"
    layer = result.first
    if layer is not None and layer.difference is not None:
        line += f", at most {_largest(layer.difference)} in the first layer that parts, {_short(layer.tensor)!r}: "
        line += layer.difference.note or str(layer.difference.first)
    if result.missing:
        line += f"; the file has no tensor {', '.join(result.missing)}"
    return line


def _runtimes(report: Report) -> Table:
    grid = _grid(("runtime", False), ("version", False), ("result", False))
    for name in ("outputs off", "tensors off", "largest"):
        grid.add_column(name, justify="right")
    grid.add_column("first op", no_wrap=True)
    for result in report.runtimes:
        total = result.tensors + result.outputs
        ran = result.outputs.compared > 0
        grid.add_row(
            result.runtime,
            result.version,
            Text(
                result.status,
                style="green" if result.status == EQUAL else "yellow" if result.status == ABSENT else "red",
            ),
            _share(result.outputs) if ran else "",
            _share(result.tensors) if result.tensors.compared else "",
            _largest(total) if ran else "",
            f"{result.first.index} {result.first.code}" if result.first else "",
        )
    return grid


def _ops(result: RuntimeResult) -> Table:
    """The ops whose own output differs first in order, then those that only inherited."""
    grid = _grid(
        ("#", True),
        ("op", False),
        ("tensor", False),
        ("own", True),
        ("own largest", True),
        ("total", True),
        ("total largest", True),
    )
    rows = [op for op in result.ops if op.total.different or op.own.different]
    for op in rows[:ROWS]:
        grid.add_row(str(op.index), op.code, _short(op.tensor), *_counts(op))
    if len(rows) > ROWS:
        grid.add_row("", "", f"{len(rows) - ROWS} more ops: see the JSON report", "", "", "", "")
    return grid


def _counts(op: OpResult) -> tuple[str, ...]:
    return (str(op.own.different), _largest(op.own), _share(op.total), _largest(op.total))


def _layers(result: KerasResult) -> Table:
    decibels = any(layer.sqnr is not None for layer in result.layers)
    grid = _grid(("tensor", False), ("Keras off", True), ("largest", True))
    if decibels:
        grid.add_column("float/int8", justify="right")
    for layer in result.layers:
        counts = ("", "") if layer.difference is None else (_share(layer.difference), _largest(layer.difference))
        noise = ("",) if layer.sqnr is None else ("same" if layer.sqnr >= SAME else f"{layer.sqnr:.1f} dB",)
        grid.add_row(_short(layer.tensor, 60), *counts, *(noise if decibels else ()))
    return grid


def _grid(*columns: tuple[str, bool]) -> Table:
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name, right in columns:
        grid.add_column(name, justify="right" if right else "left")
    return grid


def _share(d: Difference) -> str:
    return f"{d.different:,} of {d.compared:,}"


def _largest(d: Difference) -> str:
    return "0" if not d.different else "shape" if d.note and not d.largest else f"{d.largest:.6g} {d.unit}"


def _short(name: str, length: int = 32) -> str:
    return name if len(name) <= length else "…" + name[1 - length :]
