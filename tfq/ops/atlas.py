"""docs/rounding-atlas.md: what each op computes in each profile, from the table of ops and their docstrings.

`python -m tfq.ops.atlas > docs/rounding-atlas.md` (or `make docs`) writes the page anew; a test compares it.

An op's types by profile are read from what its file names: TYPES (types of the values that it computes on), KERNELS or
CELLS (a kernel for each), OUTPUT_TYPES (by input type), RUNTIMES (the profiles that have it), or else SPEC.types.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from tfq.numerics.profiles import LITERT, PROFILES, TFLM, XNNPACK, Profile
from tfq.ops import (
    TABLE,
    comparison,
    complex_abs,
    conv_3d,
    reduce_max,
    rnn,
    stablehlo_elementwise,
    suppression,
    unary,
    unsorted_segment,
)
from tfq.ops.refused import REFUSED

# What the results were compared with, element by element, on Linux and x86-64.
TESTED = {LITERT: "ai-edge-litert 2.3", XNNPACK: "ai-edge-litert 2.3", TFLM: "tflite-micro 0.dev20261023"}

HEAD = """# The rounding atlas

What each op of tfq's interpreter computes, which types each runtime takes, where the runtimes round differently, and
from which source that is. `python -m tfq.ops.atlas > docs/rounding-atlas.md` writes this page anew from the ops' own
files; a test compares it.

- **litert**: LiteRT's reference kernels (BUILTIN_REF). **xnnpack**: what LiteRT answers by default: XNNPACK, and
  LiteRT's optimized kernels for what XNNPACK leaves. **tflm**: TFLite Micro.
- *Two roundings*: a 31-bit multiplier as in gemmlowp, SaturatingRoundingDoublingHighMul and then RoundingDivideByPOT.
- *Float-close*: equal up to the last bits of a float32, for the reason given. Integers are equal, without exception.
- Compared on Linux, x86-64, with {versions}. Other builds (ARM, GPUs, other versions) may
  round otherwise: `tfq parity MODEL.tflite --reproducer DIR` shows where.

## Multipliers

How an int32 accumulator of int8 operands is brought to the output's scale; s_in, s_w and s_out are the scales, f32 and
f64 a rounding to that type.

"""
TYPES_HEAD = """
## Types

Types of the values that an op computes on; an empty cell: the runtime has no kernel for it.

"""
REFUSED_HEAD = """
## Not defined

What else LiteRT has kernels for, and why tfq refuses it. Custom ops, TFLite Micro's signal library among them, are
refused too.

| op | reason |
|---|---|
"""
PROFILE_ORDER = (LITERT, XNNPACK, TFLM)
RESCALES = {"conv": "convolutions", "fully_connected": "FULLY_CONNECTED", "product": "MUL"}
_LETTERS = {"INT": "i", "UINT": "u", "FLOAT": "f", "COMPLEX": "c"}

Types = Mapping[Profile, Any]

# Ops whose types are in a file that they share with others.
SHARED: dict[str, Types] = {
    **dict.fromkeys(("EQUAL", "NOT_EQUAL"), comparison.EQUATED),
    **dict.fromkeys(("GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"), comparison.ORDERED),
    **dict.fromkeys(("COS", "FLOOR", "L2_POOL_2D", "SIN", "SQUARE"), unary.FLOAT),
    **dict.fromkeys(("HARD_SWISH", "L2_NORMALIZATION", "LOG_SOFTMAX"), unary.NUMBERS),
    **dict.fromkeys(("IMAG", "REAL"), complex_abs.TYPES),
    **dict.fromkeys(("NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5"), suppression.TYPES),
    **dict.fromkeys(
        ("STABLEHLO_ADD", "STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM", "STABLEHLO_MULTIPLY"), stablehlo_elementwise.TYPES
    ),
    **{f"UNSORTED_SEGMENT_{name}": unsorted_segment.TYPES for name in ("MAX", "MIN", "PROD", "SUM")},
    "CONV_3D_TRANSPOSE": {profile: ("FLOAT32",) if known else () for profile, known in conv_3d.KNOWN.items()},
    "CONV_3D": {profile: ("FLOAT32",) if known else () for profile, known in conv_3d.KNOWN.items()},
    "REDUCE_MIN": reduce_max.TYPES,
    "UNIDIRECTIONAL_SEQUENCE_RNN": rnn.TYPES,
}


def types_of(code: str, profile: Profile) -> tuple[str, ...] | None:
    """The types that the profile's kernel takes, each once; None where the op looks at no type but exists.

    Empty: the profile has no such op.
    """
    module = TABLE[code]
    for table in (SHARED.get(code), *(getattr(module, name, None) for name in _NAMES)):
        if isinstance(table, Mapping) and set(PROFILES.values()) >= set(table):
            return tuple(dict.fromkeys(_firsts(table.get(profile, ()))))
    if profile not in getattr(module, "RUNTIMES", PROFILE_ORDER):
        return ()
    return module.SPEC.types or None


_NAMES = ("TYPES", "KERNELS", "CELLS", "OUTPUT_TYPES")


def _firsts(found: Any) -> Iterator[str]:
    """The first input's types in a tuple of types, of tuples of types, or in a mapping from either to a kernel."""
    pairs: Iterable[tuple[Any, Any]] = found.items() if isinstance(found, Mapping) else ((key, True) for key in found)
    for key, kernel in pairs:
        if kernel is not None and kernel != ():
            first = key if isinstance(key, str) else key[0]
            yield first.split()[0]


def render() -> str:
    """The whole page."""
    versions = " and ".join(dict.fromkeys(TESTED.values()))
    lines = [HEAD.format(versions=versions), "| profile | op | multiplier | rounding |\n|---|---|---|---|\n"]
    lines += [_multiplier(profile, field) for field in RESCALES for profile in PROFILE_ORDER]
    lines += [TYPES_HEAD, "| op | litert | xnnpack | tflm |\n|---|---|---|---|\n"]
    lines += [_row(code) for code in sorted(TABLE)]
    lines.append(REFUSED_HEAD)
    lines += [f"| {code} | {reason} |\n" for code, reason in REFUSED.items()]
    lines.append("\n## Ops\n")
    lines += [_section(code, TABLE[code]) for code in sorted(TABLE)]
    return "".join(lines)


def _multiplier(profile: Profile, field: str) -> str:
    found = getattr(profile, field)
    words = (" ".join((function.__doc__ or "").split("\n\n")[0].split()) for function in (found.constants, found.apply))
    return f"| {profile.name} | {RESCALES[field]} | {' | '.join(words)} |\n"


def _row(code: str) -> str:
    cells = (_cell(types_of(code, profile)) for profile in PROFILE_ORDER)
    return f"| [{code}](#{code.lower()}) | {' | '.join(cells)} |\n"


def _cell(types: tuple[str, ...] | None) -> str:
    return "yes" if types is None else " ".join(_short(name) for name in types)


def _short(name: str) -> str:
    """i8 for INT8."""
    kind = name.rstrip("0123456789")
    return _LETTERS.get(kind, kind.lower()) + name[len(kind) :]


def _section(code: str, module: ModuleType) -> str:
    """The op's docstring, word for word, and its sources."""
    text = (module.__doc__ or "").strip()
    sources = "".join(f"- {source.strip()}\n" for source in module.SPEC.source.split(";"))
    return f"\n### {code}\n\n```text\n{text}\n```\n\n{sources}"


if __name__ == "__main__":
    print(render(), end="")
