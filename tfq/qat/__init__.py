"""Quantization-aware training: the only room that imports Keras. Importing it registers tfq's layers with Keras."""

from tfq.qat import callbacks
from tfq.qat.build import plan, quantize
from tfq.qat.calibrate import calibrate
from tfq.qat.load import load, open_model
from tfq.qat.tensors import floats, integers

__all__ = ["calibrate", "callbacks", "floats", "integers", "load", "open_model", "plan", "quantize"]
