"""A bench as a table, 100 columns wide."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from tfq.parity.bench import Bench

WIDTH = 100
ROWS = 20


def text(found: Bench) -> str:
    """The table without colours."""
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False).print(table(found))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def table(found: Bench) -> Group:
    """tfq and the runtimes side by side, then the ops that take longest."""
    head = f"{found.model}: one thread, median of {found.rounds} rounds; loaded in {found.load_milliseconds:.0f} ms"
    return Group(Text(head), _sides(found), Text(""), *_ops(found))


def _sides(found: Bench) -> Table:
    grid = _grid(("", False), ("batch", True), ("ms a sample", True), ("litert / tfq", True), ("xnnpack / tfq", True))
    for each in found.tfq:
        ratios = ("" if ratio is None else f"{ratio:.2f}" for ratio in (each.litert, each.xnnpack))
        grid.add_row(f"tfq ({found.numerics})", str(each.batch), f"{each.milliseconds:.3f}", *ratios)
    for name, value in found.runtimes.items():
        shown = (value, "", "", "") if isinstance(value, str) else ("1", f"{value:.3f}", "", "")
        grid.add_row(name, *shown)
    return grid


def _ops(found: Bench) -> list[Text | Table]:
    longest = sorted(found.profile, key=lambda op: -op.milliseconds)[:ROWS]
    grid = _grid(("#", True), ("op", False), ("output", False), ("us a sample", True), ("part", True))
    for op in longest:
        shape = "x".join(str(size) for size in op.shape)
        grid.add_row(str(op.index), op.code, shape, f"{op.milliseconds * 1e3:.1f}", f"{op.share:.1%}")
    of = f"the {ROWS} longest of {len(found.profile)} ops" if len(found.profile) > ROWS else "the ops, longest first"
    return [Text(f"tfq's own time at batch {found.profile_batch}, {of}"), grid]


def _grid(*columns: tuple[str, bool]) -> Table:
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name, right in columns:
        grid.add_column(name, justify="right" if right else "left")
    return grid
