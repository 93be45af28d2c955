"""What a training loop needs of Keras: seeds, compiling, one epoch, the MNIST download."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from tfq.errors import TfqError
from tfq.qat.base import QuantizedLayer

# Told (steps done in this epoch, logs so far).
Step = Callable[[int, dict[str, float]], None]


def backend() -> str:
    """Keras's backend: "tensorflow", "jax" or "torch"."""
    return keras.backend.backend()


def seed_everything(seed: int) -> None:
    """Seeds Python, NumPy and the backend: initializers draw from these."""
    keras.utils.set_random_seed(seed)


def seed_layers(model: Any, *numbers: int) -> None:
    """Sets the state of every random layer (dropout) from these numbers: a `.keras` file does not keep it."""
    for position, variable in enumerate(model.variables):
        if variable.name == "seed_generator_state":
            state = np.random.default_rng([*numbers, position]).integers(0, 2**31, variable.shape)
            variable.assign(state.astype(variable.dtype))


def compile_classifier(model: Any) -> None:
    """Adam, cross-entropy of class numbers against probabilities, accuracy; each epoch brings its learning rate."""
    model.compile(optimizer=keras.optimizers.Adam(), loss="sparse_categorical_crossentropy", metrics=["accuracy"])


def fit_epoch(
    model: Any,
    x: np.ndarray,
    y: np.ndarray,
    *,
    epoch: int,
    batch_size: int,
    learning_rate: float,
    validation: tuple[np.ndarray, np.ndarray] | None,
    callbacks: Sequence[Any] = (),
    step: Step = lambda done, logs: None,
) -> dict[str, float]:
    """Trains one epoch over the samples in their order; the epoch's loss and metrics.

    epoch: counted from 0, which callbacks see. step: told after every batch.
    """
    model.optimizer.learning_rate = learning_rate
    history = model.fit(
        x,
        y,
        batch_size=batch_size,
        shuffle=False,
        initial_epoch=epoch,
        epochs=epoch + 1,
        validation_data=validation,
        validation_batch_size=256,
        callbacks=[*callbacks, _Steps(step)],
        verbose=0,
    )
    return {name: float(values[-1]) for name, values in history.history.items()}


class _Steps(keras.callbacks.Callback):
    """Passes on how far an epoch is."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.step(batch + 1, logs or {})


def is_quantized(model: Any) -> bool:
    """Whether the model comes from tfq.quantize."""
    return any(isinstance(layer, QuantizedLayer) for layer in getattr(model, "layers", []))


def mnist() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """((x_train, y_train), (x_test, y_test)) of the 70,000 digits, uint8; Keras downloads them once and keeps them.

    Raises: TfqError: the download failed.
    """
    try:
        return keras.datasets.mnist.load_data()
    except Exception as error:
        raise TfqError(f"MNIST cannot be downloaded ({error}); give a file that you have: --data mnist.npz") from error
