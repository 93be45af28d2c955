"""export: a quantized Keras model as the bytes of a `.tflite`."""

from __future__ import annotations

import os
from typing import Any

from tfq.errors import TfqError
from tfq.export.lowering import to_model
from tfq.files import write_whole
from tfq.tflite import write
from tfq.version import __version__

IO_TYPES = ("int8", "uint8", "int16", "float32")


def export(
    model: Any, path: str | os.PathLike[str] | None = None, *, allow_float: bool = False, io: str = "int8"
) -> bytes:
    """The integer-only `.tflite` of a quantized model; written to `path` as well where one is given.

    Args:
        model: from tfq.quantize or tfq.load, trained or calibrated. path: replaced whole or not at all.
        allow_float: let the file hold float tensors: around layers that the recipe leaves out, or by io="float32".
        io: type of inputs and outputs. "int8": the network's own integers, without an op at the edges; those that the
            recipe gives 16 bits stay int16. Else a QUANTIZE or DEQUANTIZE where the network's own are of another type:
            "uint8", "int16" (both exact) or "float32".

    The same model gives the same bytes. Keras's predict gives the integers of this file under the recipe's numerics.

    Raises: TfqError: ranges that have seen no data, not a quantized model, unknown io, io="uint8" of a network with 16
        bits at its edge, a path that cannot be written.
    """
    from tfq.qat.lower import lower

    if io not in IO_TYPES:
        raise TfqError(f"io must be one of {', '.join(IO_TYPES)}, received {io!r}")
    if io == "float32" and not allow_float:
        raise TfqError("io='float32' puts float tensors into the file; say allow_float=True if that is what you want")
    program = lower(model)
    outputs = [step.output for step in program.steps if step.code != "DEQUANTIZE"]
    floats = [output.name for output in outputs if output.grid is None and output.type == "FLOAT32"]
    if floats and not allow_float:
        names = ", ".join(map(repr, floats))
        raise TfqError(
            f"layer {names}: the recipe leaves it out, so the file holds float ops; say allow_float=True to export"
        )
    data = write(to_model(program, __version__, io))
    if path is not None:
        write_whole(path, data)
    return data
