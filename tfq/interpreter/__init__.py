"""The reference interpreter: one loop over a `.tflite` under one profile."""

from tfq.interpreter.interpreter import Interpreter, TensorInfo
from tfq.interpreter.memory import Memory
from tfq.interpreter.step import ShapeChanged
from tfq.interpreter.walk import stacked

__all__ = ["Interpreter", "Memory", "ShapeChanged", "TensorInfo", "stacked"]
