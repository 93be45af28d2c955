"""docs/cli.md: the printed help of every command. `python -m tfq.cli.docs > docs/cli.md` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import typer

from tfq.cli import app

HEAD = """# The command line

The printed help of every command; `python -m tfq.cli.docs > docs/cli.md` writes this page anew, a test compares it.
Exit codes: 0 fine, 1 a check failed, 2 bad use or bad input, 70 a fault in tfq, 130 interrupted.
"""
# Typer's releases print the same commands a little differently.
FOOT = "\nWritten with Typer {}.\n"


def typer_release() -> str:
    """The installed Typer's release without its last part: "0.29"."""
    return ".".join(version("typer").split(".")[:2])


def contexts() -> Iterator[typer.Context]:
    """A context for `tfq`, then one for each command in its order; `.get_help()` is what it prints."""
    group: Any = typer.main.get_command(app)
    top = typer.Context(group, info_name="tfq", **group.context_settings)
    yield top
    for name in group.list_commands(top):
        command = group.get_command(top, name)
        yield typer.Context(command, info_name=name, parent=top, **command.context_settings)


def render() -> str:
    """The whole page."""
    pages = (f"\n## {context.command_path}\n\n```text\n{context.get_help().rstrip()}\n```\n" for context in contexts())
    return HEAD + "".join(pages) + FOOT.format(typer_release())


if __name__ == "__main__":
    print(render(), end="")
