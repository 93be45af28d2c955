"""Convolutions in one and three dimensions, transposed ones, those of keras.ops, and what fuses with them."""

import keras
import pytest

import tfq
from tests.qat.harness import ALL, Case, chain, check

pytestmark = pytest.mark.parity
L = keras.layers


class OpsConvolutions(L.Layer):
    """keras.ops' convolutions on variables."""

    def build(self, shape):
        self.k = self.add_weight(shape=(3, 4, 4), name="kernel")
        self.d = self.add_weight(shape=(3, 4, 2), name="depthwise_kernel")
        self.s = self.add_weight(shape=(2, 8, 1), name="second_depthwise_kernel")
        self.p = self.add_weight(shape=(1, 8, 3), name="pointwise_kernel")

    def call(self, x):
        y = keras.ops.conv(x, self.k, strides=2, padding="same")
        y = keras.ops.depthwise_conv(y, self.d, dilation_rate=2)
        return keras.ops.separable_conv(y, self.s, self.p, padding="same")


def norm_relu():
    return [L.BatchNormalization(), L.ReLU()]


CASES = (
    Case(
        "1-D: strides, causal, norm, relu",
        chain(
            (13, 3),
            lambda: [
                L.Conv1D(5, 4, strides=2, padding="same", use_bias=False),
                *norm_relu(),
                L.Conv1D(4, 3, dilation_rate=2, padding="causal", activation="relu", kernel_constraint="max_norm"),
            ],
        ),
        numerics=ALL,
        tensors=True,
    ),
    Case(
        "1-D: groups, depthwise, separable",
        chain(
            (16, 4),
            lambda: [
                L.Conv1D(6, 3, groups=2),
                L.DepthwiseConv1D(3, strides=2, depth_multiplier=2, padding="same"),
                L.SeparableConv1D(5, 3, dilation_rate=2, depth_multiplier=2, activation="tanh"),
            ],
        ),
        numerics=ALL,
    ),
    Case("1-D: kernel 1, causal stride", chain((9, 3), lambda: [L.Conv1D(4, 1), L.Conv1D(3, 2, 3, padding="causal")])),
    Case(
        "3-D: strides, same, norm",
        chain((5, 6, 4, 2), lambda: [L.Conv3D(4, (3, 2, 3), strides=(2, 1, 2), padding="same"), *norm_relu()]),
        numerics=ALL,
        tensors=True,
    ),
    Case("3-D: groups, dilated", chain((6, 5, 5, 4), lambda: [L.Conv3D(4, 2, groups=2, dilation_rate=(2, 1, 3))])),
    Case("3-D: depth 1", chain((3, 5, 4, 2), lambda: [L.Conv3D(3, (1, 3, 3))])),
    Case(
        "transposed: same, norm, relu6",
        chain(
            (5, 4, 3),
            lambda: [
                L.Conv2DTranspose(4, 3, strides=2, padding="same", use_bias=False),
                L.BatchNormalization(),
                L.ReLU(6),
                L.Conv2DTranspose(2, (4, 3), strides=(2, 3), output_padding=(1, 0), activation="relu"),
            ],
        ),
        numerics=ALL,
        tensors=True,
    ),
    Case(
        "transposed: strides wider than the kernel",
        chain((4, 3, 2), lambda: [L.Conv2DTranspose(3, 2, strides=3, padding="same"), L.Conv2DTranspose(2, 1, 2)]),
        numerics=ALL,
    ),
    Case(
        "transposed: gaps and output padding",
        chain((4, 3, 2), lambda: [L.Conv2DTranspose(3, (2, 1), strides=3, padding="same", output_padding=1)]),
    ),
    Case("transposed: 1-D", chain((7, 3), lambda: [L.Conv1DTranspose(4, 4, 2, padding="same"), *norm_relu()])),
    Case("keras.ops", chain((14, 4), lambda: [OpsConvolutions()])),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_convolutions(case, tmp_path):
    check(case, tmp_path)


def test_between_1d_layers_nothing_of_their_reshapes_stays():
    layers = [L.Conv1D(4, 3, name="a"), L.BatchNormalization(), L.ReLU(), L.DepthwiseConv1D(3, name="b"), L.ReLU()]
    model = chain((9, 2), lambda: layers)()
    plan = tfq.plan(model)
    assert [(part.kind, len(part.fused)) for part in plan.parts] == [
        ("reshape", 0),
        ("conv_2d", 3),
        ("depthwise_conv_2d", 2),
        ("reshape", 0),
    ]
    assert plan.parts[1].name == "a"


@pytest.mark.parametrize("layer", (lambda: L.Conv1D(3, 2), lambda: L.Dense(3)), ids=("convolution", "dense"))
def test_shared_layers_fuse_at_every_call(layer):
    layers = [layer(), L.BatchNormalization(), L.ReLU()]
    a, b = keras.Input((6, 2)), keras.Input((6, 2))
    y, z = a, b
    for each in layers:
        y, z = each(y), each(z)
    model = keras.Model([a, b], [y, z])
    assert [len(part.fused) for part in tfq.plan(model).parts if part.kind != "reshape"] == [3, 3]
