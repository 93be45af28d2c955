"""What parity found, as plain values."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

from tfq.parity.difference import Difference

EQUAL, DIFFERS, DIED, REFUSED = "equal", "differs", "died", "refused"
SAME = 999.0  # decibels where nothing is apart
UNSUPPORTED, ABSENT = "not supported by tfq", "not available here"


@dataclass(frozen=True)
class OpResult:
    """One output of one op. total: tfq's whole run against the runtime's; own: tfq's op on the runtime's own inputs.

    What `total` has and `own` has not, the op inherited.
    """

    index: int
    code: str
    tensor: str
    total: Difference
    own: Difference


@dataclass(frozen=True)
class RuntimeResult:
    """One runtime against tfq's profile of that name.

    status: equal | differs | died | refused | not supported by tfq | not available here.
    reason: why it is none of the first two, or why only outputs were compared.
    outputs: of the model, as deployed (nothing kept between ops).
    tensors: of every op whose output the runtime shows. ops: each of these, in order.
    samples: compared before the end.
    """

    runtime: str
    status: str
    reason: str = ""
    version: str = ""
    samples: int = 0
    outputs: Difference = Difference()
    tensors: Difference = Difference()
    ops: tuple[OpResult, ...] = ()

    @property
    def ok(self) -> bool:
        """Equal, or not to be had on this machine."""
        return self.status in (EQUAL, ABSENT)

    @property
    def first(self) -> OpResult | None:
        """The first op that gives other integers from the same inputs."""
        return next((op for op in self.ops if op.own.different), None)


@dataclass(frozen=True)
class LayerResult:
    """One tensor that Keras and the file both have. difference: None where only the floats are known.

    sqnr: decibels of the float activations over their distance from the file's (999 where there is none); None where
    not asked for.
    """

    tensor: str
    difference: Difference | None
    sqnr: float | None = None


@dataclass(frozen=True)
class KerasResult:
    """Keras's integers against the file's. against: who ran the file. missing: Keras's tensors that are not in it."""

    against: str
    layers: tuple[LayerResult, ...]
    missing: tuple[str, ...] = ()

    @property
    def compared(self) -> Difference:
        return sum((layer.difference for layer in self.layers if layer.difference is not None), Difference())

    @property
    def first(self) -> LayerResult | None:
        """The first layer that parts, in the file's order."""
        return next((x for x in self.layers if x.difference is not None and x.difference.different), None)

    @property
    def ok(self) -> bool:
        return self.first is None and not self.missing


@dataclass(frozen=True)
class Report:
    """What `parity` found. `print(report)` is the table. inputs: where they came from."""

    model: str
    samples: int
    inputs: str
    runtimes: tuple[RuntimeResult, ...]
    keras: KerasResult | None = None
    reproducers: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """No difference anywhere, in one comparison at least; a runtime that is not available here does not count."""
        results = [r.ok for r in self.runtimes if r.status != ABSENT]
        results += [] if self.keras is None else [self.keras.ok]
        return bool(results) and all(results)

    def to_json(self) -> str:
        """Everything as a JSON object."""
        verdicts = {"ok": self.ok, "first": {r.runtime: r.first and r.first.index for r in self.runtimes}}
        return json.dumps({**verdicts, **asdict(self)}, indent=1)

    def to_junit(self, path: str | os.PathLike) -> None:
        """Writes JUnit XML: one test case a runtime, and one for Keras where it was compared."""
        from tfq.parity.junit import write

        write(self, path)

    def __rich__(self):
        from tfq.parity.table import table

        return table(self)

    def __str__(self) -> str:
        from tfq.parity.table import text

        return text(self)
