"""load: a quantized model from a `.keras` file, in a fresh process, running no code from it."""

from __future__ import annotations

import os
from typing import Any

import keras

from tfq.errors import TfqError
from tfq.qat.calibrate import quantized_layers
from tfq.qat.depth import deep_graphs


def load(path: str | os.PathLike[str]) -> Any:
    """The quantized Keras model in a `.keras` file, with its optimizer state if it was saved while training.

    Keras's safe mode stays on: a file that holds code (a Lambda) is refused.

    Raises: TfqError: no such file, not a `.keras` file, or not one of tfq's.
    """
    model = open_model(path)
    quantized_layers(model)
    return model


def open_model(path: str | os.PathLike[str]) -> Any:
    """The Keras model in a `.keras` file, quantized or not. Raises TfqError: no such file, not a `.keras` file."""
    name = os.fspath(path)
    if not os.path.isfile(name):
        raise TfqError(f"{name}: no such file")
    try:
        with deep_graphs():
            return keras.saving.load_model(name, safe_mode=True)
    except Exception as error:  # Keras raises many kinds for broken archives
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise TfqError(f"{name}: cannot be opened as a Keras model ({reason})") from error
