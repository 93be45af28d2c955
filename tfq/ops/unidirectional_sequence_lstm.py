"""UNIDIRECTIONAL_SEQUENCE_LSTM: an LSTM over the steps of a sequence, its two states kept in variable tensors.

int8 with int8 weights and a 16-bit cell: see lstm_integer for litert and xnnpack (XNNPACK takes none of it), and
lstm_micro for tflm, which also takes int16. float32 (with int8 weights too, but for tflm): see lstm_float.

x is [batch, time, inputs], or [time, batch, inputs] with time_major.
"""

from __future__ import annotations

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import lstm_float, lstm_integer, lstm_micro
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.lstm_layout import Params, evaluate, layout_of, updates

__all__ = ["SPEC", "evaluate", "prepare", "updates"]

SPEC = Spec(
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    ("INT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/unidirectional_sequence_lstm.cc, lstm_eval.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/unidirectional_sequence_lstm.cc",
)

_BUILT_IN = {"INT8": lstm_integer.prepare, "FLOAT32": lstm_float.prepare_either}
_MICRO = {"INT8": lstm_micro.prepare, "INT16": lstm_micro.prepare, "FLOAT32": lstm_float.prepare}
# By the input's type.
CELLS = {LITERT: _BUILT_IN, XNNPACK: _BUILT_IN, TFLM: _MICRO}


def prepare(node: Node, profile: Profile) -> Params:
    """The cell. Raises Unsupported for types, shapes and tensors that the profile's kernel does not take."""
    cells = CELLS[profile]
    if given(node).type not in cells:
        raise node.unsupported(f"{profile.name} takes {', '.join(cells)}, received {given(node).type}")
    layout = layout_of(node, bool(node.options.get("time_major", False)), ranks=(3,))
    return cells[given(node).type](node, layout)
