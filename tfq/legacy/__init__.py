"""Roads in from Keras 2: legacy files, and networks that TFMOT has quantized. tf_keras is imported only when called."""

from tfq.legacy.load import load_legacy
from tfq.legacy.takeover import from_tfmot

__all__ = ["from_tfmot", "load_legacy"]
