"""Cross-layer equalization by powers of two: the same float function, channels of like range.

A channel of layer A divided by s, and the weights of layer B that read it multiplied by s, cancel wherever everything
between is positively homogeneous (relu, pools, pads, reshapes; not relu6). s = sqrt(r_A / r_B) makes both ranges alike.
With s a power of two no float result changes by a bit.

Source: Nagel et al. 2019 (arXiv:1906.04721), section 4.1, equation 11.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.qat.capture import Value
from tfq.qat.part import Part, numpy_weights, readers_of
from tfq.qat.plan import Plan

ROUNDS = 20
# Below this spread of the factors, layers with per-channel weights gain nothing measurable.
WIDE = 4.0
# A channel this far below the widest carries nothing (batch norm switched it off); scaling it up would add noise.
DEAD = 2.0**-13
_TRANSPARENT = ("max_pool", "average_pool", "mean", "pad", "dropout", "relu", "reshape", "identity")


@dataclass(eq=False)
class Pair:
    """Two weighted parts with only homogeneous parts between. repeats: rows of B's kernel per channel (a flatten)."""

    first: Part
    second: Part
    repeats: int
    spread: float = 1.0


def equalize(planned: Plan) -> None:
    """Rescales the parts' weights where that is exact, and notes it; the recipe's `equalize` decides when."""
    if planned.recipe.equalize == "never":
        return
    pairs = find_pairs(planned)
    per_tensor = planned.recipe.weights == "per_tensor"
    if planned.recipe.equalize == "auto" and not per_tensor:
        if not any(_spread(factors(pair, per_tensor)) > WIDE for pair in pairs):
            return
    for _ in range(ROUNDS):
        changed = False
        for pair in pairs:
            s = factors(pair, per_tensor)
            if np.any(s != 1):
                pair.spread = max(pair.spread, _spread(s))
                _apply(pair, s)
                changed = True
        if not changed:
            break
    done = [f"{p.first.name} -> {p.second.name} ({p.spread:.0f}x)" for p in pairs if p.spread > 1]
    if done:
        planned.notes.append(
            'equalized by powers of two (same float function; recipe equalize = "never" leaves it out): '
            + ", ".join(done)
        )


def find_pairs(planned: Plan) -> list[Pair]:
    """Every pair of parts that may be rescaled against each other."""
    readers = readers_of(planned.parts)
    pairs = []
    for part in planned.parts:
        second = _next_weighted(part, readers, set(planned.graph.outputs)) if _can_lead(part) else None
        if second is not None and (part.share is not None or second.share is not None):
            continue  # weights that other calls use too
        if second is not None:
            repeats, rest = divmod(_input_depth(second), _depth(part.output))
            if rest == 0 and (repeats == 1 or second.kind == "dense"):
                pairs.append(Pair(part, second, repeats))
    return pairs


def _can_lead(part: Part) -> bool:
    if part.kind not in ("conv_2d", "depthwise_conv_2d", "dense") or part.activation == "relu6":
        return False
    return part.batch_norm is None or getattr(part.batch_norm, "scale", False)


def _next_weighted(part: Part, readers: dict[Value, list[Part]], outputs: set[Value]) -> Part | None:
    value = part.output
    while value not in outputs and len(readers.get(value, [])) == 1:
        reader = readers[value][0]
        if reader.kind in ("depthwise_conv_2d", "dense") or (reader.kind == "conv_2d" and reader.layer.groups == 1):
            return reader
        if reader.kind not in _TRANSPARENT or not _keeps_channels(reader):
            return None
        value = reader.output
    return None


def _keeps_channels(part: Part) -> bool:
    """A reshape must keep the channels innermost, a mean must leave them alone."""
    if part.kind == "mean":
        return len(part.inputs[0].shape) - 1 not in part.settings["axes"]
    return part.kind != "reshape" or (part.output.shape[-1] or 0) % _input_depth(part) == 0


def _input_depth(part: Part) -> int:
    return _depth(part.inputs[0])


def _depth(value: Value) -> int:
    """The innermost dimension, which weighted layers and all that follows them know."""
    return value.shape[-1] or 1


