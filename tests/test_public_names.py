"""`import tfq` loads nothing; each public name is there when asked for; `tfq.export` is a package and a function."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import tfq
from tfq.callable_room import make_callable

ROOT = Path(tfq.__file__).parent.parent


def python(code):
    """Standard output of a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_loads_the_standard_library_only():
    code = """
import sys
before = set(sys.modules)
import tfq
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(tops - set(sys.stdlib_module_names) - {"tfq"}))
print(sorted(name for name in sys.modules if name.startswith("tfq.")))
"""
    assert python(code).splitlines() == ["[]", "['tfq.errors', 'tfq.version']"]


def test_interpreter_and_recipe_need_no_keras():
    code = "import sys, tfq; tfq.Interpreter, tfq.Recipe; print({'keras', 'tensorflow'} & set(sys.modules))"
    assert python(code) == "set()"


@pytest.mark.parametrize("name", tfq.__all__)
def test_every_public_name_is_there(name):
    value = getattr(tfq, name)
    assert name in dir(tfq)
    assert isinstance(value, str) or inspect.getdoc(value)


def test_no_other_name_is_there():
    with pytest.raises(AttributeError, match="module 'tfq' has no attribute 'quantise'"):
        _ = tfq.quantise


ROOM = '''
"""A room."""
from tfq.callable_room import make_callable
def act(x, *, y=1):
    """What act does."""
    return x + y
make_callable(__name__, act)
'''
TOP = """
from importlib import import_module
def __getattr__(name):
    if name != "act":
        raise AttributeError(name)
    return import_module("top.act")
"""
ORDERS = [
    "import top",
    "import top.act",
    "import top.act.below",
    "from top.act.below import deep",
    "from top.act import act",
    "from top import act",
    "import top; top.act; import top.act.below",
    "import top.act.below as below; assert below.deep == 7",
]


@pytest.mark.parametrize("first", ORDERS)
def test_a_callable_room_answers_in_every_order_of_imports(first, tmp_path, monkeypatch):
    tmp_path.joinpath("top", "act").mkdir(parents=True)
    tmp_path.joinpath("top", "__init__.py").write_text(TOP)
    tmp_path.joinpath("top", "act", "__init__.py").write_text(ROOM)
    tmp_path.joinpath("top", "act", "below.py").write_text("deep = 7")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "top"]:
        monkeypatch.delitem(sys.modules, name)
    importlib.invalidate_caches()
    exec(first, {})
    top = importlib.import_module("top")
    assert top.act(1, y=2) == 3
    assert importlib.import_module("top.act.below").deep == top.act.below.deep == 7
    assert top.act(1) == top.act.act(1) == 2
    assert str(inspect.signature(top.act)) == "(x, *, y=1)"
    assert top.act.__doc__ == "What act does."


@pytest.mark.parametrize("name", ["export", "parity"])
def test_the_callable_rooms_are_what_they_are_called(name):
    room = importlib.import_module(f"tfq.{name}")
    assert getattr(tfq, name) is room and callable(room)
    assert inspect.signature(room) == inspect.signature(getattr(room, name))


def test_make_callable_wants_an_imported_package():
    with pytest.raises(KeyError):
        make_callable("tfq.no_such_room", print)
