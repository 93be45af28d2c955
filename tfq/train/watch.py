"""Who is told how far things are; the command line draws it."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """line: something happened, in words. bar: `done` of `total` parts of `title`; note: figures beside it."""

    def line(self, text: str) -> None: ...

    def bar(self, title: str, done: int, total: int, note: str = "") -> None: ...


class Silent:
    """Tells nobody."""

    def line(self, text: str) -> None:
        """Nothing."""

    def bar(self, title: str, done: int, total: int, note: str = "") -> None:
        """Nothing."""
