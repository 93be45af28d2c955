"""`tfq inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfq.cli.show import show


def inspect(
    model: Annotated[Path, typer.Argument(metavar="MODEL.tflite", help="The file to look into.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON instead of the table.")] = False,
) -> None:
    """Show a file's ops, shapes, types, scales, multiply-accumulates and sizes, and what smells.

    A line for each smell: a float tensor among integers, a scale far too wide for what the op can give, weight channels
    that are all zero or use a few codes only, a bias near int32's limit, a pinned batch, a missing signature.

    Example: tfq inspect model.tflite
    """
    from tfq.inspect import inspect as summarize

    summary = summarize(model)
    if as_json:
        typer.echo(summary.to_json())
    else:
        show(summary)
