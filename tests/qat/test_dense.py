"""Dense layers of any equation, products of tensors, embeddings, and wrappers of one layer."""

import keras
import pytest

import tfq
from tests.qat.harness import ALL, Case, chain, check
from tfq.errors import Unsupported

pytestmark = pytest.mark.parity
L, ops = keras.layers, keras.ops


def two(first, second, function):
    """Builds a model of two inputs; function(a, b) of dense layers on them, so that their ranges are their own."""

    def build():
        a, b = keras.Input(first), keras.Input(second)
        return keras.Model([a, b], function(L.Dense(first[-1])(a), L.Dense(second[-1])(b)))

    return build


def one(shape, function):
    def build():
        x = keras.Input(shape)
        return keras.Model(x, function(x))

    return build


class Products(L.Layer):
    """Products with variables, which go on learning, on either side."""

    def build(self, shape):
        self.right = self.add_weight(shape=(6, 5), name="right_kernel")
        self.left = self.add_weight(shape=(3, 4), name="left_kernel")
        self.heads = self.add_weight(shape=(3, 5, 2), name="heads_kernel")
        self.last = self.add_weight(shape=(2, 4), name="last_kernel")

    def call(self, x):
        y = ops.matmul(self.left, ops.matmul(x, self.right))  # [B, 3, 5]
        y = ops.einsum("bhk,hkn->bhn", y, self.heads)
        return ops.tensordot(y, self.last, axes=[[2], [0]])


def embeddings():
    ids, x = keras.Input((4,), dtype="int32"), keras.Input((4, 3))
    rows = L.Embedding(8, 6)
    return keras.Model([ids, x], L.Concatenate()([L.Dense(3)(rows(ids)), L.Embedding(9, 5)(ids), x]))


def shared_embedding():
    a, b = keras.Input((4,), dtype="int32"), keras.Input((2,), dtype="int64")
    rows = L.Embedding(8, 6, mask_zero=True)
    return keras.Model([a, b], L.Dot(axes=2)([rows(a), rows(b)]))


def frames():
    """A small network for each frame."""
    x = keras.Input((6, 5, 2))
    y = L.Conv2D(4, 3, activation="relu")(x)
    return keras.Model(x, L.Dense(3)(L.GlobalAveragePooling2D()(y)))


def over_time(*layers):
    return [L.TimeDistributed(layer) for layer in layers]


def dense(equation, shape, **options):
    return L.EinsumDense(equation, output_shape=shape, **options)


CASES = (
    Case(
        "einsum dense: heads and back",
        chain(
            (5, 6),
            lambda: [
                dense("abc,cde->abde", (None, 3, 4), bias_axes="de", activation="relu"),
                dense("abde,dec->abc", (None, 7), bias_axes="c"),
                L.BatchNormalization(),
            ],
        ),
        numerics=ALL,
        tensors=True,
    ),
    Case("einsum dense: the middle axis", chain((5, 6), lambda: [dense("abc,bd->adc", (4, 6), bias_axes="dc")])),
    Case(
        "einsum dense: ellipsis on either side",
        chain((5, 6), lambda: [dense("...x,xy->...y", (4,)), dense("ab...,bc->ac...", (2,), bias_axes="c")]),
    ),
    Case(
        "einsum dense: a kernel for each head",
        chain(
            (5, 3, 4),
            lambda: [dense("abhc,hcd->abhd", (None, 3, 6), bias_axes="hd"), dense("abhc,hc->ahbc", (3, None, 6))],
        ),
        numerics=ALL,
    ),
    Case(
        "einsum dense: scores of heads",
        two((4, 6), (5, 6), lambda a, b: ops.einsum("bqd,bkd->bqk", a, b)),
        numerics=ALL,
    ),
    Case("matmul", two((4, 6), (6, 5), ops.matmul), numerics=ALL),
    Case("matmul, rank 4", two((2, 4, 6), (2, 6, 3), ops.matmul)),
    Case("matmul, broadcast", two((2, 4, 6), (1, 6, 3), ops.matmul)),
    Case("einsum of heads", two((5, 2, 4), (3, 2, 4), lambda a, b: ops.einsum("bthd,bshd->bhts", a, b)), numerics=ALL),
    Case("einsum, nothing contracted", two((2, 3), (3, 4), lambda a, b: ops.einsum("bij,bjk->bikj", a, b))),
    Case("products with variables", chain((4, 6), lambda: [Products()])),
    Case("dot", two((5, 3, 4), (4, 2), lambda a, b: L.Dot(axes=(3, 1))([a, b]))),
    Case("dot of vectors, normalized", two((6,), (6,), lambda a, b: L.Dot(axes=-1, normalize=True)([a, b]))),
    Case("embeddings", embeddings, numerics=ALL, tensors=True),
    Case("an embedding of two inputs", shared_embedding),
    Case(
        "over time: layers",
        chain(
            (3, 6, 5, 2),
            lambda: [
                *over_time(L.Conv2D(4, 3, use_bias=False)),
                *over_time(L.BatchNormalization(), L.ReLU(), L.Flatten(), L.Dense(3, "tanh")),
            ],
        ),
        numerics=ALL,
    ),
    Case("over time: a network", chain((3, 6, 5, 2), lambda: [*over_time(frames())])),
    Case("over time twice", chain((2, 3, 8, 4), lambda: [L.TimeDistributed(L.TimeDistributed(L.Conv1D(3, 3)))])),
    Case(
        "spectral normalization", chain((6, 6, 2), lambda: [L.SpectralNormalization(L.Conv2D(3, 3, activation="relu"))])
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_products(case, tmp_path):
    check(case, tmp_path)


REFUSED = {
    "indices of a float input": (one((4,), lambda x: L.Embedding(8, 2)(x)), 'dtype="int32"'),
    "batches multiplied": (two((4,), (4,), lambda a, b: ops.tensordot(a, b, axes=[[1], [1]])), "batch"),
    "a diagonal": (one((4, 4), lambda x: ops.einsum("bii->bi", x)), "diagonal"),
    "a sum of one operand": (two((4, 3), (3,), lambda a, b: ops.einsum("bij,bk->bi", a, b)), "keras.ops.sum"),
    "transposed in three dimensions": (one((4, 4, 4, 2), lambda x: L.Conv3DTranspose(2, 3)(x)), "no integer kernel"),
}


@pytest.mark.parametrize(("model", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(model, words):
    with pytest.raises(Unsupported, match=words):
        tfq.plan(model())
