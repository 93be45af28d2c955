"""QuantizedLayer: what all of tfq's Keras layers share: the grid of the output, its running range, and who feeds whom.

The tensor between two layers is `scale * (q - zero_point)`, float32. A layer finds its input's grid by asking the layer
that made it; who that was is read off the KerasTensors when the layer is called on them, so loading a model restores it
(Keras replays the calls) and nothing of it is saved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.errors import TfqError
from tfq.numerics.affine import CONSTANT_RANGE, Affine, divide, scale_zero_point, symmetric_scale
from tfq.numerics.profiles import Profile, profile_named
from tfq.qat import arrays, training
from tfq.qat.modes import float_observer, inference, inferring
from tfq.qat.once import once
from tfq.qat.program import Activation, Step
from tfq.qat.values import concrete_value, straight_through, variable_value
from tfq.recipe import Recipe

QUANTIZE, OBSERVE, BATCH_STATISTICS = range(3)  # positions in the `control` variable: 1.0 on, 0.0 off


class Links:
    """Who feeds a layer and which outputs share its range; a plain object, which Keras neither tracks nor saves."""

    def __init__(self) -> None:
        self.sources: dict[int, list[tuple[QuantizedLayer, int]]] = {}
        self.groups: dict[int, list[tuple[QuantizedLayer, int]]] = {}


class QuantizedLayer(keras.layers.Layer):
    """A layer whose output lies on an int8 grid.

    Args:
        recipe: Recipe or its dict. sites: how often the layer is called in the network; each call has its own range.
        bits: 8 or 16, of the output's integers; 16 are symmetric. symmetric: whether the output's zero point is 0.
        one_range: whether all calls lie on one grid, which holds the ranges of each.
        scheduled: whether training follows the `control` variable (see tfq.callbacks.QuantizationSchedule).

    Subclasses say what they compute in three modes: `real` (float), `train` (fake-quantized, with gradients) and
    `infer` (the deployed integers), and `lower` it to nodes for export.
    """

    keeps_input_grid = False  # the output lies on the input's grid: pads, pools, reshapes
    activation = "linear"  # fused: "linear", "relu" or "relu6"
    is_float = False  # the output lies on no grid: a layer that the recipe leaves out
    has_range = True  # the output has a running range of its own, else a fixed grid or the input's

    def __init__(
        self,
        *,
        recipe: Recipe | dict | None = None,
        sites: int = 1,
        bits: int = 8,
        symmetric: bool = False,
        one_range: bool = False,
        scheduled: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs["dtype"] = "float32"  # scales and integers stay exact under mixed precision
        super().__init__(autocast=False, **kwargs)
        self.recipe = recipe if isinstance(recipe, Recipe) else Recipe.from_dict(recipe or {})
        self.sites = sites
        self.bits = bits
        self.symmetric = symmetric or bits > 8
        self.one_range = one_range
        self.scheduled = scheduled
        self.traced_without_schedule = False
        self.links = Links()

    def set_width(self, bits: int) -> None:
        """Gives the output another width; before the layer is built."""
        self.bits = bits
        self.symmetric = self.symmetric or bits > 8

    @property
    def profile(self) -> Profile:
        return profile_named(self.recipe.numerics)

    def build(self, *shapes: Any) -> None:
        if self.has_range:
            # A debiased exponential mean of (lo, hi, 1) for each site: dividing by the third removes the start's bias.
            self.range = self.add_weight(
                name="range",
                shape=(self.sites, 3),
                initializer="zeros",
                trainable=False,
                dtype="float32",
                aggregation="mean",
            )
            self.control = self.add_weight(
                name="control", shape=(3,), initializer="ones", trainable=False, dtype="float32", aggregation="mean"
            )
        self.built = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        inputs = keras.tree.flatten(args)
        if inputs and all(isinstance(x, keras.KerasTensor) for x in inputs):
            self.connect([producer_of(x) for x in inputs], kwargs.get("site", 0))
        return super().__call__(*args, **kwargs)

    def connect(self, sources: list[tuple[QuantizedLayer, int]], site: int) -> None:
        """Notes who feeds this call."""
        self.links.sources[site] = sources

    def call(self, inputs: Any, training: bool | None = None, site: int = 0) -> Any:
        observe = float_observer()
        if observe is not None:
            y = self.real(inputs, site)
            if self.has_range:
                observe(self, site, y)
            return y
        if training:
            self.traced_without_schedule |= not self.scheduled
            return self.train(inputs, site)
        self.require_range(site)
        with arrays.wide_types(), inference():
            return self.infer(inputs, site)

    # What subclasses define.
    def real(self, inputs: Any, site: int) -> Any:
        raise NotImplementedError

    def train(self, inputs: Any, site: int) -> Any:
        alone = len(self.group(site)) == 1
        y, lo, hi = training.activation_range(self.pre_activation(inputs, site), self.activation, alone)
        lo, hi = self.running_range(self.observe_batch(lo, hi, site), site)
        fused = self.activation if alone else "linear"
        return self.switch(
            QUANTIZE,
            lambda: self.fake_quantized_output(y, lo, hi, one_sided=fused != "linear"),
            lambda: training.activate(y, fused),
        )

    def fake_quantized_output(self, y: Any, lo: Any, hi: Any, one_sided: bool) -> Any:
        """y on the grid of [lo, hi], straight-through; one_sided: the range starts at 0, so its clamp is the relu."""
        if not self.symmetric:
            return training.fake_quantize(y, lo, hi, one_sided)
        return straight_through(ops.maximum(y, 0) if one_sided else y, self.grid_of(arrays, lo, hi))

    def pre_activation(self, inputs: Any, site: int) -> Any:
        """The float output in training mode, before the fused activation."""
        return self.real(inputs, site)

    def infer(self, inputs: Any, site: int) -> Any:
        raise NotImplementedError

    def lower(self, site: int, inputs: list[str], output: Activation) -> list[Step]:
        raise NotImplementedError

    # Grids.
    def owner(self, site: int) -> tuple[QuantizedLayer, int]:
        """The (layer, site) whose range this output lies on: itself, or the source where the input's grid is kept."""
        if not self.keeps_input_grid:
            return self, self.member(site)
        layer, source_site = self.links.sources[site][0]
        return layer.owner(source_site)

    def member(self, site: int) -> int:
        """The site under which a site's range is found."""
        return 0 if self.one_range else site

    def once(self, what: str, site: int, make: Callable[[], Any]) -> Any:
        """make(): what depends on the layer's variables and its inputs' and output's grids, once for all such calls."""
        grids = tuple(layer.owner(k) for layer, k in self.links.sources[site])
        return once((self, what, grids, self.owner(site)), make)

    def grid(self, xp: Any, site: int = 0) -> Affine:
        """The output's affine map; values of `xp` (NumPy arrays, or tensors inside a graph)."""
        layer, site = self.owner(site)
        if layer is not self:
            return layer.grid(xp, site)
        if xp is arrays and inferring():
            return once((self, "grid", site), lambda: self.observed_grid(xp, site))
        return self.observed_grid(xp, site)

    def observed_grid(self, xp: Any, site: int) -> Affine:
        """The grid of the range as learned so far, joined with those that share it."""
        members = self.links.groups.get(site, [(self, site)])
        lo, hi, weight = members[0][0].observed_range(xp, members[0][1])
        for member, k in members[1:]:
            other_lo, other_hi, other_weight = member.observed_range(xp, k)
            lo, hi, weight = xp.minimum(lo, other_lo), xp.maximum(hi, other_hi), xp.minimum(weight, other_weight)
        made = self.grid_of(xp, lo, hi)
        # NaN where `require_range` cannot look (JAX takes the variables away while it traces): never a made-up scale.
        return replace(made, scale=xp.where(weight > 0, made.scale, np.float32(np.nan)))

    @property
    def smallest(self) -> Any:
        """What lies in a narrower range is a constant 0."""
        return CONSTANT_RANGE

    def grid_of(self, xp: Any, lo: Any, hi: Any) -> Affine:
        """The grid of this layer's width for reals in [lo, hi]."""
        qmax = 2 ** (self.bits - 1) - 1
        if self.symmetric:
            largest = xp.maximum(xp.abs(lo), xp.abs(hi))
            largest = xp.where(largest > self.smallest, largest, xp.zeros_like(largest) + np.float32(1))
            return Affine(symmetric_scale(xp, largest, qmax), np.float32(0), -qmax - 1, qmax)
        scale, zero_point = scale_zero_point(xp, lo, hi)
        return Affine(scale, zero_point)

    def input_grid(self, xp: Any, site: int, position: int = 0) -> Affine:
        """The affine map of an input."""
        layer, source_site = self.links.sources[site][position]
        return layer.grid(xp, source_site)

    def observed_range(self, xp: Any, site: int) -> tuple[Any, Any, Any]:
        """(lo, hi, weight) as learned so far, float32 scalars; weight 0: has seen no data."""
        state = variable_value(xp, self.range)
        if self.one_range:
            bounds = divide(xp, state[:, :2], xp.maximum(state[:, 2:], np.float32(1e-30)))
            return -xp.max(-bounds[:, 0]), xp.max(bounds[:, 1]), -xp.max(-state[:, 2])
        state = state[site]
        bounds = divide(xp, state[:2], xp.maximum(state[2], np.float32(1e-30)))
        return bounds[0], bounds[1], state[2]

    def set_range(self, site: int, lo: float, hi: float) -> None:
        """Sets the range as if it had been observed."""
        state = np.array(ops.convert_to_numpy(self.range))
        state[site] = lo, hi, 1.0
        self.range.assign(state)

    def has_seen_data(self, site: int) -> bool:
        """Whether the range of that site has seen data; on JAX, True while a trace hides the variable."""
        state = concrete_value(self.range)
        return state is None or bool(np.all(state[slice(None) if self.one_range else site, 2] > 0))

    def require_range(self, site: int) -> None:
        """Raises TfqError, naming the layers, unless every range this output depends on has seen data."""
        layer, site = self.owner(site)
        if not layer.has_range:
            return
        members = layer.links.groups.get(site, [(layer, site)])
        unseen = [member.name for member, k in members if not member.has_seen_data(k)]
        if unseen:
            raise TfqError(
                f"layer {', '.join(map(repr, unseen))}: the range of its output has seen no data, so it has no scale; "
                "call tfq.calibrate(model, data) or train with fit first"
            )

    def group(self, site: int) -> list[tuple[QuantizedLayer, int]]:
        """The outputs that share this range, itself included."""
        site = self.member(site)
        return self.links.groups.setdefault(site, [(self, site)])

    # Training.
    def observe_batch(self, lo: Any, hi: Any, site: int) -> Any:
        """Moves the running range towards a batch's, unless the schedule froze it; returns the site's new state [3]."""
        seen = ops.stop_gradient(ops.stack([ops.cast(lo, "float32"), ops.cast(hi, "float32"), np.float32(1)]))
        rate: Any = np.float32(1.0 - self.recipe.ema_decay)
        if self.scheduled:
            rate = rate * self.control[OBSERVE]
        if self.sites > 1:
            rate = rate * np.eye(self.sites, dtype=np.float32)[:, site, None]
        state = ops.convert_to_tensor(self.range)
        state = state + (seen - state) * rate
        self.range.assign(state)
        return state[site]

    def running_range(self, state: Any, site: int) -> tuple[Any, Any]:
        """(lo, hi) to train with: this output's, joined with those that share its range."""
        debiased = state[:2] / ops.maximum(state[2], np.float32(1e-30))
        lo, hi = debiased[0], debiased[1]
        if self.one_range:
            lo, hi = self._joined_range(site)
        for member, k in self.group(site):
            if (member, k) != (self, self.member(site)):
                other_lo, other_hi, _ = member.observed_range(arrays, k)
                lo, hi = ops.minimum(lo, other_lo), ops.maximum(hi, other_hi)
        return lo, hi

    def _joined_range(self, site: int) -> tuple[Any, Any]:
        """(lo, hi) of all calls as far as they have seen data, in training."""
        state = ops.convert_to_tensor(self.range)
        bounds = state[:, :2] / ops.maximum(state[:, 2:], np.float32(1e-30))
        return ops.min(bounds[:, 0]), ops.max(bounds[:, 1])

    def switch(self, position: int, on: Callable[[], Any], off: Callable[[], Any]) -> Any:
        """What the schedule says. A model that no schedule has touched pays for no condition in its graph."""
        if not self.scheduled:
            return on()
        return ops.cond(self.control[position] > 0, on, off)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("dtype", None)
        return {
            **config,
            "recipe": self.recipe.to_dict(),
            "sites": self.sites,
            "bits": self.bits,
            "symmetric": self.symmetric,
            "one_range": self.one_range,
            "scheduled": self.scheduled,
        }

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> keras.KerasTensor:
        # No trace of `call`: building a graph must not ask for ranges.
        return keras.KerasTensor(self.compute_output_shape(*(_shape_of(a) for a in args)), dtype="float32")


def producer_of(x: keras.KerasTensor) -> tuple[Any, int]:
    """(the layer that made a tensor, the site of that call)."""
    operation, node_index, _ = x._keras_history
    if isinstance(operation, QuantizedLayer):
        site = operation._inbound_nodes[node_index].arguments.kwargs.get("site", 0)
        return operation, site
    return operation, 0


def _shape_of(value: Any) -> Any:
    return keras.tree.map_structure(lambda t: tuple(t.shape), value)
