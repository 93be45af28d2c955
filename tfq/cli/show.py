"""How commands show results and progress: in colour on a terminal, as plain text 100 columns wide elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

import typer

PATIENCE = 1.0


def show(result: Any) -> None:
    """Prints a report or a summary."""
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(result, crop=False)
    else:
        typer.echo(str(result))


class Progress:
    """Told (done, total); draws a bar on a terminal's standard error once a second has passed. A context manager."""

    def __init__(self, title: str):
        self._title = title
        self._start = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        if self._bar is None:
            if time.monotonic() - self._start < PATIENCE or not sys.stderr.isatty():
                return
            self._begin()
        self._bar.update(self._task, completed=done, total=total)

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bar

        self._bar = Bar(console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(self._title)
        self._bar.start()
