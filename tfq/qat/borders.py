"""Borders: a QUANTIZE between the layer that makes a tensor and one that wants it on another grid."""

from __future__ import annotations

from typing import Any

from tfq.qat.base import producer_of
from tfq.qat.capture import Value
from tfq.qat.elementwise import QuantizedInput, Requantize
from tfq.qat.part import Part, uses_of
from tfq.qat.plan import Plan, free_name
from tfq.qat.widths import SAME_GRID


class Borders:
    """Puts tensors on the grids that their readers want. taken: names of layers, added to."""

    def __init__(self, planned: Plan, taken: set[str]) -> None:
        self.recipe = planned.recipe
        self.taken = taken
        self.uses = uses_of(planned.parts, planned.graph.outputs)
        self.entries: dict[tuple[Any, int], Any] = {}  # (tensor, bits) -> it, quantized
        self.makers: dict[Value, Part] = {part.output: part for part in planned.parts}

    def quantized(self, x: Any, bits: int) -> Any:
        """x, quantized to that many bits if a left-out layer made it; once for all readers of a width."""
        layer = x._keras_history.operation
        if not getattr(layer, "is_float", False):
            return x
        if (x, bits) not in self.entries:
            name = free_name(f"{layer.name}_quantized", self.taken)
            self.entries[x, bits] = QuantizedInput(recipe=self.recipe, bits=bits, name=name)(x)
        return self.entries[x, bits]

    def shareable(self, x: Any, value: Value, bits: int, name: str) -> Any:
        """x, requantized unless its range may be joined with others: it has one of its own that nothing else reads."""
        owner, site = producer_of(x)[0].owner(producer_of(x)[1])
        free = owner.has_range and owner.symmetric == (bits > 8) and owner.bits == bits and len(owner.group(site)) == 1
        return x if free and self._read_once(value) else self.requantized(x, bits, False, name)

    def symmetric(self, x: Any, name: str) -> Any:
        """x on a grid with zero point 0: its maker's, if nothing has read that yet, else requantized."""
        layer, site = producer_of(x)
        owner, site = layer.owner(site)
        free = owner.has_range and owner.sites == 1 and len(owner.group(site)) == 1
        if free and not owner.symmetric and _read_by_nothing_else(layer, owner):
            owner.symmetric = True
        return x if owner.symmetric else self.requantized(x, owner.bits, True, name)

    def of_width(self, x: Any, bits: int, name: str) -> Any:
        """x in integers of that many bits; once for all readers of a width."""
        layer, site = producer_of(x)
        owner, _ = layer.owner(site)
        if owner.bits == bits:
            return x
        if (x, bits) not in self.entries:
            self.entries[x, bits] = self.requantized(x, bits, False, name)
        return self.entries[x, bits]

    def requantized(self, x: Any, bits: int, symmetric: bool, name: str) -> Any:
        """x on a grid of its own."""
        layer = Requantize(recipe=self.recipe, bits=bits, symmetric=symmetric, name=free_name(name, self.taken))
        return layer(x)

    def _read_once(self, value: Value) -> bool:
        """Whether one part alone reads the value, and what lies on the same grid before it."""
        while self.uses[value] == 1:
            maker = self.makers.get(value)
            if maker is None or maker.kind not in SAME_GRID:
                return True
            value = maker.inputs[0]
        return False


def grid_of(x: Any) -> tuple[Any, int]:
    """The (layer, site) whose range a tensor lies on."""
    layer, site = producer_of(x)
    return layer.owner(site)


def _read_by_nothing_else(layer: Any, owner: Any) -> bool:
    """Whether nothing reads the layer's output yet, and nothing else what its owner of the grid makes."""
    readers = 0
    while layer is not owner:
        if len(layer._outbound_nodes) > readers:
            return False
        layer, readers = layer.links.sources[0][0][0], 1
    return len(layer._outbound_nodes) <= readers
