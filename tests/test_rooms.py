"""The rooms of tfq/ import downward only; what is heavy is imported where the table says and nowhere else.

Every import statement under tfq/ is read with `ast`, those inside functions too. Imports under `if TYPE_CHECKING:`
cost nothing at run time and are left out.
"""

import ast
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import tfq

ROOT = Path(tfq.__file__).parent.parent

# room -> the rooms that it may import; every room may import itself and the rooms in EVERYWHERE
ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "files": set(),
    "version": set(),
    "callable_room": set(),
    "recipe": set(),
    "numerics": set(),
    "tflite": {"numerics"},
    "ops": {"numerics", "tflite"},
    "interpreter": {"numerics", "tflite", "ops"},
    "runtimes": {"tflite"},
    "parity": {"numerics", "tflite", "ops", "interpreter", "runtimes"},
    "inspect": {"numerics", "tflite", "ops"},
    "qat": {"numerics", "ops", "recipe"},
    "export": {"numerics", "tflite", "ops", "recipe", "qat"},
    "legacy": {"recipe", "qat"},
    "callbacks": {"qat", "export", "parity"},
    "train": {
        *("numerics", "tflite", "ops", "interpreter", "runtimes", "parity"),
        *("inspect", "recipe", "qat", "export"),
    },
    "targets": {"numerics", "tflite", "ops", "interpreter", "inspect", "recipe", "qat", "export"},
    "cli": {
        *("numerics", "tflite", "ops", "interpreter", "runtimes", "parity"),
        *("inspect", "recipe", "qat", "export", "train", "targets"),
    },
}
EVERYWHERE = {"errors", "files", "version", "callable_room"}

# package -> the rooms or files that may import it
HEAVY: dict[str, set[str]] = {
    "keras": {"tfq/qat/", "tfq/legacy/", "tfq/callbacks.py"},
    "tensorflow": {"tfq/qat/fused.py", "tfq/qat/values.py", "tfq/qat/once.py", "tfq/legacy/"},
    "tensorflow_model_optimization": set(),
    "tf_keras": {"tfq/legacy/source.py"},
    "jax": {"tfq/qat/arrays.py"},
    "torch": set(),
    "tflite_micro": {"tfq/runtimes/"},
    "mlxtend": {"tfq/train/"},
    "typer": {"tfq/cli/"},
}

# A file or a function of more code lines (no blank lines, comments, docstrings) is two things.
FILE_LINES, FUNCTION_LINES = 400, 60


class Import(NamedTuple):
    """One imported module, by its dotted name."""

    module: str
    line: int
    in_function: bool