def factors(pair: Pair, per_tensor: bool) -> np.ndarray:
    """s per channel of the first layer, powers of two, 1 for channels without weights on either side."""
    first, second = _output_ranges(pair.first, per_tensor), _input_ranges(pair)
    live = (first > first.max() * DEAD) & (second > second.max() * DEAD)
    ratio = np.where(live, first, 1.0) / np.where(live, second, 1.0)
    s = np.exp2(np.round(np.log2(ratio) / 2))
    return np.where(live, s / np.exp2(np.round(np.log2(np.median(s[live])))) if live.any() else 1.0, 1.0)


def _spread(s: np.ndarray) -> float:
    return float(s.max() / s.min())


def _output_ranges(part: Part, per_tensor: bool) -> np.ndarray:
    """Range of each output channel, relative to the widest: of its activation and, per tensor, of its weights."""
    weights = _weight_ranges(part)
    activation = weights if part.batch_norm is None else _activation_ranges(part)
    if not per_tensor:
        return np.where(weights > 0, activation, 0.0)
    relative = np.maximum(weights / (weights.max() or 1.0), activation / (activation.max() or 1.0))
    return np.where(weights > 0, relative, 0.0)


def _weight_ranges(part: Part) -> np.ndarray:
    """Largest folded weight of each output channel."""
    kernel = np.abs(numpy_weights(part)[0])
    if part.kind == "depthwise_conv_2d":
        return kernel.max((0, 1)).reshape(-1) * _fold(part)
    return kernel.reshape(-1, kernel.shape[-1]).max(0) * _fold(part)


def _activation_ranges(part: Part) -> np.ndarray:
    """Where a channel behind batch norm ends: three standard deviations from its mean."""
    values = norm_values(part)
    return np.abs(values.get("beta", 0.0)) + 3 * np.abs(values["gamma"])


def _fold(part: Part) -> np.ndarray | float:
    """|gamma| / sqrt(variance + epsilon) of the part's batch norm, or |factor| of a scale."""
    if part.batch_norm is None:
        return 1.0
    values = norm_values(part)
    if "factor" in values:  # a constant scale
        return np.abs(values["factor"])
    gamma = values.get("gamma", 1.0)
    return np.abs(gamma) / np.sqrt(values["moving_variance"] + part.batch_norm.epsilon)


def _input_ranges(pair: Pair) -> np.ndarray:
    """Largest folded weight that reads each channel."""
    part = pair.second
    kernel = np.abs(numpy_weights(part)[0])
    if part.kind == "depthwise_conv_2d":
        fold = np.reshape(_fold(part) * np.ones(kernel.shape[2] * kernel.shape[3]), kernel.shape[2:])
        return (kernel.max((0, 1)) * fold).max(-1)
    by_input = (kernel * _fold(part)).max(-1)
    by_input = by_input.max((0, 1)) if part.kind == "conv_2d" else by_input
    return by_input.reshape(pair.repeats, -1).max(0)


def norm_values(part: Part) -> dict[str, np.ndarray]:
    """The batch norm's variables by name."""
    names = [w.path.split("/")[-1] for w in part.batch_norm.weights]
    return dict(zip(names, numpy_weights(part, norm=True), strict=True))


def _apply(pair: Pair, s: np.ndarray) -> None:
    s = s.astype(np.float32)
    first, second = pair.first, pair.second
    if first.batch_norm is not None:
        values = norm_values(first)
        for name in ("gamma", "beta"):
            if name in values:
                values[name] = values[name] / s
        first.norm_weights = list(values.values())
    else:
        kernel, *bias = numpy_weights(first)
        shape = kernel.shape[2:] if first.kind == "depthwise_conv_2d" else s.shape
        first.weights = [kernel / s.reshape(shape), *(b / s for b in bias)]
    kernel, *bias = numpy_weights(second)
    if second.kind == "dense":
        kernel = kernel * np.tile(s, pair.repeats)[:, None]
    else:
        kernel = kernel * s[:, None]
    second.weights = [kernel, *bias]
