"""The progress bar: on a terminal, once a second has passed, and gone at the end."""

import io
import sys

import pytest

from tfq.cli import show


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self):
        return True


def shown(monkeypatch, stream, patience):
    """What a bar at 1 of 10, then at 5 of 20, writes, and its two figures at the end."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(show, "PATIENCE", patience)
    with show.Progress("parity") as progress:
        progress(1, 10)
        progress(5, 20)
        figures = progress._bar and (progress._bar.tasks[0].completed, progress._bar.tasks[0].total)
    return stream.getvalue(), figures


def test_a_bar_after_a_second(monkeypatch):
    text, figures = shown(monkeypatch, Terminal(), 0.0)
    assert "parity" in text
    assert figures == (5, 20)


@pytest.mark.parametrize(
    ("stream", "patience"), [(Terminal(), 100.0), (io.StringIO(), 0.0)], ids=["sooner", "no terminal"]
)
def test_none(monkeypatch, stream, patience):
    assert shown(monkeypatch, stream, patience) == ("", None)
