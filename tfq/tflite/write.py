"""From a `Model` to the bytes of a `.tflite`, the same bytes each time."""

from __future__ import annotations

from tfq.tflite.model import Model


def write(model: Model) -> bytes:
    """The file's bytes. `read(write(model))` gives the model back.

    Equal constants share one buffer; constants start at multiples of 16 bytes; the versions of one op are merged into
    their maximum. The first call imports the official schema (0.4 s).

    Raises:
        TfqError: an index, shape, dtype or value that contradicts the model.
        Unsupported: an op, type or option that the schema does not have; more than 2 GB.
    """
    from tfq.tflite.build import build

    return build(model)
