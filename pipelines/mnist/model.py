"""A depthwise-separable network with batch norm for 28 x 28 digits, about 9,600 weights (after Howard et al. 2017)."""

import keras
import numpy as np
from keras import layers

REACH = 2  # pixels


def build_model() -> keras.Model:
    """Images float32 [N, 28, 28, 1] in [0, 1] -> probabilities [N, 10]."""
    images = keras.Input((28, 28, 1), name="image")
    x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="conv")(images)
    x = normalized(x, "conv")
    x = block(x, 32, "block1")
    x = block(x, 64, "block2", strides=2)
    x = block(x, 64, "block3", ceiling=6.0)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dense(10, name="logits")(x)
    return keras.Model(images, layers.Softmax(name="digit")(x), name="mnist")


def block(x, filters: int, name: str, strides: int = 1, ceiling: float | None = None):
    """A depthwise and a pointwise convolution, each with batch norm and ReLU; ceiling: of the first ReLU."""
    x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False, name=f"{name}_depthwise")(x)
    x = normalized(x, f"{name}_depthwise", ceiling)
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_pointwise")(x)
    return normalized(x, f"{name}_pointwise")


def normalized(x, name: str, ceiling: float | None = None):
    """Batch norm and ReLU."""
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return layers.ReLU(ceiling, name=f"{name}_relu")(x)


def augment(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Each image moved by up to REACH pixels in both directions, zeros moving in."""
    padded = np.pad(images, ((0, 0), (REACH, REACH), (REACH, REACH), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, images.shape[1:3], axis=(1, 2))
    down, right = random.integers(0, 2 * REACH, (2, len(images)), endpoint=True)
    return windows[np.arange(len(images)), down, right].transpose(0, 2, 3, 1)
