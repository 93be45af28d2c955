"""All rows by family, and the models that hold them: rows of the same inputs share one, which saves time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import keras

from tests.coverage import layers, operations, structures
from tests.coverage.row import Row, spelled
from tfq.qat.rules import RULES

RULED = {spelled(cls) for cls in RULES}
_TOGETHER = 10  # rows in a model


def _is_here(row: Row) -> bool:
    """Whether this release of Keras has what the row is about."""
    room, _, name = row.name.rpartition(".")
    if row.inputs is None or "," in row.name or row.name in ("augmentation", "x[...]"):
        return True
    return row.name in RULED if room else hasattr(keras.layers, name)


EVERY: dict[str, tuple[Row, ...]] = {**layers.FAMILIES, **operations.FAMILIES, **structures.FAMILIES}
FAMILIES = {family: tuple(row for row in rows if _is_here(row)) for family, rows in EVERY.items()}
ROWS: tuple[Row, ...] = tuple(row for rows in FAMILIES.values() for row in rows)


@dataclass(frozen=True, eq=False)
class Sheet:
    """Rows that are outputs of one model."""

    rows: tuple[Row, ...]

    def __str__(self) -> str:
        first, *others = (row.name.replace(" ", "_") for row in self.rows)
        return f"{first}..{others[-1]}" if others else first

    @cached_property
    def slow(self) -> bool:
        return any(row.slow for row in self.rows)


def sheets(rows: tuple[Row, ...] = ROWS) -> list[Sheet]:
    """The rows in as few models as their inputs allow, at most 10 in each."""
    groups: dict[object, list[Row]] = {}
    for row in rows:
        lonely = row.inputs is None or row.alone or row.slow or row.refused
        groups.setdefault(row if lonely else row.inputs, []).append(row)
    return [
        Sheet(tuple(group[i : i + _TOGETHER])) for group in groups.values() for i in range(0, len(group), _TOGETHER)
    ]
