"""LSTM: one step of an LSTM for each run, its two states kept in variable tensors.

int8 with int8 weights and a 16-bit cell (5 intermediate tensors): see lstm_integer. float32, with int8 weights too: see
lstm_float. TFLite Micro has none, and XNNPACK takes none. Not yet: the 5-input form (kernel_type BASIC), int8 cells.
"""

from __future__ import annotations

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import lstm_float, lstm_integer
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.lstm_layout import Params, evaluate, layout_of, updates

__all__ = ["SPEC", "evaluate", "prepare", "updates"]

SPEC = Spec("LSTM", ("INT8", "FLOAT32"), "google-ai-edge/LiteRT tflite/kernels/lstm.cc, lstm_eval.cc")

_BUILT_IN = {"INT8": lstm_integer.prepare, "FLOAT32": lstm_float.prepare_either}
CELLS = {LITERT: _BUILT_IN, XNNPACK: _BUILT_IN, TFLM: {}}


def prepare(node: Node, profile: Profile) -> Params:
    """The cell. Raises Unsupported for types, shapes and tensors that the profile's kernel does not take."""
    cells = CELLS[profile]
    if given(node).type not in cells:
        raise node.unsupported(f"{profile.name} takes {', '.join(cells) or 'none'}, received {given(node).type}")
    if node.options.get("kernel_type", "FULL") != "FULL":
        raise node.unsupported(f"kernel_type must be FULL, received {node.options['kernel_type']}")
    return cells[given(node).type](node, layout_of(node, time_major=True, ranks=(2,)))
