"""TensorFlow functions in a Keras 2 graph (TFOpLambda, SlicingOpLambda) as calls of keras.ops: one literal table.

Each row takes the function's arguments by TensorFlow's names. A tensor's shape is a tuple here, None for the batch, as
Keras 3 has it; so arithmetic on shapes is Python's.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.errors import Unsupported

Arguments = dict[str, Any]
LAYERS = ("TFOpLambda", "SlicingOpLambda")  # the layers of Keras 2 that hold such a function


def apply(function: Callable[..., Any], symbol: str, args: tuple[Any, ...], kwargs: Arguments) -> Any:
    """The function's result on Keras 3 tensors. symbol: its name, a key of OPERATORS."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return OPERATORS[symbol](bound.arguments)


def _unary(function: Callable[[Any], Any]) -> Callable[[Arguments], Any]:
    return lambda a: function(next(iter(a.values())))


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Arguments], Any]:
    def run(a: Arguments) -> Any:
        first, second = (_constant(value, a) for value in list(a.values())[:2])
        return function(first, second)

    return run


def _constant(value: Any, among: Arguments) -> Any:
    """A tensor, or a constant in the type of the tensor beside it: TensorFlow never widens by a constant."""
    tensors = [other for other in list(among.values())[:2] if isinstance(other, keras.KerasTensor)]
    if isinstance(value, keras.KerasTensor) or not tensors:
        return value
    array = np.asarray(value, keras.backend.standardize_dtype(tensors[0].dtype))
    return array.item() if array.ndim == 0 else array


def _reduce(function: Callable[..., Any]) -> Callable[[Arguments], Any]:
    return lambda a: function(a["input_tensor"], axis=_axes(a.get("axis")), keepdims=bool(a.get("keepdims")))


def _axes(axis: Any) -> Any:
    if axis is None:
        return None
    return tuple(int(i) for i in np.ravel(axis)) if np.ndim(axis) else int(axis)


def _reshape(a: Arguments) -> Any:
    shape: list[int | None] = [None if size is None else int(size) for size in a["shape"]]
    if shape.count(-1) + shape.count(None) <= 1:
        return ops.reshape(a["tensor"], tuple(-1 if size is None else size for size in shape))
    known = a["tensor"].shape[1:]
    if shape[0] is None and shape.count(None) == 1 and None not in known:  # the batch is kept, another size left open
        sizes = [size for size in shape[1:] if size is not None]
        rest = math.prod(known) // -math.prod(sizes)
        return ops.reshape(a["tensor"], (-1, *(rest if size == -1 else size for size in sizes)))
    raise Unsupported(f"reshape to {tuple(shape)}, of which several sizes are known only at run time")


def _getitem(a: Arguments) -> Any:
    tensor, key = list(a.values())[:2]
    parts = [_slice(part) for part in key] if isinstance(key, (list, tuple)) else [_slice(key)]
    if isinstance(tensor, tuple):  # of a shape
        return tensor[parts[0]]
    return tensor[tuple(parts)]


def _slice(part: Any) -> Any:
    if isinstance(part, dict):  # as a saved configuration spells it
        part = slice(part["start"], part["stop"], part["step"])
    if isinstance(part, np.ndarray):
        return int(part)
    return part


def _begin_and_size(a: Arguments) -> Any:
    begins, sizes = (np.ravel(a[name]).tolist() for name in ("begin", "size"))
    return a["input_"][tuple(slice(b, None if n == -1 else b + n) for b, n in zip(begins, sizes, strict=True))]


