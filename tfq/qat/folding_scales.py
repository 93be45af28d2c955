"""Constant x * factor + offset beside a weighted layer: taken into its weights, which costs nothing at run time.

Behind the layer it becomes what a frozen batch norm would; before it, a map of its kernel's input channels. The layer's
own variables stay as they are, so training takes the steps that it would take without the fold.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tfq.numerics.affine import product
from tfq.qat.capture import Value
from tfq.qat.channel_scale import ChannelScale
from tfq.qat.part import WEIGHTED, Part, readers_of
from tfq.qat.values import variable_value

# Beyond this ratio of factors, the weights of one output channel would lose precision.
_WIDEST = 4.0


def fold_scales(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """The parts with constant scales marked for `fuse` to put into the layer before, or put into the layer behind."""
    readers = readers_of(parts)
    makers = {part.output: part for part in parts}
    kept = []
    for part in parts:
        kept.append(part)
        if not _is_constant(part):
            continue
        before, behind = makers.get(part.inputs[0]), readers.get(part.output, [])
        alone = readers[part.inputs[0]] == [part] and part.inputs[0] not in outputs
        if before is not None and alone and _takes_after(before):
            if not part.layer.built:
                part.layer.build()
            part.settings["batch_norm"] = True
        elif len(behind) == 1 and part.output not in outputs and _takes_before(behind[0], part):
            behind[0].input_map = part
            behind[0].inputs = list(part.inputs)
            behind[0].fused = [*part.fused, *behind[0].fused]
            kept.pop()
    return kept


def _is_constant(part: Part) -> bool:
    constant = part.kind == "scale" and isinstance(part.layer, ChannelScale) and not part.layer.trainable
    return constant and part.share is None and part.weights is not None


def _takes_after(part: Part) -> bool:
    return part.kind in WEIGHTED and part.share is None and part.activation == "linear" and part.batch_norm is None


def _takes_before(part: Part, scale: Part) -> bool:
    """Whether the map is the same at every product: no padding with zeros where an offset should be, no groups."""
    if part.kind not in ("conv_2d", "depthwise_conv_2d", "dense") or part.share is not None or len(part.inputs) > 1:
        return False
    factor, offset = (np.asarray(values) for values in scale.weights or ())
    padded = part.kind != "dense" and part.layer.padding != "valid"
    grouped = part.kind == "conv_2d" and part.layer.groups > 1
    sizes = np.abs(factor)
    return not (padded and offset.any()) and not grouped and sizes.max() <= _WIDEST * sizes.min() and sizes.min() > 0


def mapped(xp: Any, kernel: Any, bias: Any, layer: ChannelScale, summed: tuple[int, ...]) -> tuple[Any, Any]:
    """(kernel, bias) of a layer that sees x, from those of one that sees x * factor + offset.

    kernel: [..., input channels, outputs]. summed: its axes that the layer adds up over. bias: may be None.
    """
    factor, offset = variable_value(xp, layer.factor), variable_value(xp, layer.offset)
    # In float64, since backends add up in other orders.
    wide = xp.cast(kernel, "float64") * xp.reshape(xp.cast(offset, "float64"), (-1, 1))
    shift = xp.cast(xp.reshape(xp.sum(wide, summed), (-1,)), "float32")
    kernel = product(xp, kernel, xp.reshape(factor, (-1, 1)))  # rounded before a batch norm's factor comes
    return kernel, shift if bias is None else bias + shift
