"""One TFLite op a file, named after the builtin; this table is the whole registry."""

from __future__ import annotations

from types import ModuleType

from tfq.ops import conv_2d, depthwise_conv_2d, fully_connected

TABLE: dict[str, ModuleType] = {
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "FULLY_CONNECTED": fully_connected,
}
