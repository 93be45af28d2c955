"""Recipe: what `quantize` should do, as one frozen value that is saved with the model."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from typing import Any

from tfq.errors import TfqError

_CHOICES = {
    "numerics": ("xnnpack", "litert", "tflm"),
    "weights": ("per_channel", "per_tensor"),
    "fold": ("plain", "batch"),
    "calibration": ("minmax", "percentile"),
    "equalize": ("auto", "always", "never"),
}
_BITS = {"weight_bits": range(2, 9), "activation_bits": range(8, 9)}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a network is quantized.

    numerics: whose integers Keras's predict carries: "xnnpack" (LiteRT's default), "tflm" (TFLite Micro) or "litert"
        (its reference kernels).
    weights: "per_channel" or "per_tensor" scales. weight_bits: 2 to 8 (stored in int8). activation_bits: 8.
    fold: "plain" trains with ordinary batch norm and folds at inference; "batch" folds batch statistics while training
        (Jacob et al. 2017, section 3.2; two convolutions a layer).
    ema_decay: of the debiased running range of an activation while training.
    calibration: "minmax" or "percentile" (with `percentile`, of the values of each tensor, both ends).
    equalize: cross-layer equalization by powers of two, exact in float (Nagel et al. 2019): "auto" where a layer's
        channels differ widely, "always", "never".
    leave_out: names of convolution and dense layers that stay float, with wildcards ("head*"). The file then holds
        float ops, so that export wants `allow_float=True`, and those layers' results are not proved to the bit.
    """

    numerics: str = "xnnpack"
    weights: str = "per_channel"
    weight_bits: int = 8
    activation_bits: int = 8
    fold: str = "plain"
    ema_decay: float = 0.99
    calibration: str = "minmax"
    percentile: float = 99.99
    equalize: str = "auto"
    leave_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not _fits(value, field.default):
                expected = "a list of names" if field.name == "leave_out" else type(field.default).__name__
                raise TfqError(f"recipe: {field.name} must be {expected}, received {value!r}")
        object.__setattr__(self, "leave_out", tuple(self.leave_out))
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise TfqError(f"recipe: {name} must be one of {', '.join(allowed)}, received {getattr(self, name)!r}")
        for name, bits in _BITS.items():
            if getattr(self, name) not in bits:
                limits = " to ".join(str(b) for b in sorted({bits[0], bits[-1]}))
                raise TfqError(f"recipe: {name} must be {limits}, received {getattr(self, name)!r}")
        if not 0.0 < self.ema_decay < 1.0:
            raise TfqError(f"recipe: ema_decay must lie between 0 and 1, received {self.ema_decay!r}")
        if not 50.0 < self.percentile <= 100.0:
            raise TfqError(f"recipe: percentile must lie above 50 and at most at 100, received {self.percentile!r}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values: what `from_dict` takes, TOML and JSON can hold."""
        return {**dataclasses.asdict(self), "leave_out": list(self.leave_out)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """The recipe with these fields; the rest default. Raises TfqError for unknown names and wrong types."""
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise TfqError(f"recipe: unknown field {', '.join(unknown)}; known: {', '.join(known)}")
        return cls(**values)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Recipe:
        """The recipe in a TOML file: its [recipe] table if it has one, else the top level."""
        values = read_toml(path)
        fields = values.get("recipe", values)
        if not isinstance(fields, dict):
            raise TfqError(f"{os.fspath(path)}: recipe must be a table, received {fields!r}")
        return cls.from_dict(fields)


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """A TOML file's values. Raises TfqError where it cannot be read or parsed."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise TfqError(f"{os.fspath(path)}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TfqError(f"{os.fspath(path)}: not valid TOML ({error})") from error


def _fits(value: Any, default: Any) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, float):
        return isinstance(value, (int, float))
    if isinstance(default, tuple):
        return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    return isinstance(value, type(default))
