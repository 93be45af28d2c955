"""The blocked floating-point products against the naive definition in int64, element by element."""

import numpy as np
import pytest

from tfq.numerics import accumulate, in_order
from tfq.numerics.geometry import Window


def naive(x, border, w, window, groups=1):
    """sum x * w in int64. x: [N, H, W, C]; w: [O, kh, kw, C / groups]."""
    oh, ow = window.output_size(*x.shape[1:3])
    top, bottom, left, right = window.pads(*x.shape[1:3])
    padded = np.pad(x.astype(np.int64), ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=border)
    out = np.zeros((len(x), oh, ow, w.shape[0]), np.int64)
    for i in range(oh):
        for j in range(ow):
            rows = i * window.stride[0] + np.arange(window.kernel[0]) * window.dilation[0]
            columns = j * window.stride[1] + np.arange(window.kernel[1]) * window.dilation[1]
            seen = padded[:, rows][:, :, columns]
            for o in range(w.shape[0]):
                group = o // (w.shape[0] // groups)
                part = seen[..., group * w.shape[3] : (group + 1) * w.shape[3]]
                out[:, i, j, o] = np.sum(part * w[o].astype(np.int64), axis=(1, 2, 3))
    return out


def codes(rng, shape, extreme=False):
    if extreme:
        return np.where(rng.integers(0, 2, shape), np.int8(127), np.int8(-128)).astype(np.int8)
    return rng.integers(-128, 128, shape).astype(np.int8)


