"""Windows over an image: output sizes and padding of convolutions and pools.

    SAME:  out = ceil(in / stride)
    VALID: out = (in - extent) // stride + 1             extent = (kernel - 1) * dilation + 1
    before = max(0, (out - 1) * stride + extent - in) // 2, and the odd one goes after (bottom, right)

Source: google-ai-edge/LiteRT tflite/kernels/padding.h ComputeOutSize, ComputePaddingWithOffset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfq.errors import TfqError


@dataclass(frozen=True)
class Window:
    """A kernel that walks over an image. Each pair is (height, width); padding is SAME or VALID."""

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: str = "VALID"

    @property
    def extent(self) -> tuple[int, int]:
        """Pixels from the first tap to the last."""
        return _pair((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the output. Raises TfqError where the image is smaller than a VALID window."""
        if self.padding == "SAME":
            return _pair(-(-size // s) for size, s in zip((height, width), self.stride, strict=True))
        sizes = zip((height, width), self.extent, self.stride, strict=True)
        out = _pair((size - extent) // s + 1 for size, extent, s in sizes)
        if min(out) < 1:
            raise TfqError(f"a VALID window of {self.extent} does not fit into an image of {(height, width)}")
        return out

    def pads(self, height: int, width: int) -> tuple[int, int, int, int]:
        """(top, bottom, left, right) in pixels."""
        pads: list[int] = []
        sizes = zip((height, width), self.output_size(height, width), self.stride, self.extent, strict=True)
        for size, out, stride, extent in sizes:
            total = max(0, (out - 1) * stride + extent - size)
            pads += [total // 2, total - total // 2]
        return pads[0], pads[1], pads[2], pads[3]


def window_of(options: Mapping[str, Any], kernel: Sequence[int]) -> Window:
    """The window that an op's options describe (strides, dilations where it has them, padding).

    Args: kernel: (height, width). Raises: TfqError for a stride, dilation or kernel below 1 or another padding.
    """
    window = Window(
        kernel=(int(kernel[0]), int(kernel[1])),
        stride=(int(options["stride_h"]), int(options["stride_w"])),
        dilation=(int(options.get("dilation_h_factor", 1)), int(options.get("dilation_w_factor", 1))),
        padding=str(options["padding"]),
    )
    if min(window.kernel + window.stride + window.dilation) < 1:
        raise TfqError(f"kernel, stride and dilation must be at least 1, received {window}")
    if window.padding not in ("SAME", "VALID"):
        raise TfqError(f"padding must be SAME or VALID, received {window.padding!r}")
    return window


def _pair(values) -> tuple[int, int]:
    first, second = values
    return int(first), int(second)
