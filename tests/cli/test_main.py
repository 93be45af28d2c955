"""Exit codes and what is printed: one line without a traceback for all that a user can cause."""

import pytest
import typer

import tfq.cli
from tfq.errors import TfqError, Unsupported

MISSING = FileNotFoundError(2, "No such file or directory", "no/such/file")

# what a command raises, exit code, the whole of standard error (None: anything)
CASES = {
    "nothing": (None, 0, ""),
    "failed check": (typer.Exit(1), 1, ""),
    "bad input": (TfqError("conv1: expected [1, 28, 28, 1], received [28]"), 2, None),
    "unsupported": (Unsupported("[bold]conv[/bold]: no"), 2, "error: [bold]conv[/bold]: no\n"),
    "missing file": (MISSING, 2, "error: no/such/file: No such file or directory\n"),
    "interrupted": (KeyboardInterrupt(), 130, ""),
    "long": (TfqError("x" * 300), 2, f"error: {'x' * 300}\n"),
}


def run(monkeypatch, capsys, arguments, raised=None):
    """Exit code, standard output and standard error of `tfq ARGUMENTS` where the command `act` raises `raised`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(tfq.cli._tfq)

    @app.command()
    def act():
        if raised is not None:
            raise raised

    monkeypatch.setattr(tfq.cli, "app", app)
    with pytest.raises(SystemExit) as leaving:
        tfq.cli.main(arguments)
    printed = capsys.readouterr()
    return leaving.value.code or 0, printed.out, printed.err


@pytest.mark.parametrize("name", CASES)
def test_exit_codes(name, monkeypatch, capsys):
    raised, code, expected = CASES[name]
    found, out, err = run(monkeypatch, capsys, ["act"], raised)
    assert (found, out) == (code, "")
    assert err == (f"error: {raised}\n" if expected is None else expected)


def test_a_fault_shows_its_traceback(monkeypatch, capsys):
    code, _, err = run(monkeypatch, capsys, ["act"], ZeroDivisionError("division by zero"))
    assert code == 70
    assert "Traceback" in err and err.splitlines()[-1].startswith("error: this is a fault in tfq")


@pytest.mark.parametrize("arguments", [["--no-such-option"], ["no-such-command"], ["act", "surplus"]], ids=str)
def test_bad_use(arguments, monkeypatch, capsys):
    code, out, err = run(monkeypatch, capsys, arguments)
    assert (code, out) == (2, "")
    assert "Traceback" not in err and "Error: " in err


def test_version(monkeypatch, capsys):
    assert run(monkeypatch, capsys, ["--version"]) == (0, f"tfq {tfq.__version__}\n", "")
