"""The command line `tfq`: one command a file, no logic here.

Exit codes: 0 fine, 1 a check failed (parity, accuracy), 2 bad use or bad input, 70 a fault in tfq, 130 interrupted.

Add a command: write `tfq/cli/NAME.py` with a function whose docstring is the help and holds a paragraph
`Example: tfq NAME ...`; import rooms of tfq inside the function only; add its row to COMMANDS; then
`python -m tfq.cli.docs > docs/cli.md`. A check that fails ends in `raise typer.Exit(1)`, bad input in a `TfqError`.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from tfq.cli import bench, check, export, inspect, parity, run, train
from tfq.errors import TfqError
from tfq.version import __version__

# Name and function, in the order of `tfq --help`: ("inspect", inspect.inspect) after `from tfq.cli import inspect`.
COMMANDS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("check", check.check),
    ("train", train.train),
    ("export", export.export),
    ("parity", parity.parity),
    ("inspect", inspect.inspect),
    ("run", run.run),
    ("bench", bench.bench),
)

BAD_INPUT, FAULT, INTERRUPTED = 2, 70, 130

# Plain help (no rich markup): the same text on every terminal, so that docs/cli.md can be checked against it.
app = typer.Typer(
    name="tfq",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "terminal_width": 100, "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tfq {__version__}")
        raise typer.Exit()


@app.callback()
def _tfq(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Keras 3 networks to int8 TensorFlow Lite, trained and proved in the integers that ship.

    Example: tfq train pipelines/mnist
    """


for _name, _function in COMMANDS:
    app.command(_name)(_function)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave by `SystemExit` with its exit code; `arguments` are those of the process by default."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up notes; warnings of Python's stay
    try:
        app(args=arguments, prog_name="tfq")
    except TfqError as error:
        _say(str(error))
        sys.exit(BAD_INPUT)
    except OSError as error:
        _say(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception:
        traceback.print_exc()
        _say("this is a fault in tfq, not in your input; please report it with the lines above")
        sys.exit(FAULT)


def _say(message: str) -> None:
    """Print `error: message` on standard error, never wrapped: a long path stays in one piece."""
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True).print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)
