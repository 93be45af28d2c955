"""Large tensors a block of rows at a time, so that what an op holds in between stays in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# Values of a block; in int64 1 MiB.
BLOCK = 2**17


def by_rows(function: Callable[..., np.ndarray], *arrays: np.ndarray) -> np.ndarray:
    """function(*arrays), whose rows along axis 0 do not depend on each other.

    arrays: shapes that broadcast. Those of the highest rank are cut where they have more than one row, the others go in
    whole.
    """
    rank = max(array.ndim for array in arrays)
    rows = max((len(array) for array in arrays if array.ndim == rank), default=1) if rank else 1
    size = max(array.size for array in arrays)
    if size <= 2 * BLOCK or rows == 1:
        return function(*arrays)
    step = max(1, BLOCK * rows // size)
    parts = [
        function(*(a[first : first + step] if a.ndim == rank and len(a) > 1 else a for a in arrays))
        for first in range(0, rows, step)
    ]
    return np.concatenate(parts)
