"""Recipe: what `quantize` should do, as one frozen value that is saved with the model."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from tfq.errors import TfqError

_CHOICES = {
    "numerics": ("xnnpack", "litert", "tflm"),
    "weights": ("per_channel", "per_tensor"),
    "fold": ("plain", "batch"),
    "calibration": ("minmax", "percentile"),
    "equalize": ("auto", "always", "never"),
}
_BITS = {"weight_bits": tuple(range(2, 9)), "activation_bits": (8, 16)}


@dataclasses.dataclass(frozen=True)
class LayerRule:
    """Other widths for some layers. layers: a name with wildcards ("block_*"); None leaves a width as the recipe's."""

    layers: str
    weight_bits: int | None = None
    activation_bits: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.layers, str) or not self.layers:
            raise TfqError(f"recipe: layers of a rule must be a name with wildcards, received {self.layers!r}")
        for name, allowed in _BITS.items():
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or value not in allowed):
                raise TfqError(f"recipe: {name} of rule {self.layers!r} must be {_listed(allowed)}, received {value!r}")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a network is quantized.

    numerics: whose integers Keras's predict carries: "xnnpack" (LiteRT's default), "tflm" (TFLite Micro) or "litert"
        (its reference kernels).
    weights: "per_channel" or "per_tensor" scales. weight_bits: 2 to 8; up to 4 are stored as int4, two in a byte, where
        the runtime's kernel takes that (CONV_2D, FULLY_CONNECTED). activation_bits: 8 or 16 (16x8), where the runtime
        of `numerics` has a kernel for it; what has none stays in 8.
    rules: other widths for some layers or inputs, [{"layers": "head*", "activation_bits": 16}]; the last that matches.
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
    rules: tuple[LayerRule, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", _rules(self.rules))
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name == "rules":
                continue
            if not _fits(value, field.default):
                expected = "a list of names" if field.name == "leave_out" else type(field.default).__name__
                raise TfqError(f"recipe: {field.name} must be {expected}, received {value!r}")
        object.__setattr__(self, "leave_out", tuple(self.leave_out))
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise TfqError(f"recipe: {name} must be one of {', '.join(allowed)}, received {getattr(self, name)!r}")
        for name, bits in _BITS.items():
            if getattr(self, name) not in bits:
                raise TfqError(f"recipe: {name} must be {_listed(bits)}, received {getattr(self, name)!r}")
        if not 0.0 < self.ema_decay < 1.0:
            raise TfqError(f"recipe: ema_decay must lie between 0 and 1, received {self.ema_decay!r}")
        if not 50.0 < self.percentile <= 100.0:
            raise TfqError(f"recipe: percentile must lie above 50 and at most at 100, received {self.percentile!r}")

    def bits_of(self, field: str, *names: str) -> int:
        """weight_bits or activation_bits of a layer that goes by these names."""
        for rule in reversed(self.rules):
            width = getattr(rule, field)
            if width is not None and any(fnmatchcase(name, rule.layers) for name in names):
                return width
        return getattr(self, field)

    def to_dict(self) -> dict[str, Any]:
        """Plain values: what `from_dict` takes, TOML and JSON can hold."""
        rules = [{k: v for k, v in dataclasses.asdict(rule).items() if v is not None} for rule in self.rules]
        return {**dataclasses.asdict(self), "leave_out": list(self.leave_out), "rules": rules}

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


def _rules(rules: Any) -> tuple[LayerRule, ...]:
    """The rules of a list of LayerRules or tables. Raises TfqError for anything else."""
    known = [field.name for field in dataclasses.fields(LayerRule)]
    if not isinstance(rules, (list, tuple)):
        raise TfqError(f"recipe: rules must be a list of tables, received {rules!r}")
    made = []
    for rule in rules:
        if not isinstance(rule, (LayerRule, Mapping)):
            raise TfqError(f"recipe: a rule must be a table with {', '.join(known)}, received {rule!r}")
        if isinstance(rule, Mapping):
            if not set(rule) <= set(known) or "layers" not in rule:
                may = ", ".join(known[1:])
                raise TfqError(f"recipe: a rule must have layers and may have {may}, received {dict(rule)!r}")
            rule = LayerRule(**rule)
        made.append(rule)
    return tuple(made)


def _listed(numbers: tuple[int, ...]) -> str:
    return f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 2 else " or ".join(map(str, numbers))


def _fits(value: Any, default: Any) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, float):
        return isinstance(value, (int, float))
    if isinstance(default, tuple):
        return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    return isinstance(value, type(default))