def files(folder: str) -> list[Path]:
    """The Python files below a folder of the project."""
    return sorted(ROOT.joinpath(folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """A path as the tables and the messages spell it: `tfq/qat/fused.py`."""
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str:
    """The room of a file under tfq/; "" for tfq/__init__.py."""
    part = path.relative_to(ROOT / "tfq").parts[0].removesuffix(".py")
    return "" if part == "__init__" else part


def module_of(path: Path) -> str:
    """The dotted name of a file; a package's for its __init__.py."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def is_module(dotted: str) -> bool:
    """Whether a dotted name is a package or a module of the project."""
    path = ROOT.joinpath(*dotted.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def for_types_only(node: ast.AST) -> bool:
    """Whether a node is `if TYPE_CHECKING:`."""
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imports(nodes: Iterable[ast.AST], package: str, in_function: bool = False) -> Iterator[Import]:
    """Every import in and below nodes; `from a import b` is `a.b` where that is a module of the project, else `a`."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, in_function) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join(parents[: len(parents) - node.level + 1] + ([base] if base else []))
            for alias in node.names:
                below = f"{base}.{alias.name}"
                yield Import(below if is_module(below) else base, node.lineno, in_function)
        elif for_types_only(node):
            yield from imports(node.orelse, package, in_function)
        else:
            inside = in_function or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            yield from imports(ast.iter_child_nodes(node), package, inside)


def imports_of(path: Path) -> list[Import]:
    """Every import of a file."""
    package = ".".join(path.relative_to(ROOT).parent.parts)
    return list(imports([ast.parse(path.read_text())], package))


def tfq_imports() -> Iterator[tuple[Path, Import, str]]:
    """(file, import, imported room) for every import of tfq under tfq/; the room of `import tfq` is ""."""
    for path in files("tfq"):
        for found in imports_of(path):
            top, *below = found.module.split(".")
            if top == "tfq":
                yield path, found, below[0] if below else ""


def code_lines(tree: ast.AST, text: str) -> set[int]:
    """Numbers of the lines of a node that hold code."""
    first, last = getattr(tree, "lineno", 1), getattr(tree, "end_lineno", None) or text.count("\n") + 1
    prose = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            prose.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = dict(enumerate(text.splitlines(), start=1))
    written = {n for n in range(first, last + 1) if lines.get(n, "").strip()}
    return {n for n in written - prose if not lines[n].lstrip().startswith("#")}


def test_every_room_is_in_the_table():
    assert {room_of(path) for path in files("tfq")} - {""} <= set(ROOMS)


def test_the_table_goes_downward():
    order = list(TopologicalSorter(ROOMS).static_order())
    assert set(order) == set(ROOMS)
    assert not any("cli" in below for below in ROOMS.values()), "nothing imports cli"


def test_imports_go_downward():
    wrong = []
    for path, found, room in tfq_imports():
        here = room_of(path)
        allowed = EVERYWHERE if here == "" else ROOMS[here] | EVERYWHERE | {here}
        if room not in allowed:
            wrong.append(f"{name_of(path)}:{found.line} imports {found.module}; {here or 'tfq'} may not import {room}")
    assert not wrong, "\n".join(wrong)


def test_the_command_line_imports_rooms_inside_functions():
    wrong = [
        f"{name_of(path)}:{found.line} imports {found.module}"
        for path, found, room in tfq_imports()
        if room_of(path) == "cli" and room not in EVERYWHERE | {"cli"} and not found.in_function
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", HEAVY)
def test_heavy_packages_stay_in_their_rooms(package):
    wrong = []
    for path in files("tfq"):
        allowed = any(name_of(path).startswith(place) for place in HEAVY[package])
        for found in imports_of(path):
            if found.module.split(".")[0] == package and not allowed:
                wrong.append(f"{name_of(path)}:{found.line} imports {found.module}")
    assert not wrong, "\n".join(wrong)


def test_no_cycle_between_modules():
    """Of the imports that run while a module is loaded; those inside functions wait for a call."""
    graph: dict[str, set[str]] = {module_of(path): set() for path in files("tfq")}
    for path, found, _ in tfq_imports():
        if found.module in graph and found.module != module_of(path) and not found.in_function:
            graph[module_of(path)].add(found.module)
    TopologicalSorter(graph).prepare()  # raises CycleError, naming the cycle


def test_pipelines_use_public_names_only():
    wrong = []
    for path in files("pipelines"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names = []
            if isinstance(node, ast.ImportFrom):
                modules, names = [node.module or ""], [alias.name for alias in node.names]
            deep = [module for module in modules if module.startswith("tfq.")]
            hidden = [name for name in names if modules == ["tfq"] and name not in tfq.__all__]
            if deep or hidden:
                wrong.append(f"{name_of(path)}:{node.lineno} imports {', '.join(deep + hidden)}")
    assert not wrong, "\n".join(wrong)


def test_no_file_and_no_function_is_too_long():
    wrong = []
    for path in files("tfq"):
        text = path.read_text()
        tree = ast.parse(text)
        if (count := len(code_lines(tree, text))) > FILE_LINES:
            wrong.append(f"{name_of(path)}: {count} code lines, at most {FILE_LINES}")
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if (count := len(code_lines(node, text))) > FUNCTION_LINES:
                    place = f"{name_of(path)}:{node.lineno} {node.name}"
                    wrong.append(f"{place}: {count} code lines, at most {FUNCTION_LINES}")
    assert not wrong, "\n".join(wrong)


# The reader itself, on text in which every form of import occurs.
READER = """
import keras, numpy as np
from tfq.ops import conv_2d, SPECS
from . import fold
from ..numerics.affine import Affine
if TYPE_CHECKING:
    from tfq.cli import app
else:
    import tfq.recipe
def late():
    if True:
        from tfq import errors
"""


def test_the_reader_sees_every_form_of_import(tmp_path, monkeypatch):
    for name in ("tfq/ops/conv_2d.py", "tfq/qat/fold.py", "tfq/errors.py"):
        tmp_path.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        tmp_path.joinpath(name).touch()
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    found = [(one.module, one.in_function) for one in imports([ast.parse(READER)], "tfq.qat")]
    assert found == [
        ("keras", False),
        ("numpy", False),
        ("tfq.ops.conv_2d", False),
        ("tfq.ops", False),
        ("tfq.qat.fold", False),
        ("tfq.numerics.affine", False),
        ("tfq.recipe", False),
        ("tfq.errors", True),
    ]
