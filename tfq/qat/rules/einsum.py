"""Einstein sums of two tensors: transposes, reshapes, and one product.

Each label of the equation is one of
    contracted  in both operands, not in the result
    shared      in both operands and the result
    rows        in the first operand and the result
    columns     in the second operand and the result
With a constant the product is a dense layer, or for shared labels a grouped 1x1 convolution; of two tensors it is a
BATCH_MATMUL, or where nothing is contracted a broadcast product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import ascii_letters
from typing import Any

import keras
import numpy as np

from tfq.qat.capture import Value
from tfq.qat.net import Net
from tfq.qat.rules.windows import Window, array, conv_2d, depthwise_conv_2d, sizes

Labels = str
REMEDY = "write it as products of two tensors with each label at most once in each of them"


@dataclass(frozen=True)
class Roles:
    """The labels by what they do; `batch` is the first label of the tensors."""

    contracted: Labels
    shared: Labels
    rows: Labels
    columns: Labels
    size: dict[str, int]

    def count(self, labels: Labels) -> int:
        """How many elements axes of these labels have together."""
        return math.prod(self.size[label] for label in labels)

    def shape(self, labels: Labels) -> list[int]:
        """The sizes of these labels."""
        return [self.size[label] for label in labels]


def parse(net: Net, equation: str, shapes: Sequence[tuple[int | None, ...]]) -> tuple[list[Labels], Labels]:
    """(labels of each operand, of the result), "..." written out and the result of the short form added."""
    left, _, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise net.refuse(f"equation {equation!r} for {len(shapes)} operands", REMEDY)
    free = [letter for letter in ascii_letters if letter not in equation]
    width = max(len(shape) - len(term.replace("...", "")) for term, shape in zip(terms, shapes, strict=True))
    hidden = "".join(free[: max(width, 0)])
    spelled = []
    for term, shape in zip(terms, shapes, strict=True):
        missing = len(shape) - len(term.replace("...", ""))
        spelled.append(term.replace("...", hidden[len(hidden) - missing :]))
        if len(spelled[-1]) != len(shape) or len(set(spelled[-1])) != len(shape):
            raise net.refuse(f"equation {equation!r} takes a diagonal, or does not fit {shape}", REMEDY)
    if "->" in equation:
        return spelled, right.replace("...", hidden)
    every = "".join(spelled)
    return spelled, hidden + "".join(sorted(label for label in set(every) - set(hidden) if every.count(label) == 1))


def einsum(net: Net, equation: str, operands: Sequence[Any]) -> Value:
    """The sum of the equation, of tensors, arrays and variables; several operands go from left to right."""
    terms, result = parse(net, equation, [tuple(operand.shape) for operand in operands])
    made, labels = operands[0], terms[0]
    if len(operands) == 1:
        return arrange(net, made, labels, result)
    for i, (operand, term) in enumerate(zip(operands[1:], terms[1:], strict=True), 2):
        later = result + "".join(terms[i:])
        goal = result if i == len(operands) else "".join(dict.fromkeys(x for x in labels + term if x in later))
        made, labels = contract(net, made, labels, operand, term, goal), goal
    return made


def contract(net: Net, a: Any, a_labels: Labels, b: Any, b_labels: Labels, result: Labels) -> Any:
    """One product of two operands."""
    if isinstance(a, Value) and isinstance(b, Value):
        return of_tensors(net, a, a_labels, b, b_labels, result)
    if isinstance(a, Value):
        return with_constant(net, a, a_labels, b, b_labels, result, trains(b))
    if isinstance(b, Value):
        return with_constant(net, b, b_labels, a, a_labels, result, trains(a))
    return np.einsum(f"{a_labels},{b_labels}->{result}", array(a), array(b))


def trains(operand: Any) -> bool:
    """Whether an operand goes on learning."""
    return isinstance(operand, keras.Variable) and bool(operand.trainable)


def arrange(net: Net, x: Value, labels: Labels, result: Labels) -> Value:
    """x with its axes in another order."""
    if sorted(labels) != sorted(result):
        raise net.refuse("labels that only one operand has must be in the result", "sum over them with keras.ops.sum")
    return net.transpose(x, [labels.index(label) for label in result])


def with_constant(
    net: Net,
    x: Value,
    labels: Labels,
    weights: Any,
    weight_labels: Labels,
    result: Labels,
    trainable: bool,
    bias: Any = None,
    bias_labels: Labels = "",
    like: dict[str, Any] | None = None,
) -> Value:
    """The product of x and a constant, plus a bias.

    bias: an array or variable that broadcasts to the result, or None. bias_labels: its axes that are not 1.
    like: further keywords of the Keras layer that holds the weights.
    """
    kernel = np.asarray(array(weights))
    entries = (None, *sizes(net, x))
    kept = [
        i
        for i, label in enumerate(weight_labels)
        if label not in labels or kernel.shape[i] == entries[labels.index(label)]
    ]
    if math.prod(kernel.shape[i] for i in kept) != kernel.size:
        raise net.refuse(f"a constant of shape {kernel.shape} for {x.shape}", "give it no batch axis, or one of size 1")
    kernel = kernel.reshape([kernel.shape[i] for i in kept])  # without axes of 1 that only broadcast
    weight_labels = "".join(weight_labels[i] for i in kept)
    known = {**dict(zip(weight_labels, kernel.shape, strict=True)), **dict(zip(labels[1:], entries[1:], strict=True))}
    roles = _roles(net, labels, weight_labels, result, known)
    tail = roles.shared + roles.contracted
    x = arrange(net, x, labels, labels[0] + roles.rows + tail)
    kernel = kernel.transpose([weight_labels.index(label) for label in tail + roles.columns])
    kernel = kernel.reshape(roles.count(roles.shared), roles.count(roles.contracted), -1)
    own = roles.shared + roles.columns
    folded = bias is not None and sorted(bias_labels) == sorted(own)
    offset = None
    if folded:
        axes = [bias_labels.index(label) for label in own]
        offset = np.asarray(array(bias)).reshape(roles.shape(bias_labels)).transpose(axes).reshape(-1)
    name = net.call.layer.name
    window = Window((1, 1), "valid", (1, 1), name, trainable and getattr(net.call.layer, "trainable", True), like or {})
    if roles.shared:
        y = _by_group(net, net.reshape(x, [-1, 1, roles.count(roles.rows), roles.count(tail)]), kernel, offset, window)
    else:
        rows = roles.shape(roles.rows) if len(roles.rows) <= 2 else [roles.count(roles.rows)]
        y = _dense(net, net.reshape(x, [-1, *rows, roles.count(tail)]), kernel[0], offset, window)
    made = labels[0] + roles.rows + own
    y = arrange(net, net.reshape(y, [-1, *roles.shape(made[1:])]), made, result)
    return y if bias is None or folded else net.add(y, bias)


def _by_group(net: Net, x: Value, kernel: np.ndarray, bias: Any, window: Window) -> Value:
    """A dense layer for each group of channels. x: [B, 1, R, G * K]. kernel: [G, K, N]."""
    groups, depth, _ = kernel.shape
    if depth == 1:
        like = {name.replace("kernel", "depthwise"): value for name, value in window.like.items()}
        window = replace(window, like=like)
        return depthwise_conv_2d(net, x, kernel.transpose(1, 0, 2)[None], bias, window, "product")
    return conv_2d(net, x, kernel.transpose(1, 0, 2).reshape(1, 1, depth, -1), bias, window, "product")


def _dense(net: Net, x: Value, kernel: np.ndarray, bias: Any, window: Window) -> Value:
    """kernel: [K, N]."""
    layer = keras.layers.Dense(kernel.shape[1], use_bias=bias is not None, name=window.name, **window.like)
    layer.trainable = window.trainable
    return net.weighted("dense", x, layer, [kernel, bias], "product")


def of_tensors(net: Net, a: Value, a_labels: Labels, b: Value, b_labels: Labels, result: Labels) -> Value:
    """The product of two tensors, which share the batch."""
    a, a_labels = _without_ones(net, a, a_labels, b, b_labels)
    b, b_labels = _without_ones(net, b, b_labels, a, a_labels)
    if a_labels[0] != b_labels[0]:
        raise net.refuse("the operands do not share the batch, their first axis", "keep the batch first in both")
    known = {
        **dict(zip(b_labels[1:], sizes(net, b), strict=True)),
        **dict(zip(a_labels[1:], sizes(net, a), strict=True)),
    }
    roles = _roles(net, a_labels, b_labels, result, known)
    if not roles.contracted:
        return _outer(net, a, a_labels, b, b_labels, result, roles)
    batch = a_labels[0] + roles.shared
    m, k, n = (roles.count(part) for part in (roles.rows, roles.contracted, roles.columns))
    head = [-1, roles.count(roles.shared)] if roles.shared else [-1]
    a = net.reshape(arrange(net, a, a_labels, batch + roles.rows + roles.contracted), [*head, m, k])
    turned = b_labels == batch + roles.columns + roles.contracted
    order = b_labels if turned else batch + roles.contracted + roles.columns
    b = net.reshape(arrange(net, b, b_labels, order), [*head, n, k] if turned else [*head, k, n])
    y = net.matmul(a, b, transpose_b=turned)
    made = batch + roles.rows + roles.columns
    return arrange(net, net.reshape(y, [-1, *roles.shape(made[1:])]), made, result)


def _outer(net: Net, a: Value, a_labels: Labels, b: Value, b_labels: Labels, result: Labels, roles: Roles) -> Value:
    """Nothing is contracted: each side is spread over the other's own axes."""
    s, m, n = (roles.count(part) for part in (roles.shared, roles.rows, roles.columns))
    a = net.reshape(arrange(net, a, a_labels, a_labels[0] + roles.shared + roles.rows), [-1, s, m, 1])
    b = net.reshape(arrange(net, b, b_labels, b_labels[0] + roles.shared + roles.columns), [-1, s, 1, n])
    made = a_labels[0] + roles.shared + roles.rows + roles.columns
    return arrange(net, net.reshape(net.multiply(a, b), [-1, *roles.shape(made[1:])]), made, result)


