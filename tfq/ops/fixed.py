"""What an op's scales and zero points come to, kept with the function that takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Fixed(NamedTuple):
    """integers(xp, values, *operands) -> stored integers, whole numbers. values: its constants."""

    integers: Callable[..., Any]
    values: Any

    def of(self, xp, *operands):
        """The stored integers of operands."""
        return self.integers(xp, self.values, *operands)
