"""Who is told how far things are; the command line draws it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Watch(Protocol):
    """line: something happened, in words. bar: `done` of `total` parts of `title`; note: figures beside it.

    quiet: around code that prints by itself what nobody asked for, and only matters where it fails.
    """

    def line(self, text: str) -> None: ...

    def bar(self, title: str, done: int, total: int, note: str = "") -> None: ...

    def quiet(self) -> AbstractContextManager[object]: ...


class Silent:
    """Tells nobody."""

    def line(self, text: str) -> None:
        """Nothing."""

    def bar(self, title: str, done: int, total: int, note: str = "") -> None:
        """Nothing."""

    def quiet(self) -> AbstractContextManager[object]:
        """Changes nothing."""
        return nullcontext()
