"""What is in a `.tflite`: ops, types, scales, sizes, and what smells."""

from tfq.callable_room import make_callable
from tfq.inspect.summary import OpRow, Summary, TensorRow, inspect

__all__ = ["OpRow", "Summary", "TensorRow", "inspect"]

make_callable(__name__, inspect)
