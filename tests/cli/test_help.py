"""Every command has help with an example, docs/cli.md is that help, and asking for it loads nothing heavy."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import tfq
from tfq.cli import COMMANDS, docs

ROOT = Path(tfq.__file__).parent.parent
PAGE = ROOT / "docs" / "cli.md"
PATHS = [context.command_path for context in docs.contexts()]

LOADED = """
import sys
from tfq.cli import main
try:
    main({arguments})
except SystemExit as leaving:
    assert not leaving.code, leaving.code
heavy = {{"tensorflow", "keras", "numpy", "ai_edge_litert", "tflite_micro", "matplotlib"}}
print("loaded:", sorted(heavy & set(sys.modules)))
"""


def test_every_row_is_a_command():
    assert PATHS == ["tfq", *(f"tfq {name}" for name, _ in COMMANDS)]


@pytest.mark.parametrize("path", PATHS)
def test_help_says_what_it_does_and_gives_an_example(path):
    text = next(context.get_help() for context in docs.contexts() if context.command_path == path)
    usage, about, *_ = text.split("\n\n")
    assert usage.startswith(f"Usage: {path} ")
    assert not about.lstrip().startswith(("Example", "Options", "Arguments")), "the first paragraph says what it does"
    assert re.search(rf"^ *Examples?:\s+{path} ", text, re.MULTILINE), f"no paragraph 'Example: {path} ...'"


@pytest.mark.parametrize("path", PATHS)
def test_every_option_is_explained(path):
    command = next(context.command for context in docs.contexts() if context.command_path == path)
    silent = [one.name for one in command.params if one.param_type_name == "option" and not getattr(one, "help", None)]
    assert not silent, f"{path}: no help for {silent}"


def test_the_page_names_every_command():
    assert re.findall(r"^## (.*)", PAGE.read_text(), re.MULTILINE) == PATHS


def test_the_page_is_the_printed_help():
    written = PAGE.read_text().rpartition("Written with Typer ")[2].rstrip(".\n")
    if written != docs.typer_release():
        pytest.skip(f"docs/cli.md was written with Typer {written}, here is {docs.typer_release()}")
    assert PAGE.read_text() == docs.render(), "stale: python -m tfq.cli.docs > docs/cli.md"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name, _ in COMMANDS)], ids=str)
def test_asking_for_help_loads_nothing_heavy(arguments):
    code = LOADED.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: []"
