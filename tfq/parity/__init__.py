"""tfq's interpreter and the real runtimes on the same integers: equal or not, where they part, and by how much."""

from tfq.callable_room import make_callable
from tfq.parity.parity import SAMPLES, parity
from tfq.parity.report import KerasResult, LayerResult, OpResult, Report, RuntimeResult

__all__ = ["SAMPLES", "KerasResult", "LayerResult", "OpResult", "Report", "RuntimeResult", "parity"]

make_callable(__name__, parity)
