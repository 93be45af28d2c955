"""docs/rounding-atlas.md is what the ops' files say, and what the ops' files say of types is what they take."""

import importlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import tfq
from tests.ops.harness import RUNTIMES, Case, model_of
from tfq.interpreter import Interpreter
from tfq.numerics.profiles import PROFILES
from tfq.ops import TABLE, atlas
from tfq.ops.refused import REFUSED
from tfq.tflite.options import BUILTINS

PAGE = Path(tfq.__file__).parents[1] / "docs" / "rounding-atlas.md"


def test_the_page_is_current():
    assert PAGE.read_text("utf-8") == atlas.render(), "make docs"


# In the schema, and in neither of LiteRT's resolvers (kernels/register_ref.cc, core/kernels/register.cc).
NO_KERNEL = {"CALL", "CONCAT_EMBEDDINGS", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES"} | {
    f"STABLEHLO_{name}"
    for name in (
        "ABS BROADCAST_IN_DIM CBRT CLAMP COMPARE CONCATENATE CONVERT CONVOLUTION COSINE CUSTOM_CALL DIVIDE DOT_GENERAL "
        "DYNAMIC_SLICE DYNAMIC_UPDATE_SLICE EXPONENTIAL FLOOR IOTA LOG LOGISTIC NEGATE OR POWER REDUCE REMAINDER "
        "RESHAPE RSQRT SELECT SLICE SORT SUBTRACT TANH TRANSPOSE WHILE"
    ).split()
}


def test_every_builtin_with_a_kernel_is_defined_or_refused_with_a_reason():
    assert set(BUILTINS.values()) - set(TABLE) - NO_KERNEL - {"CUSTOM"} == set(REFUSED)
    assert not set(REFUSED) & set(TABLE)


@pytest.mark.parametrize("code", TABLE)
def test_every_op_says_what_it_computes_and_from_where(code):
    module = TABLE[code]
    assert module.SPEC.code == code
    assert (module.__doc__ or "").startswith(code), "the docstring begins with the op's name"
    assert "/" in module.SPEC.source, "owner/name path"


@pytest.mark.parametrize("package", ["ai-edge-litert", "tflite-micro"])
def test_the_versions_are_those_installed(package):
    try:
        installed = version(package)
    except PackageNotFoundError:
        pytest.skip(f"{package} is not here")
    named = {words for words in atlas.TESTED.values() if words.startswith(package)}
    assert len(named) == 1
    if not installed.startswith(name := named.pop().split()[1]):
        pytest.skip(
            f"the page says {name}, here is {installed}: where all tests pass, change TESTED in tfq/ops/atlas.py"
        )


def cases():
    """The first case of each op and first input's type in tests/ops."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"tests.ops.{path.stem}")
        for case in getattr(module, "CASES", ()):
            if isinstance(case, Case) and case.inputs and case.inputs[0] is not None:
                found.setdefault((case.code, case.inputs[0].type, case.only), case)
    return [case for case in found.values() if case.inputs[0].type in TABLE[case.code].SPEC.types]


def test_types_are_those_that_load():
    """What the interpreter takes, the atlas says: looked up for the ops whose first input holds the values."""
    missing = []
    for case in cases():
        first, raw = case.inputs[0].type, model_of(case)
        for numerics in RUNTIMES:
            said = atlas.types_of(case.code, PROFILES[numerics])
            if said is None or first in said or not said_of_values(case.code):
                continue
            try:
                Interpreter(raw, numerics)
            except tfq.TfqError:
                continue
            missing.append(f"{case.code} takes {first} under {numerics}, the atlas says {said}")
    assert not missing, "\n".join(missing)


def said_of_values(code):
    """Whether SPEC.types and the atlas mean the same tensor."""
    listed = set().union(*(atlas.types_of(code, profile) or () for profile in PROFILES.values()))
    return listed <= set(TABLE[code].SPEC.types)
