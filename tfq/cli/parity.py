"""`tfq parity`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tfq.cli.lines import quietly
from tfq.cli.show import Progress, show


def parity(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL.tflite|RUN", help="The file, or the directory of a run that holds one.")
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Inputs: a .npy, or a .npz by name; floats are quantized, integers taken as stored. RUN: its tests.",
        ),
    ] = None,
    runtime: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="litert, xnnpack or tflm; again for more. Default: all.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="How many inputs to make where no data are given.")] = 32,
    seed: Annotated[int, typer.Option(min=0, help="Of the inputs made.")] = 0,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result as JUnit XML.")] = None,
    keras: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.keras", help="Compare the Keras model that was exported, layer by layer. RUN: its qat.keras."
        ),
    ] = None,
    as_json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write every figure as JSON.")] = None,
    reproducer: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write each runtime's first differing op as a one-op file with its input."),
    ] = None,
) -> None:
    """Compare tfq's interpreter with the real runtimes on the same integers, op by op.

    Says for each runtime whether it is equal, how many integers differ and by how much, which op differs first, and
    what each op adds by itself apart from what it inherits. Leaves with 1 on any difference.

    Example: tfq parity model.tflite --data digits.npy --junit parity.xml
    """
    from tfq.parity import parity as compare

    values = _keras_values(keras or _beside(model))
    with Progress("parity") as progress:
        report = compare(
            model,
            data or _test_split(model),
            runtimes=runtime,
            samples=samples,
            seed=seed,
            reproducer=reproducer,
            progress=progress,
            **values,
        )
    show(report)
    if as_json is not None:
        as_json.write_text(report.to_json() + "\n", "utf-8")
    if junit is not None:
        report.to_junit(junit)
    if not report.ok:
        raise typer.Exit(1)


def _beside(model: Path) -> Path | None:
    """A run's own Keras model."""
    path = model / "qat.keras"
    return path if path.is_file() else None


def _test_split(model: Path) -> Any:
    """The inputs that a run kept for this."""
    from tfq.train.run_directory import TEST, RunDirectory, is_run

    run = RunDirectory(model)
    return run.read_test()[0] if is_run(model) and run.has(TEST) else None


def _keras_values(path: Path | None) -> dict[str, Any]:
    """What Keras computes, as parity takes it."""
    if path is None:
        return {}
    from functools import partial

    with quietly():
        from tfq import qat

    model = qat.load(path)
    return {"keras_integers": partial(qat.integers, model), "float_values": partial(qat.floats, model)}
