"""Counts, largest distances and first elements, against literal cases."""

import numpy as np
import pytest

from tfq.parity.difference import Difference, Element, difference

INT8, F32 = np.int8, np.float32
ONE_UP = np.nextafter(F32(1), F32(2))

# expected, received, how many differ, largest, unit
CASES = {
    "equal": ([[1, 2]], [[1, 2]], INT8, 0, 0, "LSB"),
    "ends of int8": ([-128, 5], [127, 5], INT8, 1, 255, "LSB"),
    "ends of uint8": ([0, 255], [255, 0], np.uint8, 2, 255, "LSB"),
    "int64": ([2**62], [-(2**62)], np.int64, 1, 2.0**63, "LSB"),
    "bool": ([True, False], [False, False], np.bool_, 1, 1, "LSB"),
    "one ulp": ([1.0], [ONE_UP], F32, 1, 1, "ulp"),
    "around zero": ([-1e-45], [1e-45], F32, 1, 2, "ulp"),
    "signed zero": ([-0.0], [0.0], F32, 1, 0, "ulp"),
    "nan": ([np.nan], [np.nan], F32, 0, 0, "ulp"),
    "empty": ([], [], INT8, 0, 0, "LSB"),
}


@pytest.mark.parametrize("name", CASES)
def test_difference(name):
    expected, received, dtype, different, largest, unit = CASES[name]
    found = difference(np.array(expected, dtype), np.array(received, dtype))
    assert (found.different, found.largest, found.unit) == (different, largest, unit)
    assert (found.first is None) == (different == 0)


def test_the_first_element_and_its_place():
    a = np.zeros((2, 2, 3), INT8)
    b = a.copy()
    b[1, 0, 2] = -4
    assert difference(a, b, sample=10).first == Element(11, (0, 2), 0, -4)


def test_another_shape_or_type_makes_everything_differ():
    found = difference(np.zeros(3, INT8), np.zeros((1, 3), INT8))
    assert (found.compared, found.different, found.first) == (3, 3, None)
    assert found.note == "expected int8 (3,), received int8 (1, 3)"
    assert difference(np.zeros(3, INT8), np.zeros(3, np.uint8)).note


def test_sums():
    a = Difference(10, 1, 3, "LSB", Element(0, (1,), 1, 4))
    b = Difference(5, 2, 9, "ulp", Element(2, (), 0, 1), "shape")
    assert a + b == Difference(15, 3, 9, "ulp", a.first, "shape")
    assert sum([a, b], Difference()) == a + b
