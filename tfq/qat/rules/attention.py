"""Attention: dense layers on [batch, length, heads * size], and for each head two products and a softmax.

Products want [batch, heads, length, size], so each projection is transposed once, and so is what they give. The
division by sqrt(size) is the softmax's beta. A constant mask is added to the scores; others are refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, operation

_MASKS = ("mask", "query_mask", "value_mask", "key_mask")
_CONSTANT = "give it as a constant array without a batch axis, or mask the inputs before the network"


def _argument(call: Call, position: int, name: str, default: Any = None) -> Any:
    return call.args[position] if len(call.args) > position else call.kwargs.get(name, default)


def _require_no_masks(net: Net, call: Call) -> None:
    given = [x for name in _MASKS for x in keras.tree.flatten(call.kwargs.get(name)) if x is not None]
    if given or call.masked:
        raise net.refuse("a mask changes with the data", "leave it out (Embedding: mask_zero=False)")


# What all have in common.


def _masked(net: Net, scores: Value, mask: Any, beta: float) -> Value:
    """mask: of scores' rank, True where attention is allowed; None: everywhere."""
    if mask is None or np.all(mask):
        return scores
    if not np.all(np.any(mask, axis=-1)):
        raise net.refuse("the mask leaves a row without anything to attend to", "allow one position in each row")
    settings = {"mask_shape": tuple(mask.shape), "beta": beta}
    return net.part("mask", [scores], scores.shape, settings=settings, weights=[mask.astype(np.float32)])


def _weights(net: Net, scores: Value, mask: Any = None, beta: float = 1.0) -> Value:
    """The softmax over the last axis of beta * scores."""
    return net.activation(_masked(net, scores, mask, beta), "softmax", beta=beta)


def _dropped(net: Net, x: Value, rate: float) -> Value:
    """Dropout while training."""
    if not rate:
        return x
    layer = keras.layers.Dropout(rate, name=f"{net.call.layer.name}_dropout")
    return net.part("dropout", [x], x.shape, layer=layer)


def _causal(queries: int, keys: int) -> np.ndarray:
    return np.tri(queries, keys, dtype=bool)


def _window(queries: int, keys: int, width: int) -> np.ndarray:
    return np.abs(np.arange(queries)[:, None] - np.arange(keys)[None, :]) < width


def _all_of(masks: Sequence[Any]) -> Any:
    given = [mask for mask in masks if mask is not None]
    return None if not given else np.logical_and.reduce(np.broadcast_arrays(*given)) if given[1:] else given[0]


def _constant_mask(net: Net, mask: Any, heads: int, queries: int, keys: int) -> Any:
    """An attention_mask as booleans [1, heads or 1, queries or 1, keys or 1]. Raises Unsupported for a tensor."""
    if mask is None:
        return None
    if isinstance(mask, Value):
        raise net.refuse("the attention mask changes with the data", _CONSTANT)
    found = np.asarray(keras.ops.convert_to_numpy(mask)).astype(bool)
    if found.ndim == 3:
        found = found[:, None]
    found = found.reshape((1,) * (4 - found.ndim) + found.shape)
    if any(size not in (1, full) for size, full in zip(found.shape, (1, heads, queries, keys), strict=True)):
        raise net.refuse(f"an attention mask of shape {np.shape(mask)}", _CONSTANT)
    return found


# Several heads.


def _sizes(x: Value) -> list[int]:
    return [int(size or 1) for size in x.shape[1:]]


def _projected(net: Net, x: Value, dense: Any, label: str) -> Value:
    """x [B, T, D] by an EinsumDense of several heads: [B, T, heads * size]."""
    kernel = np.asarray(keras.ops.convert_to_numpy(dense.kernel)).reshape(_sizes(x)[-1], -1)
    bias = None if dense.bias is None else np.asarray(keras.ops.convert_to_numpy(dense.bias)).reshape(-1)
    layer = keras.layers.Dense(
        kernel.shape[-1],
        use_bias=bias is not None,
        kernel_regularizer=dense.kernel_regularizer,
        bias_regularizer=dense.bias_regularizer,
        name=f"{net.call.layer.name}_{label}",
    )
    layer.trainable = dense.trainable and net.call.layer.trainable
    return net.weighted("dense", x, layer, [kernel, bias], label)