def _strided_slice(a: Arguments) -> Any:
    masks = [a.get(f"{name}_mask", 0) for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")]
    if any(masks[2:4]):
        raise Unsupported("strided_slice with an ellipsis or a new axis; write it as x[...]")
    begins, ends = (np.ravel(a[name]).tolist() for name in ("begin", "end"))
    strides = [1] * len(begins) if a.get("strides") is None else np.ravel(a["strides"]).tolist()
    parts: list[Any] = []
    for i, (begin, end, stride) in enumerate(zip(begins, ends, strides, strict=True)):
        bit = 1 << i
        cut = slice(None if masks[0] & bit else begin, None if masks[1] & bit else end, stride)
        parts.append(begin if masks[4] & bit else cut)
    return a["input_"][tuple(parts)]


def _split(a: Arguments) -> Any:
    sizes = a["num_or_size_splits"]
    if np.ndim(sizes):
        sizes = np.cumsum(sizes)[:-1].tolist()
    return ops.split(a["value"], sizes, axis=int(a["axis"]))


def _pad(a: Arguments) -> Any:
    mode, value = str(a["mode"]).lower(), a.get("constant_values", 0)
    pairs = [[int(n) for n in pair] for pair in a["paddings"]]
    return ops.pad(a["tensor"], pairs, mode=mode, **({"constant_values": value} if mode == "constant" else {}))


def _gather(a: Arguments) -> Any:
    if a.get("batch_dims"):
        raise Unsupported("gather with batch_dims; use keras.ops.take_along_axis")
    indices = a["indices"]
    indices = indices if isinstance(indices, keras.KerasTensor) else np.asarray(indices, "int32")
    return ops.take(a["params"], indices, axis=int(a.get("axis") or 0))


def _matmul(a: Arguments) -> Any:
    first, second = _constant(a["a"], a), _constant(a["b"], a)
    first = _swapped(first) if a.get("transpose_a") else first
    return ops.matmul(first, _swapped(second) if a.get("transpose_b") else second)


def _swapped(x: Any) -> Any:
    return ops.swapaxes(x, -1, -2)


def _transpose(a: Arguments) -> Any:
    perm = a.get("perm")
    return ops.transpose(a["a"], None if perm is None else [int(i) for i in perm])


def _where(a: Arguments) -> Any:
    if a.get("x") is None:
        raise Unsupported("where without values: its result has no fixed shape")
    values = {"x": a["x"], "y": a["y"]}
    return ops.where(a["condition"], _constant(a["x"], values), _constant(a["y"], values))


def _resize(a: Arguments) -> Any:
    if a.get("preserve_aspect_ratio"):
        raise Unsupported("image.resize with preserve_aspect_ratio")
    method = str(a.get("method", "bilinear")).lower()
    size = tuple(int(n) for n in a["size"])
    return ops.image.resize(a["images"], size, interpolation=method, antialias=bool(a.get("antialias")))


def _l2_normalize(a: Arguments) -> Any:
    x, axis = a["x"], a.get("axis", a.get("dim"))
    total = ops.sum(ops.square(x), axis=_axes(axis), keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(total, float(a.get("epsilon", 1e-12)))))


def _norm(a: Arguments) -> Any:
    if a.get("ord") not in ("euclidean", 2, 2.0):
        raise Unsupported(f"norm of order {a.get('ord')!r}; the Euclidean norm has a form here")
    total = ops.sum(ops.square(a["tensor"]), axis=_axes(a.get("axis")), keepdims=bool(a.get("keepdims")))
    return ops.sqrt(total)


