"""3-D convolutions as 2-D ones: the depth's taps side by side as channels, the output's depth as a part of the batch.

    y[b, d] = sum over i of conv_2d(x[b, d * stride + i * dilation], kernel[i])
            = conv_2d(x[b, d * stride + i * dilation] for all i side by side, kernel[i] for all i one above the other)

The same products in one sum: exact, with the integers of CONV_2D, which every runtime has (CONV_3D is float only).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tfq.qat.capture import Value
from tfq.qat.net import Net
from tfq.qat.rules.windows import Window, conv_2d, sizes


def conv_3d(net: Net, x: Value, kernel: np.ndarray, bias: Any, window: Window) -> Value:
    """The convolution of [B, D, H, W, C]. kernel: [kd, kh, kw, C / groups, F]. bias: [F] or None."""
    depth, height, width, channels = sizes(net, x)
    taps, kernel_height, kernel_width, _, filters = kernel.shape
    stride, dilation = window.strides[0], window.dilation[0]
    before, after = padding(depth, taps, stride, dilation) if window.padding == "same" else (0, 0)
    count = (depth + before + after - (taps - 1) * dilation - 1) // stride + 1
    if count < 1:
        raise net.refuse(f"a depth of {depth} is too short for {taps} taps", "use padding='same'")
    x = net.reshape(x, [-1, depth, height * width, channels])
    if before or after:
        x = net.pad(x, [(before, after), (0, 0), (0, 0)])
    x = net.reshape(_side_by_side(net, x, taps, count, stride, dilation), [-1, height, width, taps * channels])
    groups = channels // kernel.shape[3]
    if groups > 1:  # the channels of a group come together
        x = net.gather(x, np.arange(taps * channels).reshape(taps, groups, -1).transpose(1, 0, 2), -1)
    planar = kernel.transpose(1, 2, 0, 3, 4).reshape(kernel_height, kernel_width, -1, filters)
    y = conv_2d(
        net, x, planar, bias, replace(window, strides=window.strides[1:], dilation=window.dilation[1:]), "conv_2d"
    )
    return net.reshape(y, [-1, count, *y.shape[1:]])


def _side_by_side(net: Net, x: Value, taps: int, count: int, stride: int, dilation: int) -> Value:
    """[B, D, HW, C] -> [B * count, HW, taps, C]."""
    if (taps, stride) != (1, 1):
        x = net.gather(x, np.arange(count)[:, None] * stride + np.arange(taps) * dilation, 1)
    x = net.reshape(x, [-1, taps, *x.shape[2:]])
    return x if taps == 1 else net.transpose(x, (0, 2, 1, 3))


def padding(size: int, taps: int, stride: int, dilation: int) -> tuple[int, int]:
    """(before, after) of "same"."""
    total = max((-(-size // stride) - 1) * stride + (taps - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2
