"""From a quantized Keras model to a `.tflite`. `tfq.export(model, path)` is `export` of this room."""

from tfq.callable_room import make_callable
from tfq.export.export import export

__all__ = ["export"]

make_callable(__name__, export)