def _depth_to_space(a: Arguments) -> Any:
    x, b = a["input"], int(a["block_size"])
    height, width, depth = _channels_last(a, x)
    x = ops.reshape(x, (-1, height, width, b, b, depth // (b * b)))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, height * b, width * b, depth // (b * b)))


def _space_to_depth(a: Arguments) -> Any:
    x, b = a["input"], int(a["block_size"])
    height, width, depth = _channels_last(a, x)
    x = ops.reshape(x, (-1, height // b, b, width // b, b, depth))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, height // b, width // b, depth * b * b))


def _channels_last(a: Arguments, x: Any) -> tuple[int, int, int]:
    if a.get("data_format", "NHWC") != "NHWC" or None in x.shape[1:]:
        raise Unsupported("depth_to_space or space_to_depth of channels_first or of an open size")
    return x.shape[1:]


def _pool(function: Callable[..., Any]) -> Callable[[Arguments], Any]:
    def run(a: Arguments) -> Any:
        x, size, strides = a["input"], _window(a["ksize"]), _window(a["strides"])
        return function(x, size, strides, str(a["padding"]).lower(), data_format="channels_last")

    return run


def _window(value: Any) -> tuple[int, int]:
    sizes = [int(n) for n in np.ravel(value)]
    sizes = sizes[1:3] if len(sizes) == 4 else sizes
    return (sizes[0], sizes[-1])


def _zero_where_zero(a: Arguments) -> Any:
    """divide_no_nan."""
    x, y = _constant(a["x"], a), _constant(a["y"], a)
    return ops.where(ops.equal(y, 0.0), 0.0, ops.divide(x, ops.where(ops.equal(y, 0.0), 1.0, y)))


def _sum_of_all(a: Arguments) -> Any:
    total, *rest = a["inputs"]
    for value in rest:
        total = ops.add(total, value)
    return total


def _indices(function: Callable[..., Any]) -> Callable[[Arguments], Any]:
    def run(a: Arguments) -> Any:
        axis = a.get("axis", a.get("dimension"))
        kind = a.get("output_type", "int64")
        return ops.cast(function(a["input"], axis=int(axis or 0)), getattr(kind, "name", kind))

    return run


def _axis(a: Arguments) -> int:
    axis = a.get("axis")
    return -1 if axis is None else int(axis)


def _first(a: Arguments) -> Any:
    return next(iter(a.values()))


OPERATORS: dict[str, Callable[[Arguments], Any]] = {
    "__operators__.add": _binary(ops.add),
    "math.add": _binary(ops.add),
    "math.subtract": _binary(ops.subtract),
    "math.multiply": _binary(ops.multiply),
    "math.truediv": _binary(ops.true_divide),
    "math.divide": _binary(ops.true_divide),
    "compat.v1.floor_div": _binary(ops.floor_divide),
    "math.floordiv": _binary(ops.floor_divide),
    "math.floormod": _binary(ops.mod),
    "math.pow": _binary(ops.power),
    "math.maximum": _binary(ops.maximum),
    "math.minimum": _binary(ops.minimum),
    "math.squared_difference": _binary(lambda x, y: ops.square(ops.subtract(x, y))),
    "math.divide_no_nan": _zero_where_zero,
    "math.add_n": _sum_of_all,
    "math.greater": _binary(ops.greater),
    "math.greater_equal": _binary(ops.greater_equal),
    "math.less": _binary(ops.less),
    "math.less_equal": _binary(ops.less_equal),
    "math.equal": _binary(ops.equal),
    "__operators__.eq": _binary(ops.equal),
    "math.not_equal": _binary(ops.not_equal),
    "__operators__.ne": _binary(ops.not_equal),
    "math.logical_and": _binary(ops.logical_and),
    "math.logical_or": _binary(ops.logical_or),
    "math.logical_not": _unary(ops.logical_not),
    "math.abs": _unary(ops.abs),
    "math.negative": _unary(ops.negative),
    "math.square": _unary(ops.square),
    "math.sqrt": _unary(ops.sqrt),
    "math.rsqrt": _unary(ops.rsqrt),
    "math.reciprocal": _unary(lambda x: ops.true_divide(1.0, x)),
    "math.exp": _unary(ops.exp),
    "math.expm1": _unary(ops.expm1),
    "math.log": _unary(ops.log),
    "math.log1p": _unary(ops.log1p),
    "math.erf": _unary(ops.erf),
    "math.sin": _unary(ops.sin),
    "math.cos": _unary(ops.cos),
    "math.floor": _unary(ops.floor),
    "math.ceil": _unary(ops.ceil),
    "math.round": _unary(ops.round),
    "math.sign": _unary(ops.sign),
    "math.sigmoid": _unary(ops.sigmoid),
    "math.tanh": _unary(ops.tanh),
    "math.softplus": _unary(ops.softplus),
    "nn.softsign": _unary(ops.softsign),
    "nn.relu": _unary(ops.relu),
    "nn.relu6": _unary(ops.relu6),
    "nn.elu": _unary(ops.elu),
    "nn.selu": _unary(ops.selu),
    "nn.silu": _unary(ops.silu),
    "nn.leaky_relu": lambda a: ops.leaky_relu(a["features"], float(a["alpha"])),
    "nn.gelu": lambda a: ops.gelu(a["features"], approximate=bool(a.get("approximate"))),
    "nn.softmax": lambda a: ops.softmax(a["logits"], axis=_axis(a)),
    "nn.log_softmax": lambda a: ops.log_softmax(a["logits"], axis=_axis(a)),
    "math.l2_normalize": _l2_normalize,
    "compat.v1.norm": _norm,
    "norm": _norm,
    "math.reduce_sum": _reduce(ops.sum),
    "math.reduce_mean": _reduce(ops.mean),
    "math.reduce_max": _reduce(ops.max),
    "math.reduce_min": _reduce(ops.min),
    "math.reduce_prod": _reduce(ops.prod),
    "math.reduce_std": _reduce(ops.std),
    "math.reduce_variance": _reduce(ops.var),
    "math.reduce_logsumexp": _reduce(ops.logsumexp),
    "math.reduce_any": _reduce(ops.any),
    "math.reduce_all": _reduce(ops.all),
    "math.argmax": _indices(ops.argmax),
    "math.argmin": _indices(ops.argmin),
    "math.cumsum": lambda a: ops.cumsum(a["x"], axis=int(a["axis"])),
    "math.top_k": lambda a: ops.top_k(a["input"], int(a["k"]), sorted=bool(a.get("sorted", True))),
    "linalg.matmul": _matmul,
    "einsum": lambda a: ops.einsum(a["equation"], *a["inputs"]),
    "clip_by_value": lambda a: ops.clip(a["t"], float(a["clip_value_min"]), float(a["clip_value_max"])),
    "where": _where,
    "cast": lambda a: ops.cast(a["x"], getattr(a["dtype"], "name", a["dtype"])),
    "one_hot": lambda a: ops.one_hot(ops.cast(a["indices"], "int32"), int(a["depth"]), axis=_axis(a)),
    "zeros_like": _unary(ops.zeros_like),
    "ones_like": _unary(ops.ones_like),
    "identity": _unary(lambda x: x),
    "stop_gradient": _unary(ops.stop_gradient),
    "compat.v1.shape": lambda a: tuple(_first(a).shape),
    "shape": lambda a: tuple(_first(a).shape),
    "reshape": _reshape,
    "__operators__.getitem": _getitem,
    "slice": _begin_and_size,
    "strided_slice": _strided_slice,
    "expand_dims": lambda a: ops.expand_dims(a["input"], int(a["axis"])),
    "compat.v1.squeeze": lambda a: ops.squeeze(a["input"], _axes(a.get("axis"))),
    "squeeze": lambda a: ops.squeeze(a["input"], _axes(a.get("axis"))),
    "compat.v1.transpose": _transpose,
    "transpose": _transpose,
    "concat": lambda a: ops.concatenate(list(a["values"]), axis=int(a["axis"])),
    "stack": lambda a: ops.stack(list(a["values"]), axis=int(a["axis"])),
    "unstack": lambda a: ops.unstack(a["value"], a.get("num"), axis=int(a["axis"])),
    "split": _split,
    "tile": lambda a: ops.tile(a["input"], [int(n) for n in a["multiples"]]),
    "repeat": lambda a: ops.repeat(a["input"], int(a["repeats"]), axis=_axes(a.get("axis"))),
    "reverse": lambda a: ops.flip(a["tensor"], axis=_axes(a["axis"])),
    "roll": lambda a: ops.roll(a["input"], _axes(a["shift"]), axis=_axes(a["axis"])),
    "compat.v1.pad": _pad,
    "pad": _pad,
    "compat.v1.gather": _gather,
    "gather": _gather,
    "image.resize": _resize,
    "nn.depth_to_space": _depth_to_space,
    "nn.space_to_depth": _space_to_depth,
    "nn.max_pool2d": _pool(ops.max_pool),
    "nn.avg_pool2d": _pool(ops.average_pool),
}
