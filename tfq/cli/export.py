"""`tfq export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfq.cli.lines import Lines
from tfq.cli.show import show
from tfq.errors import TfqError


def export(
    source: Annotated[
        Path, typer.Argument(metavar="RUN|MODEL.keras", help="The directory of a finished run, or a Keras model.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The .tflite, alone. Default: export/<name>/model.tflite with report.txt, report.json and junit.xml.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Samples for the ranges of a float model: a .npy, or a .npz by input name."),
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(metavar="FILE", help="How to quantize a float model: a recipe.toml.")
    ] = None,
    io: Annotated[
        str, typer.Option(metavar="TYPE", help="Inputs and outputs: int8, uint8, int16 or float32.")
    ] = "int8",
) -> None:
    """Write a network as a .tflite and compare it with the real runtimes and with Keras, tensor by tensor.

    A float model is quantized after training, with ranges from --data. Leaves with 1 if an integer differs; the file is
    written all the same.

    Example: tfq export runs/mnist

    Example: tfq export model.keras --data x.npz -o model.tflite
    """
    from tfq.train.deploy import deploy_keras, deploy_run

    if not source.exists():
        raise TfqError(f"{source}: no such file or directory")
    with Lines() as watch:
        if source.is_dir():
            if data is not None or recipe is not None:
                raise TfqError(f"{source}: a run has its own data and recipe; leave --data and --recipe out")
            deployment = deploy_run(source, output, io=io, watch=watch)
        else:
            deployment = deploy_keras(source, output, data=data, recipe=recipe, io=io, watch=watch)
    show(deployment)
    if not deployment.ok:
        raise typer.Exit(1)
