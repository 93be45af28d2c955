"""Rows of operators and of keras.ops on symbolic tensors."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from tests.coverage.layers import IMAGE, PAIR, PICTURE, QUERIES, SEQUENCE, VECTOR, L
from tests.coverage.row import Inputs, Row, between

POSITIVE = Inputs("numbers of 0.1 to 0.9", ((16,),), between(0.1, 0.9))
ABOVE_ONE = Inputs("numbers of 1.1 to 3", ((16,),), between(1.1, 3.0))
PAIRS = Inputs("pairs of vectors", ((8,), (8,)))
QUOTIENTS = Inputs("pairs of 0.5 to 2", ((8,), (8,)), between(0.5, 2.0))
_RNG = np.random.default_rng(5)
MATRIX = _RNG.normal(0, 0.4, (4, 5)).astype(np.float32)
KERNEL = _RNG.normal(0, 0.2, (3, 3, 4, 5)).astype(np.float32)
DEPTHWISE = _RNG.normal(0, 0.3, (3, 3, 4, 1)).astype(np.float32)
POINTWISE = _RNG.normal(0, 0.4, (1, 1, 4, 5)).astype(np.float32)
SCALES = np.linspace(0.5, 1.5, 4, dtype=np.float32)


def functions(inputs: Inputs, names: str, floor: float = 25.0) -> tuple[Row, ...]:
    """A row for each function of one tensor."""
    return tuple(Row(f"ops.{n}", inputs, lambda x, n=n: getattr(ops, n)(x), floor) for n in names.split())


def broadcast():
    """Keras has no shape for it that leaves the batch free."""
    x = keras.Input(batch_shape=(8, 6, 1, 4))
    return keras.Model(x, ops.broadcast_to(x, (8, 6, 3, 4)))


ELEMENTWISE = (
    *functions(VECTOR, "relu relu6 sigmoid silu softplus softsign selu celu elu gelu tanh hard_sigmoid hard_silu"),
    *functions(VECTOR, "leaky_relu log_sigmoid squareplus sparse_plus tanh_shrink", 20),
    *functions(VECTOR, "sparse_sigmoid hard_tanh softmax log_softmax", 20),
    *functions(VECTOR, "soft_shrink hard_shrink sparsemax", 15),
    Row("ops.glu", VECTOR, lambda x: ops.glu(x)),
    Row("ops.threshold", VECTOR, lambda x: ops.threshold(x, 0.3, 0.0), 15),
    Row("activations.relu", VECTOR, lambda x: keras.activations.relu(x, negative_slope=0.1, max_value=1.5)),
    *functions(VECTOR, "absolute fabs negative square sin cos arctan sinh arcsinh exp expm1 exp2 cbrt erf erfc", 20),
    *functions(VECTOR, "deg2rad rad2deg"),
    *functions(VECTOR, "sign floor ceil trunc round", 5),
    *functions(POSITIVE, "sqrt log log2 log10 log1p reciprocal rsqrt arcsin arccos arctanh tan cosh"),
    *functions(ABOVE_ONE, "arccosh"),
    Row("ops.clip", VECTOR, lambda x: ops.clip(x, -0.8, 1.1)),
    Row("ops.power", POSITIVE, lambda x: x**1.5),
    Row("ops.mod", POSITIVE, lambda x: x % 0.5, 5),
    Row("ops.floor_divide", ABOVE_ONE, lambda x: x // 0.7, 10),
)

ARITHMETIC = (
    Row("ops.add", PAIRS, lambda a, b: a + b),
    Row("ops.subtract", PAIRS, lambda a, b: a - b),
    Row("ops.multiply", PAIRS, lambda a, b: a * b),
    Row("ops.maximum", PAIRS, lambda a, b: ops.maximum(a, b)),
    Row("ops.minimum", PAIRS, lambda a, b: ops.minimum(a, b)),
    Row("ops.fmax", PAIRS, lambda a, b: ops.fmax(a, b)),
    Row("ops.fmin", PAIRS, lambda a, b: ops.fmin(a, b)),
    Row("ops.divide", QUOTIENTS, lambda a, b: ops.divide(a, b), 20),
    Row("ops.true_divide", QUOTIENTS, lambda a, b: a / b, 20),
    Row("ops.divide_no_nan", QUOTIENTS, lambda a, b: ops.divide_no_nan(a, b), 20),
)

CONDITIONS = (
    Row("ops.where", PAIRS, lambda a, b: ops.where(a > 0.0, a, b), 10, others=("ops.greater",)),
    Row("ops.greater_equal", VECTOR, lambda x: ops.where(x >= 0.1, x, 0.0), 10),
    Row("ops.less", PAIRS, lambda a, b: ops.where(a < b, a, 0.5 * b), 10),
    Row("ops.less_equal", VECTOR, lambda x: ops.where(x <= 0.1, x, 0.5), 10),
    Row("ops.equal", VECTOR, lambda x: ops.where(ops.equal(ops.relu(x), 0.0), 0.5, x), 10),
    Row("ops.not_equal", VECTOR, lambda x: ops.where(ops.not_equal(ops.relu(x), 0.0), x, 0.5), 10),
    Row("ops.logical_and", PAIRS, lambda a, b: ops.where(ops.logical_and(a > 0.0, b > 0.0), a, 0.0), 10),
    Row("ops.logical_or", PAIRS, lambda a, b: ops.where(ops.logical_or(a > 0.0, b > 0.0), a, 0.0), 10),
    Row("ops.logical_xor", PAIRS, lambda a, b: ops.where(ops.logical_xor(a > 0.0, b > 0.0), a, 0.0), 10),
    Row("ops.logical_not", VECTOR, lambda x: ops.where(ops.logical_not(x > 0.0), x, 0.5), 10),
)

PRODUCTS = (
    Row("ops.matmul", QUERIES, lambda a, b: ops.matmul(a, ops.transpose(b, (0, 2, 1)))),
    Row("ops.einsum", QUERIES, lambda a, b: ops.einsum("bqd,bkd->bqk", a, b)),
    Row("ops.dot", SEQUENCE, lambda x: ops.dot(x, MATRIX)),
    Row("ops.inner", SEQUENCE, lambda x: ops.inner(x, MATRIX.T)),
    Row("ops.tensordot", SEQUENCE, lambda x: ops.tensordot(x, MATRIX, axes=1)),
    Row("ops.conv", IMAGE, lambda x: ops.conv(x, KERNEL, padding="same")),
    Row("ops.depthwise_conv", IMAGE, lambda x: ops.depthwise_conv(x, DEPTHWISE, padding="same")),
    Row("ops.separable_conv", IMAGE, lambda x: ops.separable_conv(x, DEPTHWISE, POINTWISE, padding="same")),
    Row(
        "ops.dot_product_attention",
        Inputs("heads", ((4, 2, 3),)),
        lambda x: ops.dot_product_attention(x, x, x),
    ),
)

MOVES = (
    Row("ops.reshape", SEQUENCE, lambda x: ops.reshape(x, (-1, 3, 8))),
    Row("ops.expand_dims", SEQUENCE, lambda x: ops.expand_dims(x, -1)),
    Row("ops.squeeze", Inputs("columns", ((6, 1, 4),)), lambda x: ops.squeeze(x, 2)),
    Row("ops.ravel", VECTOR, lambda x: ops.ravel(x), refused="folds all of a sample into the batch"),
    Row("ops.transpose", IMAGE, lambda x: ops.transpose(x, (0, 3, 1, 2))),
    Row("ops.moveaxis", IMAGE, lambda x: ops.moveaxis(x, 3, 1)),
    Row("ops.swapaxes", IMAGE, lambda x: ops.swapaxes(x, 1, 3)),
    Row("ops.pad", SEQUENCE, lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 1)), constant_values=0.5)),
    Row("ops.concatenate", PAIR, lambda a, b: ops.concatenate([a, b], axis=-1)),
    Row("ops.hstack", PAIR, lambda a, b: ops.hstack([a, b])),
    Row("ops.vstack", PAIR, lambda a, b: ops.vstack([a, b]), refused="batch"),
    Row("ops.dstack", PAIR, lambda a, b: ops.dstack([a, b])),
    Row("ops.stack", PAIR, lambda a, b: ops.stack([a, b], axis=1)),
    Row("ops.unstack", SEQUENCE, lambda x: ops.unstack(x, axis=2)),
    Row("ops.split", SEQUENCE, lambda x: ops.split(x, 2, axis=1)),
    Row("ops.array_split", SEQUENCE, lambda x: ops.array_split(x, 4, axis=1)),
    Row("ops.hsplit", SEQUENCE, lambda x: ops.hsplit(x, 2)),
    Row("ops.dsplit", SEQUENCE, lambda x: ops.dsplit(x, 2)),
    Row("x[...]", IMAGE, lambda x: x[:, 1:-1, ::2, 3]),
    Row("ops.slice", SEQUENCE, lambda x: ops.slice(ops.reshape(x, (-1, 4, 6)), (0, 1, 2), (-1, 2, 3))),
    Row("ops.take", SEQUENCE, lambda x: ops.take(x, [4, 0, 2], axis=1)),
    Row("ops.flip", SEQUENCE, lambda x: ops.flip(x, axis=1)),
    Row("ops.roll", SEQUENCE, lambda x: ops.roll(x, 2, axis=1)),
    Row("ops.repeat", SEQUENCE, lambda x: ops.repeat(x, 2, axis=1)),
    Row("ops.tile", SEQUENCE, lambda x: ops.tile(x, (1, 2, 1))),
    Row("ops.broadcast_to", None, broadcast, note="wants a fixed batch, as in Keras"),
    Row("ops.tril", SEQUENCE, lambda x: ops.tril(x)),
    Row("ops.triu", SEQUENCE, lambda x: ops.triu(x)),
    Row("ops.diff", SEQUENCE, lambda x: ops.diff(x, axis=1)),
    Row("ops.depth_to_space", IMAGE, lambda x: keras.ops.nn.depth_to_space(x, 2)),
    Row("ops.space_to_depth", IMAGE, lambda x: keras.ops.nn.space_to_depth(x, 2)),
    Row("ops.resize", PICTURE, lambda x: keras.ops.image.resize(x, (5, 7))),
    Row("ops.crop_images", PICTURE, lambda x: keras.ops.image.crop_images(x, 1, 2, target_height=5, target_width=4)),
    Row("ops.pad_images", PICTURE, lambda x: keras.ops.image.pad_images(x, 1, 2, target_height=10, target_width=12)),
)

REDUCTIONS = (
    Row("ops.mean", IMAGE, lambda x: ops.mean(x, axis=(1, 2))),
    Row("ops.sum", IMAGE, lambda x: ops.sum(x, axis=-1)),
    Row("ops.average", IMAGE, lambda x: ops.average(x, axis=1, weights=np.arange(1.0, 7.0))),
    *(Row(f"ops.{n}", IMAGE, lambda x, n=n: getattr(ops, n)(x, axis=1)) for n in ("max", "min", "amax", "amin", "ptp")),
    Row("ops.var", IMAGE, lambda x: ops.var(x, axis=(1, 2)), 20),
    Row("ops.std", IMAGE, lambda x: ops.std(x, axis=(1, 2)), 20),
    Row("ops.moments", IMAGE, lambda x: ops.moments(x, axes=(1, 2)), 20),
    Row("ops.prod", IMAGE, lambda x: ops.prod(x, axis=1), refused="product over an axis"),
    Row("ops.max_pool", IMAGE, lambda x: ops.max_pool(x, 2)),
    Row("ops.average_pool", IMAGE, lambda x: ops.average_pool(x, 2)),
)

NORMS = (
    Row("ops.layer_normalization", SEQUENCE, lambda x: ops.layer_normalization(x, SCALES, SCALES - 1)),
    Row("ops.rms_normalization", SEQUENCE, lambda x: ops.rms_normalization(x, SCALES)),
    Row("ops.normalize", SEQUENCE, lambda x: ops.normalize(x)),
)

OTHERS = (
    Row("ops.copy", VECTOR, lambda x: L.Dense(3)(ops.copy(x))),
    Row("ops.cast", PAIRS, lambda a, b: a * ops.cast(b > 0.0, "float32"), 10),
    Row("ops.saturate_cast", VECTOR, lambda x: L.Dense(3)(ops.saturate_cast(x, "float32"))),
    Row("ops.stop_gradient", VECTOR, lambda x: L.Dense(3)(ops.stop_gradient(x))),
    Row("ops.zeros_like", PAIRS, lambda a, b: a + ops.zeros_like(b)),
    Row("ops.ones_like", PAIRS, lambda a, b: a + ops.ones_like(b)),
    Row("ops.full_like", PAIRS, lambda a, b: a + ops.full_like(b, 0.5)),
)

# What has a rule, and what Keras itself gets wrong on symbolic tensors.
BROKEN: dict[str, str] = {
    "Equalization": "a model where it follows another layer is a cycle to Keras",
    "ops.conv_transpose": "its symbolic call takes the padding for the output padding",
    "ops.adaptive_average_pool": "its symbolic shape has an axis too many",
    "ops.adaptive_max_pool": "its symbolic shape has an axis too many",
}

FAMILIES: dict[str, tuple[Row, ...]] = {
    "Functions of an element": ELEMENTWISE,
    "Arithmetic": ARITHMETIC,
    "Conditions": CONDITIONS,
    "Products": PRODUCTS,
    "Moves": MOVES,
    "Reductions and pools": REDUCTIONS,
    "Norms": NORMS,
    "Others": OTHERS,
}
