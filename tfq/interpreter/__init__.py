"""The reference interpreter: one loop over a `.tflite` under one profile."""

from tfq.interpreter.interpreter import Interpreter, TensorInfo

__all__ = ["Interpreter", "TensorInfo"]
