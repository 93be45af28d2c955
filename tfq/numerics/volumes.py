"""Convolutions of volumes [N, D, H, W, C], tap by tap, forwards and transposed, in float32 and in a kernel's order.

    gathered   out[p] = sum over taps t of x[p * stride - before + t * dilation] @ w[t], taps ascending
    scattered  out[p * stride - before + t * dilation] += x[p] @ w[t], taps descending: a loop over the input

Source: google-ai-edge/LiteRT tflite/kernels/internal/reference/conv3d.h, conv3d_transpose.h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfq.numerics.geometry import Window
from tfq.numerics.in_order import ROUNDED


@dataclass(frozen=True)
class Axes:
    """One window per axis of a volume: depth, height, width. Each is a Window that is the same in both directions."""

    windows: tuple[Window, Window, Window]

    @staticmethod
    def of(kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int], padding: str) -> Axes:
        """Triples in the order depth, height, width."""
        depth, height, width = (
            Window((k, k), (s, s), (d, d), padding) for k, s, d in zip(kernel, stride, dilation, strict=True)
        )
        return Axes((depth, height, width))

    def output_size(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """Sizes of the output. Raises TfqError where a VALID window is larger than the volume."""
        return tuple(w.output_size(n, n)[0] for w, n in zip(self.windows, sizes, strict=True))

    def pads(self, sizes: Sequence[int]) -> list[tuple[int, int]]:
        """(before, after) for each axis."""
        pads = [w.pads(n, n) for w, n in zip(self.windows, sizes, strict=True)]
        return [(before, after) for before, after, _, _ in pads]

    def met(self, tap: Sequence[int], sizes: Sequence[int]) -> tuple[slice, ...]:
        """Where, in the padded volume, the tap meets outputs of these sizes."""
        slices = [slice(None)]
        for w, t, n in zip(self.windows, tap, sizes, strict=True):
            first = t * w.dilation[0]
            slices.append(slice(first, first + (n - 1) * w.stride[0] + 1, w.stride[0]))
        return tuple(slices)


def gathered(x: np.ndarray, w: np.ndarray, axes: Axes) -> np.ndarray:
    """x: float32 [N, D, H, W, C]; w: [d, h, w, C, O] -> sums [N, OD, OH, OW, O]."""
    size = axes.output_size(x.shape[1:4])
    padded = np.pad(x, [(0, 0), *axes.pads(x.shape[1:4]), (0, 0)])
    total = np.zeros((len(x), *size, w.shape[4]), np.float32)
    for tap in np.ndindex(w.shape[:3]):
        rows = padded[axes.met(tap, size)].reshape(-1, x.shape[4])
        ROUNDED.matrix(rows, w[tap], out=total.reshape(-1, w.shape[4]))
    return total


def scattered(x: np.ndarray, w: np.ndarray, axes: Axes, size: Sequence[int]) -> np.ndarray:
    """x: float32 [N, D, H, W, C]; w: [d, h, w, O, C]; size: of the output -> sums [N, *size, O]."""
    before = [pad[0] for pad in axes.pads(size)]
    reach = [(n - 1) * v.stride[0] + v.extent[0] for n, v in zip(x.shape[1:4], axes.windows, strict=True)]
    whole = [max(r, b + s) for r, b, s in zip(reach, before, size, strict=True)]
    total = np.zeros((len(x), *whole, w.shape[3]), np.float32)
    rows = x.reshape(-1, x.shape[4])
    for tap in reversed(list(np.ndindex(w.shape[:3]))):
        met = total[axes.met(tap, x.shape[1:4])]
        part = np.ascontiguousarray(met).reshape(-1, w.shape[3])
        ROUNDED.matrix(rows, w[tap].T, out=part)
        met[...] = part.reshape(met.shape)
    return total[(slice(None), *(slice(b, b + s) for b, s in zip(before, size, strict=True)))]
