"""tf_keras and TFMOT, imported when first needed and without a trace in the process's environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from tfq.errors import TfqError


def tf_keras() -> Any:
    """The module tf_keras: Keras 2. Raises TfqError where it is not installed or does not fit TensorFlow."""
    return _import("tf_keras", "tf_keras")


def tfmot() -> Any:
    """The module tensorflow_model_optimization. Raises TfqError where it is not installed."""
    tf_keras()
    return _import("tensorflow_model_optimization", "tensorflow-model-optimization")


def _import(module: str, package: str) -> Any:
    try:
        with unchanged_environment():
            return import_module(module)
    except ImportError as error:
        raise TfqError(
            f"Keras 2 models are read by {module}, which cannot be imported ({error}); pip install {package}"
        ) from error


@contextmanager
def unchanged_environment() -> Iterator[None]:
    """Undoes what the block does to os.environ.

    TFMOT sets TF_USE_LEGACY_KERAS when imported; processes started later, and `tf.keras` if it is first touched later,
    would silently change from Keras 3 to Keras 2. `tf.keras` is settled here, before that.
    """
    before = dict(os.environ)
    getattr(import_module("tensorflow").keras, "__version__", None)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


def tf_keras_nest() -> Any:
    """tf.nest: how tf_keras flattens structures."""
    return import_module("tensorflow").nest
