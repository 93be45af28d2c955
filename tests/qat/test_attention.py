"""Attention of several heads and of one, its masks, and what is refused."""

import keras
import numpy as np
import pytest

import tfq
from tests.qat.harness import ALL, Case, check, network
from tfq.errors import Unsupported

pytestmark = pytest.mark.parity
L = keras.layers


def one(layer, shape=(5, 8), **call):
    """Self-attention."""

    def build():
        x = keras.Input(shape)
        return keras.Model(x, layer()(x, x, **call))

    return build


def two(layer, *shapes, **call):
    """Attention of the first input to the others."""

    def build():
        inputs = [keras.Input(shape) for shape in shapes]
        return keras.Model(inputs, layer()(*inputs, **call))

    return build


def listed(layer, *shapes, **call):
    """Attention layers that take one list."""

    def build():
        inputs = [keras.Input(shape) for shape in shapes]
        return keras.Model(inputs, layer()([L.Dense(shapes[0][-1])(inputs[0]), *inputs[1:]], **call))

    return build


def operation(**settings):
    def build():
        x = keras.Input((5, 12))
        q, k, v = (keras.ops.reshape(L.Dense(12)(x), (-1, 5, 3, 4)) for _ in range(3))
        return keras.Model(x, keras.ops.dot_product_attention(q, k, v, **settings))

    return build


def shared():
    x, y = keras.Input((4, 6)), keras.Input((4, 6))
    layer = L.MultiHeadAttention(2, 3)
    return keras.Model([x, y], [layer(x, x), layer(y, y)])


BAND = np.abs(np.arange(5)[:, None] - np.arange(5)) < 3
HEADS = (
    Case("self", one(lambda: L.MultiHeadAttention(2, 4)), numerics=ALL, tensors=True),
    Case(
        "cross, key, sizes",
        two(lambda: L.MultiHeadAttention(2, 4, value_dim=3, use_bias=False, output_shape=7), (4, 6), (5, 8), (5, 9)),
    ),
    Case(
        "scores",
        one(lambda: L.MultiHeadAttention(2, 4, dropout=0.2), return_attention_scores=True),
    ),
    Case("causal", one(lambda: L.MultiHeadAttention(2, 4), use_causal_mask=True), numerics=ALL, tensors=True),
    Case("a constant mask", one(lambda: L.MultiHeadAttention(2, 4), attention_mask=BAND)),
    Case("two axes of length", one(lambda: L.MultiHeadAttention(2, 4), (2, 3, 6))),
    Case("shared", shared),
    Case("groups of queries, causal", one(lambda: L.GroupQueryAttention(4, 4, 2), use_causal_mask=True)),
)
ONE_HEAD = (
    Case("dot", listed(lambda: L.Attention(use_scale=True), (4, 6), (5, 6))),
    Case("dot, key, causal", listed(lambda: L.Attention(dropout=0.1), (4, 6), (4, 5), (4, 6), use_causal_mask=True)),
    Case("concat", listed(lambda: L.Attention(use_scale=True, score_mode="concat"), (4, 6), (5, 6))),
    Case("additive", listed(L.AdditiveAttention, (4, 6), (5, 6)), numerics=ALL),
    Case("operation", operation(is_causal=True, scale=0.4)),
)


@pytest.mark.parametrize("case", HEADS, ids=str)
def test_several_heads(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parametrize("case", ONE_HEAD, ids=str)
def test_one_head(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parametrize("causal", [False, True])
def test_noise(causal):
    model = network(Case("", one(lambda: L.MultiHeadAttention(2, 8), (12, 16), use_causal_mask=causal)))
    x = np.random.default_rng(0).normal(0, 1, (32, 12, 16)).astype(np.float32)
    quantized = tfq.quantize(model)
    tfq.calibrate(quantized, x)
    wanted, made = model.predict(x, verbose=0), quantized.predict(x, verbose=0)
    assert 10 * np.log10(wanted.var() / np.mean((wanted - made) ** 2)) > 25


def test_keys_and_values_need_no_quantize():
    quantized = tfq.quantize(one(lambda: L.MultiHeadAttention(2, 4))())
    assert not [layer.name for layer in quantized.layers if type(layer).__name__ == "Requantize"]


def masked_embedding():
    ids = keras.Input((5,), dtype="int32")
    x = L.Embedding(9, 6, mask_zero=True)(ids)
    return keras.Model(ids, L.MultiHeadAttention(2, 3)(x, x))


def mask_input():
    x, mask = keras.Input((5, 6)), keras.Input((5, 5))
    return keras.Model([x, mask], L.MultiHeadAttention(2, 3)(x, x, attention_mask=mask))


@pytest.mark.parametrize(
    "build, said",
    [
        (masked_embedding, "mask"),
        (mask_input, "attention mask changes with the data"),
        (one(lambda: L.MultiHeadAttention(2, 3, attention_axes=(1,)), (2, 3, 6)), "attention_axes"),
        (two(lambda: L.MultiHeadAttention(2, 3), (4, 6), (5, 6), return_attention_scores=True), "scores"),
        (operation(bias=np.zeros((1, 3, 5, 5), np.float32)), "bias"),
    ],
)
def test_refusals(build, said):
    with pytest.raises(Unsupported, match=said):
        tfq.quantize(build())
