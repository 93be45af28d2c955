"""`tfq bench`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from tfq.cli.show import Progress, show


def bench(
    model: Annotated[Path, typer.Argument(metavar="MODEL.tflite", help="The file to run.")],
    numerics: Annotated[str, typer.Option(metavar="NAME", help="tfq's profile: xnnpack, litert or tflm.")] = "xnnpack",
    batch: Annotated[
        list[int] | None,
        typer.Option(metavar="N", min=1, help="Samples in a call; again for more. Default 1, 16, 64."),
    ] = None,
    seconds: Annotated[float, typer.Option(metavar="S", min=0.1, help="About how long to measure.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON instead of the table.")] = False,
) -> None:
    """Time tfq's interpreter beside LiteRT's reference kernels and its default (XNNPACK), all on one thread.

    Milliseconds a sample, the runtimes' time over tfq's (above 1: tfq is faster), and which ops of tfq's own run take
    longest.

    Example: tfq bench model.tflite --numerics litert
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ[name] = "1"  # read when NumPy is imported, below
    from tfq.parity.bench import BATCHES
    from tfq.parity.bench import bench as measure

    with Progress("bench") as progress:
        found = measure(model, numerics, batches=batch or BATCHES, seconds=seconds, progress=progress)
    if as_json:
        typer.echo(found.to_json())
    else:
        show(found)
