"""`tfq check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfq.cli.lines import quietly
from tfq.cli.show import show


def check(
    model: Annotated[Path, typer.Argument(metavar="MODEL.keras", help="The float Keras model; trained or not.")],
    target: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="What it is to run on: litert, tflm, ethos-u or edgetpu. Default: none asked."
        ),
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(metavar="FILE", help="How it is to be quantized: a recipe.toml.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON instead of the tables.")] = False,
) -> None:
    """Show, before any training, what becomes of each layer, where runtimes part, and what a target will not take.

    A row for each layer: its ops in the file, bits of weights (W) and activations (A), whose scale its output has, what
    is folded into what, where a QUANTIZE is put in. All layers without an int8 form are named with the way out.

    litert and ethos-u are asked themselves (ethos-u where Vela is installed: pip install "tfq[ethos-u]"), on a file
    with made-up ranges; tflm by its list of ops and tfq's profile of its kernels; edgetpu by its documented list.
    Leaves with 1 if a layer is refused or the target does not take an op.

    Example: tfq check model.keras

    Example: tfq check model.keras --target tflm --recipe recipe.toml
    """
    from tfq.recipe import Recipe

    chosen = Recipe.load(recipe) if recipe is not None else None
    with quietly():
        from tfq.targets.check import check as look

    found = look(model, target, chosen)
    if as_json:
        typer.echo(found.to_json())
    else:
        show(found)
    if not found.ok:
        raise typer.Exit(1)