def _by_head(net: Net, x: Value, heads: int) -> Value:
    """[B, T, heads * size] as [B, heads, T, size]."""
    length, depth = x.shape[1], int(x.shape[2] or 1)
    return net.transpose(net.reshape(x, [-1, length, heads, depth // heads]), [0, 2, 1, 3])


def _heads_attend(
    net: Net, query: Value, key: Value, value: Value, mask: Any, beta: float, rate: float = 0.0
) -> tuple[Value, Value]:
    """(what is attended to [B, N, T, size], the weights [B, N, T, S]), heads of key and value for one query or several.

    query [B, N, T, size], key and value [B, M, S, size]: N is a multiple of M; the queries of one key lie together.
    """
    heads, length, depth = _sizes(query)
    shared, keys, _ = _sizes(key)
    if shared != heads:
        query = net.reshape(query, [-1, shared, heads // shared * length, depth])
    scores = net.matmul(query, key, transpose_b=True)
    if mask is not None and shared != heads:
        mask = np.broadcast_to(mask, (1, heads, length, keys)).reshape(1, shared, -1, keys)
    weights = _weights(net, scores, mask, beta)
    made = net.matmul(_dropped(net, weights, rate), value)
    if shared == heads:
        return made, weights
    return net.reshape(made, [-1, heads, length, value.shape[-1]]), net.reshape(weights, [-1, heads, length, keys])


def _joined(net: Net, x: Value) -> Value:
    """[B, heads, T, size] as [B, T, heads * size]."""
    heads, length, depth = _sizes(x)
    return net.reshape(net.transpose(x, [0, 2, 1, 3]), [-1, length, heads * depth])


def _sequences(net: Net, call: Call) -> tuple[Value, Value, Value, bool]:
    """(query, value, key, whether there are several axes of length), with one axis of length each."""
    query, value = _argument(call, 0, "query"), _argument(call, 1, "value")
    key = _argument(call, 2, "key")
    key = value if key is None else key
    several = len(query.shape) > 3 or len(value.shape) > 3
    flat: dict[Value, Value] = {}
    for x in (query, value, key):
        if len(x.shape) > 3 and x not in flat:
            flat[x] = net.reshape(x, [-1, math.prod(size or 1 for size in x.shape[1:-1]), x.shape[-1]])
    query, value, key = (flat.get(x, x) for x in (query, value, key))
    return query, value, key, several


def _attend(
    net: Net, call: Call, heads: int, shared: int, beta: float, window: int | None, rate: float
) -> Value | list[Value]:
    """The call of a layer with projections: `_query_dense`, `_key_dense`, `_value_dense`, `_output_dense`."""
    _require_no_masks(net, call)
    layer = call.layer
    query, value, key, several = _sequences(net, call)
    queries, keys = int(query.shape[1] or 0), int(value.shape[1] or 0)
    if not queries or not keys:
        raise net.refuse("the length of a sequence is not known", "give the Input its length")
    masks = [
        _constant_mask(net, _argument(call, 6, "attention_mask"), heads, queries, keys),
        _causal(queries, keys)[None, None] if call.kwargs.get("use_causal_mask") else None,
        _window(queries, keys, window)[None, None] if window else None,
    ]
    if several and any(mask is not None for mask in masks):
        raise net.refuse("a mask over several axes", "reshape the input to one axis of length")
    q = _by_head(net, _projected(net, query, layer._query_dense, "query"), heads)
    k = _by_head(net, _projected(net, key, layer._key_dense, "key"), shared)
    v = _by_head(net, _projected(net, value, layer._value_dense, "value"), shared)
    made, weights = _heads_attend(net, q, k, v, _all_of(masks), beta, rate)
    made = _joined(net, made)
    if getattr(layer, "_use_gate", getattr(layer, "use_gate", False)):
        gate = _projected(net, query, layer._gate_dense, "gate")
        made = net.multiply(made, net.activation(gate, "sigmoid"))
    output = _output(net, made, layer._output_dense, call.outputs[0].shape)
    if not call.kwargs.get("return_attention_scores"):
        return output
    if weights.shape != call.outputs[1].shape:
        raise net.refuse(
            f"Keras says {call.outputs[1].shape} of attention scores that are {weights.shape}",
            "return scores of self-attention over one axis only",
        )
    return [output, weights]


def _output(net: Net, x: Value, dense: Any, shape: Sequence[int | None]) -> Value:
    y = _projected(net, x, dense, "output")
    return y if y.shape == tuple(shape) else net.reshape(y, shape)


def _multi_head(net: Net, call: Call) -> Value | list[Value]:
    layer = call.layer
    rank = len(call.inputs[0].shape)
    if tuple(layer._attention_axes) != tuple(range(1, rank - 1)):
        raise net.refuse(f"attention_axes {layer._attention_axes}", "attend over all axes between batch and features")
    heads, beta = layer._num_heads, layer._inverse_sqrt_key_dim
    return _attend(net, call, heads, heads, beta, layer._sliding_window, layer._dropout)


def _group_query(net: Net, call: Call) -> Value | list[Value]:
    layer = call.layer
    beta = layer._inverse_sqrt_head_dim
    heads = layer.num_query_heads, layer.num_key_value_heads
    return _attend(net, call, *heads, beta, layer.sliding_window, layer.dropout)


def _dot_product_attention(net: Net, call: Call) -> Value:
    """keras.ops.dot_product_attention: [B, T, heads, size]."""
    names = ("query", "key", "value", "bias", "mask", "scale")
    query, key, value, bias, mask, scale = (_argument(call, i, name) for i, name in enumerate(names))
    if bias is not None:
        raise net.refuse("bias", "write the attention with keras.ops.matmul and softmax")
    if getattr(call.layer, "attn_logits_soft_cap", None) is not None:
        raise net.refuse("attn_logits_soft_cap", "leave it out")
    heads, queries, keys = query.shape[2], query.shape[1], key.shape[1]
    masks = [
        _constant_mask(net, mask, heads, queries, keys),
        _causal(queries, keys)[None, None] if call.layer.is_causal else None,
    ]
    beta = 1.0 / math.sqrt(key.shape[-1]) if scale is None else float(scale)
    q, k, v = (net.transpose(x, [0, 2, 1, 3]) for x in (query, key, value))
    made, _ = _heads_attend(net, q, k, v, _all_of(masks), beta)
    return net.transpose(made, [0, 2, 1, 3])


# One head, without projections.


def _attention(net: Net, call: Call) -> Value | list[Value]:
    """Attention and AdditiveAttention."""
    _require_no_masks(net, call)
    layer, tensors = call.layer, list(_argument(call, 0, "inputs"))
    query, value = tensors[0], tensors[1]
    key = tensors[2] if len(tensors) > 2 else value
    scores = _additive_scores(net, query, key) if _adds(layer) else _dot_scores(net, query, key)
    mask = None
    if call.kwargs.get("use_causal_mask"):
        mask = _causal(int(scores.shape[-2] or 1), int(scores.shape[-1] or 1))[(None,) * (len(scores.shape) - 2)]
    weights = _weights(net, scores, mask)
    made = net.matmul(_dropped(net, weights, layer.dropout), value)
    return [made, weights] if call.kwargs.get("return_attention_scores") else made


def _adds(layer: Any) -> bool:
    return isinstance(layer, keras.layers.AdditiveAttention) or layer.score_mode == "concat"


def _dot_scores(net: Net, query: Value, key: Value) -> Value:
    scores = net.matmul(query, key, transpose_b=True)
    scale = net.call.layer.scale
    return scores if scale is None else net.multiply(scores, scale)


def _additive_scores(net: Net, query: Value, key: Value) -> Value:
    """The sum over the features of w * tanh(query + key), for each query and key."""
    layer = net.call.layer
    if len(query.shape) != 3:
        raise net.refuse(f"a query of shape {query.shape}", "reshape it to [batch, length, features]")
    _, queries, depth = query.shape
    keys = key.shape[1]
    both = net.add(net.reshape(query, [-1, queries, 1, depth]), net.reshape(key, [-1, 1, keys, depth]))
    ones = np.ones((int(depth or 1), 1), np.float32)
    if isinstance(layer, keras.layers.AdditiveAttention):
        learned = layer.scale is not None
        kernel = keras.ops.convert_to_numpy(layer.scale)[:, None] if learned else ones
        scores = net.linear(net.activation(both, "tanh"), kernel, trainable=learned, label="scores")
        return net.reshape(scores, [-1, queries, keys])
    both = both if layer.scale is None else net.multiply(both, layer.scale)
    scores = net.linear(net.activation(both, "tanh"), ones, trainable=False, label="scores")
    return net.multiply(net.reshape(scores, [-1, queries, keys]), layer.concat_score_weight)


RULES: dict[type, Rule] = {
    keras.layers.MultiHeadAttention: _multi_head,
    keras.layers.GroupQueryAttention: _group_query,
    keras.layers.Attention: _attention,
    keras.layers.AdditiveAttention: _attention,
    operation("nn", "DotProductAttention"): _dot_product_attention,
}
