"""What the multiply-accumulate ops share: a layer in numbers, whatever the types; the kernel that its types choose.

An op file says how its sums run (`Layer`) and which arithmetic each profile has for which types (`Kernels`). The
arithmetic is in mac_integer.py, mac_float.py and mac_hybrid.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.numerics.geometry import Window, window_of
from tfq.numerics.profiles import LITERT, Profile
from tfq.ops.checks import require_work
from tfq.ops.contract import Node
from tfq.tflite.model import Tensor


@dataclass(frozen=True, eq=False)
class Layer:
    """x, w, bias, y: the op's tensors. channels: of the output; they run along `axis` of the weights.

    weights(w, codes=...) -> accumulate.Weights. blocks(x, border, weights, product=...) -> accumulate.Blocks.
    size(shape of x) -> shape of the output.
    """

    x: Tensor
    w: Tensor
    bias: Tensor | None
    y: Tensor
    channels: int
    axis: int
    weights: Callable[..., Any]
    blocks: Callable[..., Any]
    size: Callable[[tuple[int, ...]], tuple[int, ...]]


# The op itself, ready to run: (x, w, bias) -> y.
Ready = Callable[[np.ndarray, np.ndarray, np.ndarray | None], np.ndarray]
Kernel = Callable[[Node, Profile, Layer], Ready]
# By "type of the input, type of the weights".
Kernels = Mapping[Profile, Mapping[str, Kernel]]


def tensors(node: Node, rank: int, places: tuple[int, int, int] = (0, 1, 2)) -> tuple[Tensor, Tensor, Tensor | None]:
    """Input, weights and bias, at those places among the op's inputs.

    Raises Unsupported unless the weights have that rank and nothing is empty.
    """
    x, w, bias = (node.input(place) for place in places)
    if x is None or w is None or len(node.outputs) != 1:
        raise node.unsupported("it must have an input, weights and one output")
    if len(w.shape) != rank or 0 in w.shape:
        raise node.unsupported(f"weights must have {rank} dimensions and none of size 0, received {list(w.shape)}")
    if rank == 4 and (len(x.shape) != 4 or 0 in x.shape[1:]):
        raise node.unsupported(f"input must be [N, H, W, C], received shape {list(x.shape)}")
    return x, w, bias


def window(node: Node, x: Tensor, w: Tensor) -> Window:
    """The op's window. Raises Unsupported where it does not fit the image."""
    try:
        found = window_of(node.options, w.shape[1:3])
        found.output_size(*x.shape[1:3])
        return found
    except TfqError as error:
        raise node.unsupported(str(error)) from None


def prepare(node: Node, profile: Profile, layer: Layer, kernels: Kernels) -> Ready:
    """The layer, ready to run with the profile's kernel for its types. Raises Unsupported where there is none."""
    types = f"{layer.x.type} {layer.w.type}"
    if types not in kernels[profile] or layer.y.type != layer.x.type:
        known = ", ".join(kernels[profile])
        raise node.unsupported(
            f"{profile.name} takes these types of input and weights: {known}, and gives the input's; "
            f"received {types}, output {layer.y.type}"
        )
    if layer.bias is not None and int(np.prod(layer.bias.shape)) != layer.channels:
        raise node.unsupported(
            f"expected one bias for each of {layer.channels} channels, received {list(layer.bias.shape)}"
        )
    require_work(node, math.prod(layer.size(layer.x.shape)) * math.prod(layer.w.shape) // layer.channels)
    return kernels[profile][types](node, profile, layer)


def either(holds: Callable[[Node, Layer], bool], first: Kernel, second: Kernel) -> Kernel:
    """The first kernel for the layers where `holds` holds, the second for the others."""

    def choose(node: Node, profile: Profile, layer: Layer) -> Ready:
        return (first if holds(node, layer) else second)(node, profile, layer)

    return choose


def built_in(kernel: Kernel) -> Kernel:
    """A kernel of LiteRT's own, in the profile of its default: bounds and refusals are as in its reference."""

    def choose(node: Node, profile: Profile, layer: Layer) -> Ready:
        return kernel(node, LITERT, layer)

    return choose


def grouped(node: Node, layer: Layer) -> bool:
    """Whether each group of output channels sees its own input channels."""
    return layer.x.shape[3] != layer.w.shape[3]


def refused(reason: str) -> Kernel:
    """A kernel that refuses every layer, for that reason."""

    def refuse(node: Node, profile: Profile, layer: Layer) -> Ready:
        raise node.unsupported(reason)

    return refuse


def stacks(node: Node) -> bool:
    """Samples stacked along axis 0 stay apart where the input alone is computed."""
    computed = [tensor for tensor in node.inputs if tensor is not None and tensor.data is None]
    return len(computed) == 1 and len(computed[0].shape) > 0 and node.outputs[0].shape != ()
