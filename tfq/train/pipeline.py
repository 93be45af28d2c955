"""A pipeline: a folder with model.py and recipe.toml.

model.py has `build_model() -> keras.Model` (images in, class probabilities out) and may have
`load_data() -> ((x_train, y_train), (x_test, y_test))` and
`augment(images, random) -> images`, which gets each epoch's training images (float32 [N, ...]) and a
`numpy.random.Generator` that gives the same numbers whether or not the run was interrupted.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tfq.errors import TfqError
from tfq.recipe import read_toml
from tfq.train.settings import Settings


@dataclass(frozen=True)
class Pipeline:
    """name: of the folder. settings: of recipe.toml, unless replaced. code: the bytes of model.py."""

    name: str
    folder: Path
    settings: Settings
    code: bytes

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Pipeline:
        """The pipeline in a folder; nothing of it is run yet.

        Raises: TfqError: no such folder, no model.py or recipe.toml in it, or settings that cannot be.
        """
        path = Path(folder)
        missing = [name for name in ("model.py", "recipe.toml") if not (path / name).is_file()]
        if missing:
            what = f"has no {' and no '.join(missing)}" if path.is_dir() else "no such folder"
            raise TfqError(f"{path}: {what}; a pipeline is a folder with model.py and recipe.toml")
        values = read_toml(path / "recipe.toml")
        try:
            settings = Settings.from_dict(values)
        except TfqError as error:
            raise TfqError(f"{path / 'recipe.toml'}: {error}") from None
        return cls(path.resolve().name, path, settings, (path / "model.py").read_bytes())

    @property
    def digest(self) -> str:
        """sha256 of model.py."""
        return hashlib.sha256(self.code).hexdigest()

    def module(self) -> ModuleType:
        """model.py, imported. Raises TfqError where it fails, naming the line, or where it has no build_model."""
        path = self.folder / "model.py"
        spec = importlib.util.spec_from_file_location(f"tfq_pipeline_{self.name}", path)
        if spec is None or spec.loader is None:
            raise TfqError(f"{path}: cannot be imported")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # Keras looks classes up by module when it saves them
        call(path, "import", lambda: spec.loader.exec_module(module))  # type: ignore[union-attr]
        if not callable(getattr(module, "build_model", None)):
            raise TfqError(f"{path}: expected a function build_model() that returns a keras.Model")
        return module


def call(path: Path, what: str, function: Callable[[], Any]) -> Any:
    """What a function of the pipeline returns. Raises TfqError in place of its errors, with the line of model.py."""
    try:
        return function()
    except TfqError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == path.resolve()]
        number = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else (lines or [None])[-1]
        where = f"{path}, line {number}" if number else str(path)
        raise TfqError(f"{where}: {what} failed: {type(error).__name__}: {error}") from error
