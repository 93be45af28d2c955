"""The progress bar: on a terminal, once a second has passed, and gone at the end."""

import sys

import pytest

from tfq.cli import show


@pytest.fixture
def terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")


def test_nothing_in_the_first_second(terminal, capsys):
    with show.Progress("parity") as progress:
        progress(1, 10)
    assert capsys.readouterr().err == ""


def test_a_bar_after_it(terminal, monkeypatch, capsys):
    monkeypatch.setattr(show, "PATIENCE", 0.0)
    with show.Progress("parity") as progress:
        progress(1, 10)
        assert progress._bar.tasks[0].completed == 1
        progress(5, 20)
        assert (progress._bar.tasks[0].completed, progress._bar.tasks[0].total) == (5, 20)
    assert "parity" in capsys.readouterr().err


def test_none_in_a_file(capsys, monkeypatch):
    monkeypatch.setattr(show, "PATIENCE", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    with show.Progress("parity") as progress:
        progress(1, 10)
    assert capsys.readouterr().err == ""
