"""Cases of ops that reduce along axes, of any type, for the tables of their tests."""

from __future__ import annotations

from collections.abc import Sequence

from tests.ops.elements import LITERT_KERNELS
from tests.ops.harness import RUNTIMES, Case, activation, constant

SHAPE = (1, 5, 7, 4)
# What the axes may be: (shape, axes, kept).
AXES = {
    "image": (SHAPE, (1, 2), False),
    "image, kept": (SHAPE, (1, 2), True),
    "last": (SHAPE, (3,), False),
    "outer and inner": (SHAPE, (1, 3), False),
    "all but the batch": (SHAPE, (1, 2, 3), True),
    "everything": ((2, 3, 4, 5), (0, 1, 2, 3), True),
    "the batch": ((3, 5, 2), (0,), False),
    "rank 5": ((1, 2, 3, 4, 5), (2, 3), False),
}


def reduction(
    code: str,
    name: str,
    x: tuple[float, int] = (0.1, 3),
    y: tuple[float, int] = (0.1, 3),
    *,
    type: str = "INT8",
    shape: Sequence[int] = SHAPE,
    axes: Sequence[int] = (1, 2),
    keep: bool = False,
    data=None,
    only: Sequence[str] = (),
    **more,
) -> Case:
    """x, y: (scale, zero point). data: the axes as they are stored, where they differ from `axes`."""
    out = [1 if i in axes else size for i, size in enumerate(shape) if keep or i not in axes]
    inputs = (activation("x", shape, *x, type), constant("axes", axes if data is None else data))
    only = only or (LITERT_KERNELS if type == "UINT8" else RUNTIMES)
    more = {"version": 2, "samples": 1 if 0 in axes else 4, **more}
    return Case(name, code, inputs, (activation("y", out, *y, type),), {"keep_dims": keep}, only=tuple(only), **more)


def along_all_axes(code: str, *numbers, type: str = "INT8", **more) -> tuple[Case, ...]:
    """One case for each entry of AXES."""
    return tuple(
        reduction(code, f"{type} {name}", *numbers, type=type, shape=shape, axes=axes, keep=keep, **more)
        for name, (shape, axes, keep) in AXES.items()
    )