def _without_ones(net: Net, x: Value, labels: Labels, other: Value, other_labels: Labels) -> tuple[Value, Labels]:
    """x without the axes of 1 that the other operand is broadcast over."""
    kept = [
        i
        for i, label in enumerate(labels)
        if i == 0 or x.shape[i] != 1 or label not in other_labels or other.shape[other_labels.index(label)] == 1
    ]
    if len(kept) == len(labels):
        return x, labels
    return net.reshape(x, [-1, *(x.shape[i] for i in kept[1:])]), "".join(labels[i] for i in kept)


def _roles(net: Net, a: Labels, b: Labels, result: Labels, size: dict[str, int]) -> Roles:
    """What each label does; the batch's is left out."""
    batch = a[0]
    if not result or result[0] != batch:
        raise net.refuse("the batch must stay first in the result", "keep the first axis first")
    alone = [label for label in a + b if (label in a) != (label in b) and label not in result]
    if alone:
        raise net.refuse(
            f"label {alone[0]!r} is summed over in one operand alone", "sum over it with keras.ops.sum first"
        )
    return Roles(
        "".join(label for label in a if label in b and label not in result),
        "".join(label for label in a[1:] if label in b and label in result),
        "".join(label for label in a[1:] if label not in b),
        "".join(label for label in b if label not in a),
        size,
    )
