"""check: the table of a model's layers, where the runtimes will part, and what a target will not take."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tfq.errors import TfqError
from tfq.export.lowering import to_model
from tfq.inspect.sizes import activation_peak, weight_bytes
from tfq.recipe import Recipe
from tfq.targets import edgetpu, ethos_u, litert, tflm
from tfq.targets.parting import Parting, partings
from tfq.targets.verdict import Verdict
from tfq.tflite import write
from tfq.tflite.model import Model
from tfq.version import __version__

if TYPE_CHECKING:
    from tfq.qat.preflight import Preflight

TARGETS: Mapping[str, Callable[[Model, bytes], Verdict]] = {
    "litert": litert.ask,
    "tflm": tflm.ask,
    "ethos-u": ethos_u.ask,
    "edgetpu": edgetpu.ask,
}


@dataclass(frozen=True)
class Check:
    """What `check` found; `print(check)` is a table, `to_json()` has everything.

    verdict: None where no target was asked. weight_bytes, activation_peak: of the file, bytes; 0 if a layer is refused.
    """

    model: str
    recipe: Recipe
    preflight: Preflight
    partings: tuple[Parting, ...] = ()
    target: str | None = None
    verdict: Verdict | None = None
    weight_bytes: int = 0
    activation_peak: int = 0

    @property
    def ok(self) -> bool:
        """Whether every layer has an int8 form and the target, if one was asked, takes every op."""
        return not self.preflight.refused and (self.verdict is None or not self.verdict.refused)

    def to_json(self) -> str:
        """All of it as a JSON object."""
        verdict = None if self.verdict is None else asdict(self.verdict)
        for finding in [] if verdict is None else [*verdict["refused"], *verdict["remarks"]]:
            finding["layer"] = self.preflight.owner(finding["tensor"]) if finding["tensor"] else ""
        values = {
            "model": self.model,
            "ok": self.ok,
            "recipe": self.recipe.to_dict(),
            **self.preflight.to_dict(),
            "runtimes": [
                {**asdict(parting), "layers": list(dict.fromkeys(map(self.preflight.owner, parting.tensors)))}
                for parting in self.partings
            ],
            "target": self.target,
            "verdict": verdict,
            "weight_bytes": self.weight_bytes,
            "activation_peak": self.activation_peak,
        }
        return json.dumps(values, indent=1)

    def __rich__(self) -> Any:
        from tfq.targets.table import table

        return table(self)

    def __str__(self) -> str:
        from tfq.targets.table import text

        return text(self)


def check(model: Any, target: str | None = None, recipe: Recipe | None = None) -> Check:
    """What quantizing a float Keras model would give, and what a target would make of it, before any training.

    Args: model: a Keras model, or the path of a `.keras` file. target: one of TARGETS. recipe: as for `tfq.quantize`.
    Raises: TfqError: an unknown target, a file that cannot be opened, a model that is none or is quantized already.
    """
    if target is not None and target not in TARGETS:
        raise TfqError(f"target: expected one of {', '.join(TARGETS)}, received {target!r}")
    from tfq.qat import open_model
    from tfq.qat.preflight import preflight

    is_path = isinstance(model, (str, os.PathLike))
    name = os.path.basename(model) if is_path else str(getattr(model, "name", "model"))
    recipe = recipe or Recipe()
    found = preflight(open_model(model) if is_path else model, recipe)
    if found.program is None:
        return Check(name, recipe, found, target=target)
    file = to_model(found.program, __version__)
    return Check(
        name,
        recipe,
        found,
        partings(file),
        target,
        None if target is None else TARGETS[target](file, write(file)),
        sum(weight_bytes(graph) for graph in file.subgraphs),
        activation_peak(file.main),
    )
