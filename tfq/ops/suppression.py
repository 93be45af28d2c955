"""What NON_MAX_SUPPRESSION_V4 and _V5 share: boxes chosen by score, without those that overlap chosen ones too much.

    overlap = i / (area + other area - i), i: the intersection; 0 where an area is 0      each operation in float32
A box is left out where an overlap reaches the threshold; with sigma > 0 its score becomes score * exp(-0.5 / sigma *
overlap * overlap) and it queues up again. A chosen box queues up again too, and meets itself. The queue is the heap of
C++'s standard library, whose order of equal scores shows. exp is float64's cut to float32, so that a score may differ
from the runtime's in its last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node
from tfq.ops.movement import operand, require_output, require_room, require_type, taken_type

TYPES = {LITERT: ("FLOAT32",), XNNPACK: ("FLOAT32",), TFLM: ()}
SOURCE = (
    "google-ai-edge/LiteRT tflite/kernels/non_max_suppression.cc, internal/reference/non_max_suppression.h; "
    "the heap: gcc-mirror/gcc libstdc++-v3/include/bits/stl_heap.h __adjust_heap"
)


class Candidate(NamedTuple):
    """box: its number. compared: how many chosen boxes it has met."""

    box: int
    score: np.float32
    compared: int


@dataclass(frozen=True, eq=False)
class Params:
    """size: of the outputs."""

    node: Node
    size: int


def prepare(node: Node, profile: Profile, operands: int, scores: bool) -> Params:
    """The outputs' size. Raises Unsupported for types and shapes. scores: whether the second output holds them."""
    boxes = taken_type(node, profile, TYPES)
    require_type(node, 2, "INT32")
    shapes = [given(node, i).shape for i in range(operands)]
    if len(boxes.shape) != 2 or boxes.shape[1] != 4 or shapes[1] != boxes.shape[:1] or any(shapes[2:]):
        raise node.unsupported(f"boxes [n, 4], scores [n] and numbers are needed, received {[list(s) for s in shapes]}")
    for position in (1, *range(3, operands)):
        require_type(node, position, "FLOAT32")
    if len(node.inputs) != operands or len(node.outputs) != 2 + scores:
        raise node.unsupported(f"{operands} inputs and {2 + scores} outputs are needed")
    kinds = ("INT32", "FLOAT32", "INT32") if scores else ("INT32", "INT32")
    for position, kind in enumerate(kinds):
        require_output(node, position, kind)
    size = operand(node, 2, "the outputs' size", 1)[0]
    require_room(node, [size])
    return Params(node, size)


def choose(boxes, scores, size: int, overlap: np.float32, least: np.float32, sigma: float) -> list[Candidate]:
    """The chosen boxes, in order, `size` at most."""
    heap: list[Candidate] = []
    for index, score in enumerate(scores):
        if score > least:
            push(heap, Candidate(index, score, 0))
    chosen: list[Candidate] = []
    wanted = min(len(heap), size)
    scale = np.float32(-0.5 / sigma) if sigma > 0 else np.float32(0)
    with np.errstate(all="ignore"):
        while len(chosen) < wanted and heap:
            candidate = pop(heap)
            score, suppressed = _meet(boxes, candidate, chosen, overlap, least, scale)
            if suppressed:
                continue
            met = len(chosen)
            if score == candidate.score:
                chosen.append(candidate)
            if score > least:
                push(heap, Candidate(candidate.box, score, met))
    return chosen


def _meet(boxes, candidate: Candidate, chosen: list[Candidate], overlap, least, scale) -> tuple[np.float32, bool]:
    """The candidate's score after it has met the chosen boxes that it has not met before, and whether it is out."""
    score = candidate.score
    for other in reversed(chosen[candidate.compared :]):
        shared = intersection_over_union(boxes[candidate.box], boxes[other.box])
        if shared >= overlap:
            return score, True
        if scale:
            score = score * np.float32(np.exp(np.float64(scale * shared * shared)))
        if score <= least:
            break
    return score, False


def intersection_over_union(a: np.ndarray, b: np.ndarray) -> np.float32:
    """a, b: float32 [y1, x1, y2, x2], any two opposite corners."""
    low = np.stack([np.minimum(box[:2], box[2:]) for box in (a, b)])
    high = np.stack([np.maximum(box[:2], box[2:]) for box in (a, b)])
    areas = (high - low).prod(axis=1, dtype=np.float32)
    if (areas <= 0).any():
        return np.float32(0)
    sides = np.maximum(high.min(axis=0) - low.max(axis=0), np.float32(0))
    shared = sides[0] * sides[1]
    return shared / (areas[0] + areas[1] - shared)


def push(heap: list[Candidate], item: Candidate) -> None:
    """std::push_heap: up as long as the parent's score is lower."""
    heap.append(item)
    _up(heap, len(heap) - 1)


def _up(heap: list[Candidate], place: int) -> None:
    item = heap[place]
    while place and heap[(place - 1) // 2].score < item.score:
        heap[place] = heap[(place - 1) // 2]
        place = (place - 1) // 2
    heap[place] = item


def pop(heap: list[Candidate]) -> Candidate:
    """std::pop_heap: the larger child moves up until the hole is a leaf, where the last item goes and moves up."""
    top, last = heap[0], heap.pop()
    if not heap:
        return top
    hole = 0
    while 2 * hole + 1 < len(heap):
        child = larger_child(heap, 2 * hole + 1)
        heap[hole] = heap[child]
        hole = child
    heap[hole] = last
    _up(heap, hole)
    return top


def larger_child(heap: list[Candidate], left: int) -> int:
    """The right one of equal children."""
    right = left + 1
    return right if right < len(heap) and not heap[right].score < heap[left].score else left
