"""`tfq ARGUMENTS` in this process."""

import pytest

from tfq.cli import main


def call(capsys, *arguments):
    """Exit code, standard output and standard error."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as leaving:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return leaving.value.code or 0, printed.out, printed.err


def refused(capsys, message, *arguments):
    """Asserts exit code 2 and one line on standard error that holds the message."""
    code, out, err = call(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert err.startswith("error: ") and message in err, err


LOADED = """
import sys
from tfq.cli import main
try:
    main({arguments})
except SystemExit as leaving:
    assert not leaving.code, leaving.code
heavy = {{"tensorflow", "keras", "jax", "torch"}}
print("loaded:", sorted(heavy & set(sys.modules)))
"""
