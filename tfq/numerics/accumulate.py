"""Exact integer convolutions and products in floating point.

A sum of products of integers is exact in float32, in whatever order and with or without FMA, while every partial sum
stays below 2**24 in magnitude; in float64 below 2**53. `prepare_*` proves the bound from the weights themselves
(max over the output channels of sum |w| * max |x|) and picks the narrower type that holds it.

    sum (x - z) * w = sum x * w - z * sum w      with the border filled with z, where x - z = 0

so the stored codes go into the product as they are, and `- z * sum w` belongs to the bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.geometry import Window

LARGEST_CODE = {"int8": 128, "uint8": 255, "int16": 32768}


@dataclass(frozen=True, eq=False)
class Weights:
    """matrix: [groups, K, N] (conv, dense) or [taps, channels * multiplier] (depthwise), float32 or float64 integers.

    kernel: (height, width). sums: int64 [output channels], sum of w. bound: no partial sum of x * w exceeds it.
    """

    matrix: np.ndarray
    kernel: tuple[int, int]
    sums: np.ndarray
    bound: int

    @property
    def dtype(self) -> np.dtype:
        return self.matrix.dtype


def _weights(matrix: np.ndarray, kernel: tuple[int, int], taps_axis: int, codes: str) -> Weights:
    bound = int(np.abs(matrix).sum(axis=taps_axis).max(initial=0)) * LARGEST_CODE[codes]
    dtype = np.float32 if bound < 2**24 else np.float64
    return Weights(np.ascontiguousarray(matrix, dtype), kernel, matrix.sum(axis=taps_axis).reshape(-1), bound)


def prepare_conv(w: np.ndarray, groups: int = 1, codes: str = "int8") -> Weights:
    """w: integers [O, kh, kw, C / groups]; codes: type of the input."""
    matrix = np.asarray(w, np.int64).reshape(groups, w.shape[0] // groups, -1).transpose(0, 2, 1)
    return _weights(matrix, (w.shape[1], w.shape[2]), 1, codes)


def prepare_depthwise(w: np.ndarray, codes: str = "int8") -> Weights:
    """w: integers [1, kh, kw, C * multiplier]; output channel c * multiplier + j reads input channel c."""
    matrix = np.asarray(w, np.int64).reshape(w.shape[1] * w.shape[2], w.shape[3])
    return _weights(matrix, (w.shape[1], w.shape[2]), 0, codes)


def prepare_dense(w: np.ndarray, codes: str = "int8") -> Weights:
    """w: integers [O, K]."""
    return _weights(np.asarray(w, np.int64).T[None], (1, 1), 1, codes)


def pad(x: np.ndarray, window: Window, value: int) -> np.ndarray:
    """x [N, H, W, C] with the border that the window needs, filled with `value`."""
    top, bottom, left, right = window.pads(x.shape[1], x.shape[2])
    if not (top or bottom or left or right):
        return x
    n, h, w, c = x.shape
    padded = np.full((n, h + top + bottom, w + left + right, c), value, x.dtype)
    padded[:, top : top + h, left : left + w] = x
    return padded


def conv_2d(x: np.ndarray, border: int, weights: Weights, window: Window) -> np.ndarray:
    """sum x * w for x: codes [N, H, W, C]; the border counts as `border`. Returns float [N, OH, OW, O]."""
    oh, ow = window.output_size(x.shape[1], x.shape[2])
    groups, k, per_group = weights.matrix.shape
    patches = _patches(pad(x, window, border), window, oh, ow)
    n = x.shape[0]
    acc = np.empty((n * oh * ow, groups * per_group), weights.dtype)
    depth = x.shape[3] // groups
    for g in range(groups):
        columns = patches[..., g * depth : (g + 1) * depth].astype(weights.dtype).reshape(-1, k)
        acc[:, g * per_group : (g + 1) * per_group] = columns @ weights.matrix[g]
    return acc.reshape(n, oh, ow, -1)


def depthwise_conv_2d(x: np.ndarray, border: int, weights: Weights, window: Window) -> np.ndarray:
    """Each channel by its own kernels, x: codes [N, H, W, C]. Returns float [N, OH, OW, C * multiplier]."""
    oh, ow = window.output_size(x.shape[1], x.shape[2])
    patches = _patches(pad(x, window, border), window, oh, ow)
    channels = weights.matrix.shape[1]
    acc = np.zeros((x.shape[0], oh, ow, channels), weights.dtype)
    for tap, row in enumerate(weights.matrix):
        i, j = divmod(tap, window.kernel[1])
        acc += np.repeat(patches[:, :, :, i, j], channels // x.shape[3], axis=-1) * row
    return acc


def dense(x: np.ndarray, weights: Weights) -> np.ndarray:
    """x: codes [M, K] -> float [M, O]."""
    return x.astype(weights.dtype) @ weights.matrix[0]


def _patches(x: np.ndarray, window: Window, oh: int, ow: int) -> np.ndarray:
    """A view [N, OH, OW, kh, kw, C] of the padded image."""
    n, _, _, c = x.shape
    sn, sh, sw, sc = x.strides
    (kh, kw), (stride_h, stride_w), (dil_h, dil_w) = window.kernel, window.stride, window.dilation
    strides = (sn, sh * stride_h, sw * stride_w, sh * dil_h, sw * dil_w, sc)
    return np.lib.stride_tricks.as_strided(x, (n, oh, ow, kh, kw, c), strides, writeable=False)
