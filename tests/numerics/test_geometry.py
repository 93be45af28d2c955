"""Window sizes and padding against enumeration of the positions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.errors import TfqError
from tfq.numerics.geometry import Window, window_of

SIZES = st.integers(1, 40)
SMALL = st.integers(1, 6)


@given(SIZES, SMALL, SMALL, SMALL)
def test_valid_counts_the_positions_that_fit(size, kernel, stride, dilation):
    window = Window((kernel, 1), (stride, 1), (dilation, 1), "VALID")
    extent = (kernel - 1) * dilation + 1
    positions = len(range(0, size - extent + 1, stride))
    if not positions:
        with pytest.raises(TfqError, match="does not fit"):
            window.output_size(size, 1)
        return
    assert window.output_size(size, 1) == (positions, 1)
    assert window.pads(size, 1) == (0, 0, 0, 0)


@given(SIZES, SMALL, SMALL, SMALL)
def test_same_has_a_position_for_each_stride_and_pads_what_is_missing(size, kernel, stride, dilation):
    window = Window((1, kernel), (1, stride), (1, dilation), "SAME")
    _, out = window.output_size(1, size)
    assert out == len(range(0, size, stride))
    _, _, left, right = window.pads(1, size)
    reach = (out - 1) * stride + (kernel - 1) * dilation + 1
    assert left + right == max(0, reach - size)
    assert right - left in (0, 1)


# (size, kernel, stride, dilation) -> (output, before, after), worked by hand
SAME = (
    ((7, 3, 1, 1), (7, 1, 1)),
    ((7, 3, 2, 1), (4, 1, 1)),
    ((8, 3, 2, 1), (4, 0, 1)),
    ((8, 4, 1, 1), (8, 1, 2)),
    ((5, 1, 3, 1), (2, 0, 0)),
    ((9, 3, 1, 4), (9, 4, 4)),
    ((2, 5, 1, 1), (2, 2, 2)),
)


@pytest.mark.parametrize(("given_", "expected"), SAME)
def test_same_by_hand(given_, expected):
    size, kernel, stride, dilation = given_
    window = Window((kernel, kernel), (stride, stride), (dilation, dilation), "SAME")
    out, before, after = expected
    assert window.output_size(size, size) == (out, out)
    assert window.pads(size, size) == (before, after, before, after)


def test_options_of_a_convolution_and_of_a_pool():
    conv = {"padding": "SAME", "stride_h": 2, "stride_w": 1, "dilation_h_factor": 3, "dilation_w_factor": 4}
    assert window_of(conv, (5, 6)) == Window((5, 6), (2, 1), (3, 4), "SAME")
    pool = {"padding": "VALID", "stride_h": 2, "stride_w": 3, "filter_height": 4, "filter_width": 5}
    assert window_of(pool, (4, 5)) == Window((4, 5), (2, 3), (1, 1), "VALID")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stride_h": 0}, "at least 1"),
        ({"dilation_w_factor": -1}, "at least 1"),
        ({"padding": "FULL"}, "SAME or VALID"),
    ],
)
def test_bad_options_are_refused(change, message):
    options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
    with pytest.raises(TfqError, match=message):
        window_of(options | change, (3, 3))
