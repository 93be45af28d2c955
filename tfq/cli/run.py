"""`tfq run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tfq.errors import TfqError


def run(
    model: Annotated[Path, typer.Argument(metavar="MODEL.tflite", help="The file to run.")],
    inputs: Annotated[
        list[str],
        typer.Option(
            "--input", metavar="[NAME=]FILE", help="A .npy for an input, by name where there are several; or one .npz."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="Where to write: a .npy for one output, else a .npz.")
    ],
    numerics: Annotated[str, typer.Option(metavar="NAME", help="xnnpack, litert or tflm.")] = "xnnpack",
    quantize: Annotated[bool, typer.Option("--quantize", help="Quantize floats with the input's scale.")] = False,
) -> None:
    """Run a file in tfq's interpreter and write its outputs as they are stored.

    Samples go along the first axis, any number of them. Inputs must have the file's own type (int8, say): nothing is
    cast; with --quantize, floats are quantized.

    Example: tfq run model.tflite --input digits.npy --output scores.npy --quantize
    """
    from tfq.interpreter import Interpreter

    interpreter = Interpreter(model, numerics=numerics)
    _check(output, interpreter)
    arrays = _stored(interpreter, _load(inputs), quantize)
    _save(output, interpreter, interpreter.run(arrays))


def _check(output: Path, interpreter: Any) -> None:
    if output.suffix not in (".npy", ".npz"):
        raise TfqError(f"--output: expected a file that ends in .npy or .npz, received {output}")
    if output.suffix == ".npy" and len(interpreter.outputs) > 1:
        names = ", ".join(info.name for info in interpreter.outputs)
        raise TfqError(f"--output: {len(interpreter.outputs)} outputs ({names}) go into a .npz, received {output}")


def _load(given: list[str]) -> Any:
    """One array, or arrays by name."""
    from tfq.parity.data import load

    if len(given) == 1 and (Path(given[0]).exists() or "=" not in given[0]):
        return load(given[0])
    named = {}
    for text in given:
        name, equals, path = text.partition("=")
        array = load(path) if equals else None
        if array is None or isinstance(array, dict):
            raise TfqError(f"--input: expected NAME=FILE.npy for each of several inputs, received {text}")
        named[name] = array
    return named


def _stored(interpreter: Any, data: Any, quantize: bool) -> Any:
    """The inputs in their stored types. Raises TfqError for floats that should be integers, but for --quantize."""
    from tfq.parity.data import by_position, stored_inputs

    if quantize:
        return stored_inputs(data, interpreter.model).stored
    arrays = by_position(data, interpreter.model)
    for info, array in zip(interpreter.inputs, arrays, strict=True):
        if array.dtype.kind == "f" and info.dtype.kind in "iu":
            way_out = "--quantize quantizes with the input's scale" if info.scale else "give integers"
            raise TfqError(f"input {info.name!r}: expected {info.dtype}, received {array.dtype}; {way_out}")
    return arrays


def _save(output: Path, interpreter: Any, arrays: list[Any]) -> None:
    """Writes the outputs and says what they are."""
    import numpy as np

    if output.suffix == ".npz":
        np.savez(output, **{info.name: array for info, array in zip(interpreter.outputs, arrays, strict=True)})
    else:
        np.save(output, arrays[0])
    for info, array in zip(interpreter.outputs, arrays, strict=True):
        grid = f", scale {info.scale:.6g}, zero point {info.zero_point}" if info.scale else ""
        typer.echo(f"{output}: {info.name}: {array.dtype} {list(array.shape)}{grid}")
