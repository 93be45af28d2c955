"""The table that ends a run, and its figures as plain values."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from tfq.parity.difference import Difference
from tfq.train.evaluate import Row

WIDTH = 100


@dataclass(frozen=True)
class Outcome:
    """What a finished run shows: print(outcome) is the table.

    samples: of the test split. file: model.tflite in words. seconds: by stage.
    """

    run: Path
    rows: tuple[Row, ...]
    samples: int
    file: str
    seconds: dict[str, float]

    @property
    def ok(self) -> bool:
        """Whether no integer differs anywhere."""
        return all(row.ok for row in self.rows)

    def metrics(self) -> dict[str, Any]:
        """Plain values for metrics.json; all but `seconds` are the same for the same seed on the same machine."""
        rows = [
            {
                "network": row.network,
                "by": row.by,
                "accuracy": row.accuracy,
                "against": row.against,
                "logits": _counts(row.logits),
                "outputs": _counts(row.outputs),
                "note": row.note,
            }
            for row in self.rows
        ]
        return {"ok": self.ok, "samples": self.samples, "rows": rows, "file": self.file, "seconds": self.seconds}

    def __rich__(self) -> Group:
        return Group(table(self.rows), *(Text(line, style=style) for line, style in self._lines()))

    def __str__(self) -> str:
        out = io.StringIO()
        Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False).print(self)
        return "\n".join(line.rstrip() for line in out.getvalue().splitlines())

    def _lines(self) -> list[tuple[str, str]]:
        lines = [(f"{row.network}, {row.by}: {row.note}", "red") for row in self.rows if not row.ok and row.note]
        verdict = ("no integer differs", "bold green") if self.ok else ("integers differ", "bold red")
        spent = ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in self.seconds.items())
        about = f"{self.samples} test samples; {spent}"
        return [*lines, (about, ""), (f"{self.run / 'model.tflite'}: {self.file}", ""), verdict]


def table(rows: Sequence[Row]) -> Table:
    """A line a row."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("network", "computed by", "accuracy", "logits off", "outputs off", "compared with"):
        grid.add_column(name, justify="right" if name in ("accuracy", "logits off", "outputs off") else "left")
    for row in rows:
        share = "" if row.accuracy is None else f"{row.accuracy:.2%}"
        last = row.note if row.accuracy is None else row.against
        style = "" if row.ok else "red"
        grid.add_row(row.network, row.by, share, _share(row.logits), _share(row.outputs), last, style=style)
    return grid


def _share(found: Difference | None) -> str:
    return "" if found is None else f"{found.different:,} of {found.compared:,}"


def _counts(found: Difference | None) -> dict[str, Any] | None:
    return (
        None if found is None else {"compared": found.compared, "different": found.different, "largest": found.largest}
    )