WINDOWS = (
    Window((1, 1)),
    Window((1, 1), (2, 2), (1, 1), "SAME"),
    Window((3, 3), (1, 1), (1, 1), "SAME"),
    Window((3, 3), (2, 2), (1, 1), "SAME"),
    Window((2, 3), (1, 2), (1, 1), "VALID"),
    Window((3, 2), (2, 1), (2, 3), "SAME"),
    Window((4, 5), (3, 3), (1, 2), "VALID"),
    Window((5, 4), (1, 1), (1, 1), "SAME"),
)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize(("groups", "depth", "per_group"), [(1, 3, 5), (1, 1, 4), (2, 4, 3), (3, 2, 1)])
def test_conv_2d(window, groups, depth, per_group):
    rng = np.random.default_rng(0)
    x = codes(rng, (3, 11, 12, groups * depth))
    w = codes(rng, (groups * per_group, *window.kernel, depth))
    weights = accumulate.prepare_conv(w, groups)
    expected = naive(x, -77, w, window, groups)
    got = accumulate.whole(accumulate.conv_2d(x, -77, weights, window), expected.size // len(w), weights)
    assert np.array_equal(got.reshape(expected.shape), expected)
    assert np.array_equal(weights.sums, w.astype(np.int64).sum(axis=(1, 2, 3)))


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize(("depth", "multiplier", "width"), [(5, 1, None), (3, 2, None), (1, 4, None), (4, 1, 7)])
def test_depthwise_conv_2d(window, depth, multiplier, width):
    """width: of the output that the weights were prepared for, where it is not the one that comes."""
    rng = np.random.default_rng(0)
    x = codes(rng, (3, 11, 12, depth))
    w = codes(rng, (1, *window.kernel, depth * multiplier))
    weights = accumulate.prepare_depthwise(w, width or window.output_size(11, 12)[1])
    expected = naive(x, 99, w[0].transpose(2, 0, 1)[..., None], window, groups=depth)
    got = accumulate.whole(accumulate.depthwise_conv_2d(x, 99, weights, window), expected[..., 0].size, weights)
    assert np.array_equal(got.reshape(expected.shape), expected)
    assert np.array_equal(weights.sums, w.astype(np.int64).sum(axis=(0, 1, 2)))


@pytest.mark.parametrize("shape", [(1, 1), (4, 7), (700, 130), (3000, 33)])
def test_dense(shape):
    rng = np.random.default_rng(0)
    x, w = codes(rng, shape), codes(rng, (9, shape[1]))
    weights = accumulate.prepare_dense(w)
    got = accumulate.whole(accumulate.dense(x, weights), len(x), weights)
    assert np.array_equal(got, x.astype(np.int64) @ w.astype(np.int64).T)


# Images that do not fit into one block: several bands of one image, several images a block with a rest.
LARGE = (
    ((1, 45, 35, 16), Window((3, 3), (1, 1), (1, 1), "SAME")),
    ((3, 45, 35, 16), Window((3, 3), (2, 2), (1, 1), "SAME")),
    ((7, 8, 9, 24), Window((2, 3), (1, 1), (2, 1), "SAME")),
    ((2, 3, 1000, 8), Window((2, 2), (1, 1), (1, 1), "SAME")),
)


@pytest.mark.parametrize(("shape", "window"), LARGE, ids=str)
def test_blocks_join_without_a_seam(shape, window, monkeypatch):
    monkeypatch.setattr(accumulate, "_BLOCK", 2**12)
    monkeypatch.setattr(accumulate, "_GATHERED", 2**14)
    rng = np.random.default_rng(0)
    x, w = codes(rng, shape), codes(rng, (6, *window.kernel, shape[3]))
    oh, ow = window.output_size(*shape[1:3])
    weights = accumulate.prepare_conv(w)
    got = accumulate.whole(accumulate.conv_2d(x, 5, weights, window), shape[0] * oh * ow, weights)
    assert sum(1 for _ in accumulate.conv_2d(x, 5, weights, window)) > 1

    deep = codes(rng, (1, *window.kernel, shape[3]))
    taps = accumulate.prepare_depthwise(deep, ow)
    channelwise = accumulate.whole(accumulate.depthwise_conv_2d(x, 5, taps, window), shape[0] * oh * ow, taps)
    assert sum(1 for _ in accumulate.depthwise_conv_2d(x, 5, taps, window)) > 1

    # a product in float64 over the whole padded image, tap by tap, as the reference: exact to 2**53
    top, bottom, left, right = window.pads(*shape[1:3])
    padded = np.pad(x.astype(np.float64), ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=5)
    full, single = np.zeros((shape[0], oh, ow, 6)), np.zeros((shape[0], oh, ow, shape[3]))
    for i in range(window.kernel[0]):
        for j in range(window.kernel[1]):
            seen = padded[:, i * window.dilation[0] :, j * window.dilation[1] :]
            seen = seen[:, : (oh - 1) * window.stride[0] + 1, : (ow - 1) * window.stride[1] + 1]
            seen = seen[:, :: window.stride[0], :: window.stride[1]]
            full += seen @ w[:, i, j].T.astype(np.float64)
            single += seen * deep[0, i, j]
    assert np.array_equal(got.reshape(full.shape), full)
    assert np.array_equal(channelwise.reshape(single.shape), single)


def test_float32_up_to_the_bound_and_float64_beyond():
    """The bound is tight: all codes -128, all weights of the sign that adds up."""
    for k, dtype in ((1024, np.float32), (1025, np.float64)):
        w = np.full((1, k), -128, np.int8)
        w[0, 0] = -127
        weights = accumulate.prepare_dense(w)
        assert weights.matrix.dtype == dtype
        x = np.full((2, k), -128, np.int8)
        assert weights.bounds[0] == 128 * (128 * k - 1)
        assert accumulate.whole(accumulate.dense(x, weights), 2, weights)[0, 0] == 128 * (128 * k - 1)


def test_extreme_codes_and_weights_are_exact():
    rng = np.random.default_rng(0)
    window = Window((3, 3), padding="SAME")
    x, w = codes(rng, (2, 6, 6, 100), extreme=True), codes(rng, (4, 3, 3, 100), extreme=True)
    weights = accumulate.prepare_conv(w)
    got = accumulate.whole(accumulate.conv_2d(x, -128, weights, window), 72, weights)
    assert np.array_equal(got.reshape(2, 6, 6, 4), naive(x, -128, w, window))


def test_wider_codes_have_a_wider_bound():
    w = np.ones((1, 600), np.int8)
    assert accumulate.prepare_dense(w, "int8").matrix.dtype == np.float32
    assert accumulate.prepare_dense(w, "int16").matrix.dtype == np.float64


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
def test_other_codes(dtype):
    """uint8 with weights around their zero point, int16: both may need float64."""
    rng, info = np.random.default_rng(0), np.iinfo(dtype)
    x = rng.integers(info.min, info.max, (2, 6, 5, 40), dtype=dtype, endpoint=True)
    w = rng.integers(-255, 256, (3, 3, 3, 40))
    window, name = WINDOWS[2], np.dtype(dtype).name
    weights = accumulate.prepare_conv(w, codes=name)
    assert (weights.matrix.dtype == np.float64) == (dtype is np.int16)
    got = accumulate.whole(accumulate.conv_2d(x, 7, weights, window), 60, weights)
    assert np.array_equal(got.reshape(2, 6, 5, 3), naive(x, 7, w, window))


def one_by_one(a, b, start, fused):
    """start + sum of a * b in float32, element by element: the definition of in_order.py, in plain Python."""
    total = np.float32(start)
    for x, y in zip(a.reshape(-1), b.reshape(-1), strict=True):
        total = np.float32(float(total) + float(x) * float(y)) if fused else total + x * y
    return total


@pytest.mark.parametrize(("product", "fused"), [(in_order.ROUNDED, False), (in_order.FUSED, True)])
@pytest.mark.parametrize("shape", [(3, 20, 9), (30, 17, 2), (1, 1, 1), (200, 3, 400)])
def test_products_in_order(shape, product, fused):
    m, k, n = shape
    rng = np.random.default_rng(0)
    a, b, out = (rng.normal(size=s).astype(np.float32) for s in ((m, k), (k, n), (m, n)))
    start = out.copy()
    product.matrix(a, b, out=out)
    for i, j in rng.integers(0, (m, n), (50, 2)):
        assert out[i, j] == one_by_one(a[i], b[:, j], start[i, j], fused)


@pytest.mark.parametrize("product", [in_order.ROUNDED, in_order.FUSED, in_order.FUSED_COLUMNS_FIRST])
def test_taps_in_order(product):
    rng = np.random.default_rng(0)
    view, kernel, out = (rng.normal(size=s).astype(np.float32) for s in ((2, 3, 1, 2, 3, 5), (2, 3, 5), (2, 3, 1, 5)))
    start = out.copy()
    product.taps(view, kernel, out=out)
    turned = product is in_order.FUSED_COLUMNS_FIRST
    for place in np.ndindex(out.shape):
        a, b = view[place[:3]][..., place[3]], kernel[..., place[3]]
        expected = one_by_one(a.T if turned else a, b.T if turned else b, start[place], product is not in_order.ROUNDED)
        assert out[place] == expected
