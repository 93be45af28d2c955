"""Damaged models end in a TfqError, or run; a longer run by hand: python -m tests.interpreter.fuzz --help."""

import random
import time
import warnings

import pytest

from tests.interpreter import fuzz

MUTANTS, SECONDS = 120, 10.0


@pytest.fixture(scope="module")
def models():
    return fuzz.bases()


@pytest.mark.parametrize("numerics", ["litert", "xnnpack", "tflm"])
@pytest.mark.parametrize("seed", [1])
def test_mutants(models, seed, numerics):
    rng = random.Random(seed)
    outcomes = []
    for number in range(MUTANTS):
        raw = fuzz.mutant(rng, rng.choice(models))
        begin = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                outcomes.append(fuzz.attempt(raw, numerics))
        except Exception as error:
            pytest.fail(f"mutant {number} of seed {seed} under {numerics}: {type(error).__name__}: {error}")
        assert time.process_time() - begin < SECONDS, number
    assert {"runs", "refused"} <= set(outcomes)


def test_the_models_themselves_run(models):
    assert {fuzz.attempt(raw, "litert") for raw in models} <= {"runs", "refused"}
    assert sum(fuzz.attempt(raw, "litert") == "runs" for raw in models) > len(models) / 2
