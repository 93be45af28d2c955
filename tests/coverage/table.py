"""docs/layers.md and the README's coverage section, written from a run of every row.

python -m tests.coverage.table
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.coverage.road import Line
    from tests.coverage.row import Row

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- coverage: make docs -->", "<!-- end of coverage -->"
HEAD = """# Layers, operations and structures that tfq takes

Each line is a small model with random weights that has gone the whole road: quantized, trained a step, calibrated,
saved, loaded, exported to an integer-only file (the same bytes before and after saving), run. Keras's `predict`, tfq's
interpreter and LiteRT give the same integers for it. Measured with {versions};
`make docs` writes this page.

- **ops**: what the exported file computes it with, and how often if more than once. A function of one element is a
  lookup table (`CAST`, `ADD`, `GATHER`); ops that lead to the line's outputs are counted, shared ones in each line.
- **dB**: signal to quantization noise of the exported file against the float Keras model, on the 8 random samples that
  it was calibrated on; of the worst output. 8 bits give about 40 to 48 dB for a well filled range; functions with jumps
  give less, since a code more or less falls on the other side.

Layers without a line are traced into what their `call` does; what that does not have is refused by name
([own-layers.md](own-layers.md) says how to give a layer of your own its integers).
"""


def render(lines: list[Line]) -> str:
    """docs/layers.md."""
    from tests.coverage.operations import BROKEN
    from tests.coverage.rows import FAMILIES

    found = {line.name: line for line in lines}
    versions = ", ".join(f"{name} {version(name)}" for name in ("keras", "tensorflow", "ai-edge-litert"))
    text = [HEAD.format(versions=versions)]
    for family, rows in FAMILIES.items():
        text += [f"## {family}", "", "| what | ops | dB | note |", "|---|---|---|---|"]
        text += [_line(row, found[row.name]) for row in rows]
        text.append("")
    text += [
        "## Not run",
        "",
        "Rules that no row tries, since this release of Keras fails on the operation itself:",
        "",
    ]
    text += [f"- `{name}`: {why}" for name, why in BROKEN.items()]
    return "\n".join([*text, ""])


def _line(row: Row, line: Line) -> str:
    if line.refusal:
        return f"| `{row.name}` | refused | | {line.refusal} |"
    name = f"`{row.name}`" if " " not in row.name else row.name
    ops = ", ".join(line.ops) or "none"
    covered = f"as well: {', '.join(row.others)}" if row.others else ""
    note = "; ".join(part for part in (row.note, covered) if part)
    return f"| {name} | {ops} | {_decibels(line)} | {note} |"


def _decibels(line: Line) -> str:
    return "exact" if line.decibels == float("inf") else f"{line.decibels:.0f}"


def section(lines: list[Line]) -> str:
    """The README's, without its markers."""
    from tests.coverage.rows import FAMILIES

    done = [line for line in lines if not line.refusal]
    text = [
        "",
        f"{len(lines)} rows of layers, operations and structures, each a small model that goes the whole road; Keras's",
        f"`predict`, the interpreter and LiteRT give the same integers in {len(done)}; {len(lines) - len(done)} are "
        f"refused with a remedy.",
        f"Median {median(line.decibels for line in done):.0f} dB against float. "
        "Ops, dB and notes of each: [docs/layers.md](docs/layers.md).",
        "",
    ]
    for family, rows in FAMILIES.items():
        known = {row.name for row in rows}  # of "Conv2D, groups" the layer is listed already
        shown = [row for row in rows if not row.refused and row.name.partition(",")[0] not in known - {row.name}]
        names = ", ".join(_plain(name) for row in shown for name in row.names)
        text.append(f"- **{family}**: {names}")
    return "\n".join([*text, ""])


def _plain(name: str) -> str:
    return f"`{name.removeprefix('ops.')}`" if name.startswith(("ops.", "activations.", "x[")) else name


def names_in(page: str) -> list[str]:
    """The rows that the page lists."""
    return re.findall(r"^\| `?(?!what \||---)([^|`]+?)`? \|", page, re.MULTILINE)


def replaced(readme: str, text: str) -> str:
    """The README with another section between its markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"README.md has no markers {BEGIN} and {END}")
    return f"{before}{begin}{text}{end}{after}"


def _travelled(index: int) -> list[Line]:
    from tests.coverage.road import travel
    from tests.coverage.rows import sheets

    sheet = sheets()[index]
    print(sheet, file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        return travel(sheet, Path(folder))


def measure(processes: int) -> list[Line]:
    """A line a row."""
    from tests.coverage.rows import sheets

    with get_context("spawn").Pool(processes) as pool:
        made = pool.map(_travelled, range(len(sheets())), chunksize=1)
    return [line for lines in made for line in lines]


def main() -> None:
    """Writes both files."""
    for name, value in {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
    }.items():
        os.environ.setdefault(name, value)
    lines = measure(os.cpu_count() or 1)
    (ROOT / "docs" / "layers.md").write_text(render(lines), "utf-8")
    readme = ROOT / "README.md"
    readme.write_text(replaced(readme.read_text("utf-8"), section(lines)), "utf-8")


if __name__ == "__main__":
    main()
