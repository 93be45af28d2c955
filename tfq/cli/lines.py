"""What long commands say while they work: lines, and on a terminal a bar below them; in a log file the lines alone."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import typer


class Lines:
    """A `tfq.train.watch.Watch` on standard output; a context manager, which takes the bar away at the end."""

    def __init__(self) -> None:
        self._bars: Any = None
        self._task: Any = None
        self._title = ""

    def __enter__(self) -> Lines:
        if sys.stdout.isatty():
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}")
            self._bars = Progress(*columns, TimeRemainingColumn(), transient=True)
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def line(self, text: str) -> None:
        """Prints a line, above the bar where there is one."""
        if self._bars is None:
            typer.echo(text)
        else:
            self._bars.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def bar(self, title: str, done: int, total: int, note: str = "") -> None:
        """Moves the bar; another title begins a new one."""
        if self._bars is None:
            return
        if title != self._title:
            if self._task is not None:
                self._bars.remove_task(self._task)
            self._task, self._title = self._bars.add_task(title, note=note), title
        self._bars.update(self._task, completed=done, total=total, note=note)

    def quiet(self) -> AbstractContextManager[object]:
        """Around the import of Keras: see `quietly`."""
        return quietly()


@contextmanager
def quietly() -> Iterator[None]:
    """Keeps what is written to standard error to itself, unless the block fails: no setting silences TensorFlow's
    first notes."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            file.seek(0)
            os.write(2, file.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
