"""What `check` found as tables, 100 columns wide."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from tfq.inspect.table import count_bytes
from tfq.qat.preflight import HEADS, LayerPlan, names
from tfq.targets.verdict import Finding, Verdict

if TYPE_CHECKING:
    from tfq.targets.check import Check

WIDTH = 100


def text(check: Check) -> str:
    """The tables without colours."""
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False).print(table(check))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def table(check: Check) -> Group:
    """The layers, what is refused, where the runtimes part, what the target says, and the verdict."""
    found = check.preflight
    parts: list[Table | Text] = [Text(_head(check)), *([_layers(found.layers)] if found.layers else ())]
    parts += [Text(note, style="yellow") for note in found.notes]
    if found.refused:
        parts.append(Text(f"{len(found.refused)} refused", style="bold red"))
        parts.append(_lines(found.refused, "red"))
    if check.partings:
        parts.append(Text("where the runtimes part", style="bold"))
        parts.append(_partings(check))
    if check.verdict is not None:
        parts += _verdict(check, check.verdict)
    return Group(*parts, _last(check))


def _head(check: Check) -> str:
    recipe = check.recipe
    head = f"{check.model}: W{recipe.weight_bits}A{recipe.activation_bits}, the integers of {recipe.numerics}"
    if check.preflight.program is None:
        return head
    sizes = count_bytes(check.weight_bytes), count_bytes(check.activation_peak)
    return f"{head}; constants {sizes[0]}, activations at least {sizes[1]} at once"


def _grid() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")


def _layers(layers: Sequence[LayerPlan]) -> Table:
    grid = _grid()
    for name in HEADS:
        grid.add_column(name, overflow="fold", no_wrap=name in ("is", "bits"), min_width=17 if name == "ops" else None)
    for layer in layers:
        style = "red" if layer.refused else "dim" if layer.folded_into or layer.becomes.startswith("nothing") else ""
        grid.add_row(*map(Text, layer.cells), style=style)
    return grid


def _lines(lines: Iterable[str], style: str = "") -> Table:
    grid = Table.grid(padding=(0, 1))
    for line in lines:
        grid.add_row(" !", Text(line), style=style)
    return grid


def _partings(check: Check) -> Table:
    grid = _grid()
    for name in ("ops", "layers", "what"):
        grid.add_column(name)
    for parting in check.partings:
        layers = list(dict.fromkeys(map(check.preflight.owner, parting.tensors)))
        cells = ", ".join(parting.codes), names(layers), parting.says
        grid.add_row(*map(Text, cells), style="red" if parting.fails else "")
    return grid


def _verdict(check: Check, verdict: Verdict) -> list[Table | Text]:
    parts: list[Table | Text] = [Text.assemble((f"{verdict.target}: ", "bold"), verdict.source)]
    if verdict.refused:
        parts += [Text(f"{len(verdict.refused)} not taken", style="bold red"), _findings(check, verdict.refused, "red")]
    if verdict.remarks:
        parts.append(_findings(check, verdict.remarks, ""))
    return parts


def _findings(check: Check, findings: Sequence[Finding], style: str) -> Table:
    """A row for each op and reason, with the layers that it concerns."""
    together: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        layer = check.preflight.owner(finding.tensor) if finding.tensor else ""
        together.setdefault((finding.code, finding.reason), []).append(layer)
    grid = Table.grid(padding=(0, 1))
    for (code, reason), layers in together.items():
        of = names(list(dict.fromkeys(filter(None, layers))))
        head = " ".join(filter(None, (code, f"of {of}" if of else "")))
        grid.add_row(" !" if style else " -", Text(f"{head}: {reason}" if head else reason), style=style)
    return grid


def _last(check: Check) -> Text:
    if check.preflight.refused:
        after = ""
        if check.target is not None:
            after = f"; {check.target} is asked once nothing is refused"
        return Text(f"not every layer has an int8 form{after}", style="bold red")
    if check.verdict is None:
        return Text("every layer has an integer form", style="bold green")
    if check.verdict.refused:
        return Text(f"{check.verdict.target} does not take all of it", style="bold red")
    return Text(f"{check.verdict.target} takes all of it", style="bold green")
