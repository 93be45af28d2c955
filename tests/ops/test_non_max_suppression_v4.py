"""NON_MAX_SUPPRESSION_V4 against LiteRT: thresholds, equal scores, boxes without area."""

import numpy as np
import pytest

from tests.ops.harness import Case
from tests.ops.movers import LITERT_KERNELS, check_alone, refuses, tensor, values
from tfq.ops import suppression


def case(size, overlap=0.5, least=0.0, sigma=None, boxes=40):
    inputs = [tensor("boxes", (boxes, 4), "FLOAT32"), tensor("scores", (boxes,), "FLOAT32"), values("size", size)]
    inputs += [values("overlap", overlap, "FLOAT32"), values("least", least, "FLOAT32")]
    outputs = [tensor("i", (max(0, size),), "INT32"), tensor("n", (), "INT32")]
    if sigma is not None:
        inputs.append(values("sigma", sigma, "FLOAT32"))
        outputs.insert(1, tensor("s", (max(0, size),), "FLOAT32"))
    code = "NON_MAX_SUPPRESSION_V4" if sigma is None else "NON_MAX_SUPPRESSION_V5"
    return Case("boxes", code, tuple(inputs), tuple(outputs))


def boxes_of(seed, count=40):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 1, (count, 2))
    return np.concatenate([corners, corners + rng.uniform(-0.3, 0.3, (count, 2))], axis=1).astype(np.float32)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("size", [0, 1, 10, 50])
@pytest.mark.parametrize("overlap, least", [(0.5, 0.0), (0.0, 0.3), (1.5, 0.6), (0.1, -1.0)])
def test_thresholds(overlap, least, size, numerics):
    for seed in range(2):
        scores = np.random.default_rng(seed).uniform(0, 1, 40).astype(np.float32)
        check_alone(case(size, overlap, least), numerics, [boxes_of(seed), scores])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("levels", [1, 2, 5])
def test_equal_scores(levels, numerics):
    for seed in range(4):
        scores = (np.random.default_rng(seed).integers(0, levels, 40) + 1).astype(np.float32)
        check_alone(case(30, 0.4), numerics, [boxes_of(seed), scores])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_boxes_without_area_are_chosen_again_and_again(numerics):
    boxes = np.zeros((40, 4), np.float32)
    check_alone(case(10), numerics, [boxes, np.linspace(1, 2, 40, dtype=np.float32)])


def test_heap_keeps_order():
    heap: list = []
    scores = np.random.default_rng(0).integers(0, 9, 50).astype(np.float32)
    for index, score in enumerate(scores):
        suppression.push(heap, suppression.Candidate(index, score, 0))
    assert [suppression.pop(heap).score for _ in scores] == sorted(scores, reverse=True)


def test_refuses():
    refuses(case(-1), "litert")
    refuses(case(3), "tflm")
    one = case(3)
    boxes = (tensor("boxes", (40, 3), "FLOAT32"), *one.inputs[1:])
    refuses(Case("boxes", one.code, boxes, one.outputs), "litert")
