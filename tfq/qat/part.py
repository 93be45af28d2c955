"""A part: one tfq layer to be, before anything is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras

from tfq.qat.capture import Value

WEIGHTED = ("conv_2d", "depthwise_conv_2d", "dense", "conv_2d_transpose")


@dataclass(eq=False)
class Part:
    """One tfq layer to be: `kind` says which, `layer` is the Keras layer that holds its weights or settings.

    fused: the original layers it takes in, in order. settings: keyword arguments of the tfq layer.
    share: parts of the same share become one tfq layer with as many sites (a layer that is called several times).
    """

    kind: str
    name: str
    layer: Any
    inputs: list[Value]
    output: Value
    batch_norm: Any = None
    activation: str = "linear"
    fused: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    weights: list[Any] | None = None  # NumPy weights in place of the layer's own
    norm_weights: list[Any] | None = None  # and of the batch norm's
    share: Any = None
    input_map: Part | None = None  # a scale of the input that the weights take in
    source: str = ""  # the call that it comes from

    @property
    def names(self) -> tuple[str, ...]:
        """What a recipe may call it: its own name and those of the layers that it comes from."""
        layer = getattr(self.layer, "name", self.name)
        return (self.name, self.source, layer, *self.fused)


def numpy_weights(part: Part, norm: bool = False) -> list[Any]:
    """The part's weights (or its batch norm's) as NumPy arrays, as the plan has changed them."""
    planned, layer = (part.norm_weights, part.batch_norm) if norm else (part.weights, part.layer)
    if planned is not None or layer is None:
        return planned or []
    return [keras.ops.convert_to_numpy(w) for w in layer.weights]


def uses_of(parts: list[Part], outputs: list[Value]) -> dict[Value, int]:
    """How often each value is read, by parts or as an output of the model."""
    uses: dict[Value, int] = {}
    for value in [value for part in parts for value in part.inputs] + outputs:
        uses[value] = uses.get(value, 0) + 1
    return uses


def readers_of(parts: list[Part]) -> dict[Value, list[Part]]:
    """The parts that read each value, in order; a part that reads it twice is there twice."""
    readers: dict[Value, list[Part]] = {}
    for part in parts:
        for value in part.inputs:
            readers.setdefault(value, []).append(part)
    return readers
