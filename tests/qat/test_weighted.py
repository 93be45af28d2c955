"""Convolutions and dense layers in all their shapes."""

import keras
import pytest

from tests.qat.harness import ALL, Case, chain, check
from tfq.recipe import Recipe

pytestmark = pytest.mark.parity
L = keras.layers

CASES = (
    Case("valid", chain((7, 6, 3), lambda: [L.Conv2D(5, 3)]), numerics=ALL, tensors=True),
    Case("same, odd stride", chain((9, 7, 3), lambda: [L.Conv2D(4, 3, strides=2, padding="same")]), numerics=ALL),
    Case("same, even kernel", chain((8, 5, 2), lambda: [L.Conv2D(4, 4, strides=3, padding="same")])),
    Case("dilated", chain((11, 9, 2), lambda: [L.Conv2D(4, 3, dilation_rate=(2, 3), padding="same")]), numerics=ALL),
    Case("groups", chain((6, 6, 8), lambda: [L.Conv2D(6, 3, groups=2)])),
    Case("rectangle", chain((9, 8, 2), lambda: [L.Conv2D(3, (1, 4), strides=(3, 1))])),
    Case("1x1, no bias", chain((5, 5, 7), lambda: [L.Conv2D(9, 1, use_bias=False)])),
    Case("one channel in, one out", chain((6, 6, 1), lambda: [L.Conv2D(1, 3)])),
    Case("convolution with relu", chain((6, 6, 3), lambda: [L.Conv2D(5, 3, activation="relu")]), numerics=ALL),
    Case("convolution with tanh", chain((6, 6, 3), lambda: [L.Conv2D(5, 3, activation="tanh")])),
    Case("more terms than float32 adds exactly", chain((4, 4, 80), lambda: [L.Conv2D(4, 3)]), numerics=ALL),
    Case("regularized", chain((5, 5, 2), lambda: [L.Conv2D(3, 3, kernel_regularizer="l2", bias_constraint="non_neg")])),
    Case("depthwise", chain((7, 8, 5), lambda: [L.DepthwiseConv2D(3)]), numerics=ALL, tensors=True),
    Case(
        "depthwise, multiplier and stride",
        chain((9, 8, 3), lambda: [L.DepthwiseConv2D((3, 2), strides=2, padding="same", depth_multiplier=4)]),
        numerics=ALL,
    ),
    Case("depthwise, dilated", chain((9, 8, 3), lambda: [L.DepthwiseConv2D(3, dilation_rate=2, use_bias=False)])),
    Case("depthwise with relu6", chain((6, 6, 3), lambda: [L.DepthwiseConv2D(3, activation="relu6")])),
    Case(
        "separable",
        chain((8, 9, 3), lambda: [L.SeparableConv2D(6, 3, strides=2, depth_multiplier=2, activation="relu")]),
        numerics=ALL,
    ),
    Case("dense", chain((12,), lambda: [L.Dense(7)]), numerics=ALL, tensors=True),
    Case("dense, no bias, relu", chain((12,), lambda: [L.Dense(7, use_bias=False, activation="relu")])),
    Case("dense, one unit, sigmoid", chain((12,), lambda: [L.Dense(1, activation="sigmoid")]), numerics=ALL),
    Case("dense on rank 3", chain((4, 12), lambda: [L.Dense(7, activation="relu6")])),
    Case("dense, 700 features", chain((700,), lambda: [L.Dense(3)]), numerics=ALL),
    Case("per tensor", chain((7, 6, 3), lambda: [L.Conv2D(5, 3), L.ReLU()]), Recipe(weights="per_tensor"), ALL),
    Case("depthwise per tensor", chain((7, 6, 3), lambda: [L.DepthwiseConv2D(3)]), Recipe(weights="per_tensor")),
    Case("4 bits", chain((7, 6, 3), lambda: [L.Conv2D(5, 3)]), Recipe(weight_bits=4)),
    Case(
        "trained on percentiles",
        chain((7, 6, 3), lambda: [L.Conv2D(5, 3)]),
        Recipe(calibration="percentile", percentile=95),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_weighted_layers(case, tmp_path):
    check(case, tmp_path)
