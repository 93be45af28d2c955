"""BATCH_MATMUL against the real runtimes: broadcasting, transposes, zero points, ties, and sums beyond 2**24."""

import numpy as np
import pytest

from tests.ops.elements import check_close
from tests.ops.harness import RUNTIMES, Case, check, model_of, weights
from tests.ops.pairs import operand
from tfq import Unsupported
from tfq.interpreter import Interpreter
from tfq.ops.batch_matmul import product_shape

LITERT_ONLY = ("litert", "xnnpack")
INT8 = ((0.05, 3), (0.03, 0), (0.2, -7))
INT16 = ((1.3e-3, 0), (2.7e-4, 0), (7.1e-3, 0))


def case(
    name, grids=INT8, types=("INT8",) * 3, x=(1, 3, 4), w=(1, 4, 5), adj_x=False, adj_y=False, const=False, **more
):
    """grids: (scale, zero point) of x, w and y."""
    rng = np.random.default_rng(len(name))
    data = rng.integers(-128, 128, w) if const else None
    first, second = operand("x", x, types[0], *grids[0]), operand("w", w, types[1], *grids[1], data)
    y = operand("y", product_shape(x, w, adj_x, adj_y), types[2], *grids[2])
    options = {"adj_x": adj_x, "adj_y": adj_y}
    return Case(name, "BATCH_MATMUL", (first, second), (y,), options, **{"version": 2, **more})


def shapes(name, **more):
    return (
        case(f"{name}, plain", **more),
        case(f"{name}, many matrices", x=(1, 2, 3, 4), w=(1, 2, 4, 5), **more),
        case(f"{name}, both broadcast", x=(1, 2, 1, 3, 4), w=(1, 1, 3, 4, 5), **more),
        case(f"{name}, unlike rank", x=(1, 6, 4), w=(4, 5), const=True, **more),
        case(f"{name}, adj_x", x=(1, 2, 4, 3), w=(1, 2, 4, 5), adj_x=True, **more),
        case(f"{name}, adj_y", x=(1, 2, 3, 4), w=(1, 2, 5, 4), adj_y=True, **more),
        case(f"{name}, adj_x and adj_y", x=(1, 2, 4, 3), w=(1, 1, 5, 4), adj_x=True, adj_y=True, **more),
        case(f"{name}, two axes", x=(3, 4), w=(4, 5), **more),
        case(f"{name}, deep", x=(1, 2, 700), w=(1, 700, 3), **more),
    )


CASES = (
    *shapes("int8"),
    case("int8, constant", const=True),
    case("int8, w's zero point", ((0.05, 3), (0.03, 11), (0.2, -7)), x=(1, 2, 3, 40), w=(1, 2, 40, 5)),
    case("int8, ties", ((0.5, 0), (0.25, 0), (1.0, 0))),
    case("int8, ratio of 256", ((1.0, 0), (256.0, 0), (1.0, 0)), only=("litert", "tflm")),
    case("int8, ties in w's zero point", ((0.5, 0), (0.25, 3), (1.0, 0))),
    case("int8, six axes", x=(1, 2, 1, 2, 3, 4), w=(1, 1, 2, 2, 4, 5), only=("xnnpack",)),
    case("int8 into int32", types=("INT8", "INT8", "INT32"), only=LITERT_ONLY),
    *shapes("int16", grids=INT16, types=("INT16",) * 3),
    case("int16, ties", ((0.5, 0), (0.25, 0), (4096.0, 0)), ("INT16",) * 3),
    case("int16 by int8", INT16, ("INT16", "INT8", "INT16"), only=LITERT_ONLY),
    case("int16 by constant int8", INT16, ("INT16", "INT8", "INT16"), const=True, only=LITERT_ONLY),
)
PER_CHANNEL = tuple(
    Case(
        f"{type} by int8 per channel",
        "BATCH_MATMUL",
        (operand("x", (1, 3, 4), type, 0.1, 0), weights(np.ones((1, 4, 5), np.int8), np.arange(1, 6) / 100, axis=2)),
        (operand("y", (1, 3, 5), type, 0.1, 0),),
        only=LITERT_ONLY,
    )
    for type in ("INT8", "INT16")
)
REALS = shapes("float32", types=("FLOAT32",) * 3)
HYBRID_TYPES = ("FLOAT32", "INT8", "FLOAT32")


def hybrid(name, *, x=(1, 3, 21), w=(21, 5), per_column=False, asymmetric=False, adj_y=False, **more):
    """float32 x by constant int8 w."""
    made = case(name, types=HYBRID_TYPES, x=x, w=w, adj_y=adj_y, const=True, only=LITERT_ONLY, **more)
    columns = len(w) - (2 if adj_y else 1)
    scale = np.arange(1, w[columns] + 1) / 200 if per_column else 0.02
    second = weights(made.inputs[1].data, scale, axis=columns if per_column else 0)
    options = {**made.options, "asymmetric_quantize_inputs": asymmetric}
    return Case(name, made.code, (made.inputs[0], second), made.outputs, options, 2, only=LITERT_ONLY)


HYBRIDS = (
    hybrid("hybrid"),
    hybrid("hybrid, asymmetric", asymmetric=True),
    hybrid("hybrid, per column", per_column=True),
    hybrid("hybrid, adj_y, per column", w=(1, 5, 21), adj_y=True, per_column=True),
    hybrid("hybrid, many matrices", x=(1, 4, 3, 21), w=(1, 4, 21, 5), asymmetric=True),
    hybrid("hybrid, rows of one matrix", x=(1, 4, 3, 21), w=(1, 1, 21, 5)),
    hybrid("hybrid, deep", x=(1, 2, 700), w=(700, 3)),
)
REFUSED = (
    (HYBRIDS[0], ("tflm",)),
    (hybrid("hybrid, two batch axes", x=(2, 4, 3, 21), w=(1, 4, 21, 5)), ("litert",)),
    (case("hybrid, computed", types=HYBRID_TYPES), ("xnnpack",)),
    (case("uint8", ((0.1, 0),) * 3, ("UINT8",) * 3), RUNTIMES),
    (case("int16 by int8", INT16, ("INT16", "INT8", "INT16")), ("tflm",)),
    (case("int8 into int32", types=("INT8", "INT8", "INT32")), ("tflm",)),
    (case("int16 with a zero point", types=("INT16",) * 3), RUNTIMES),
    (PER_CHANNEL[0], ("tflm",)),
    (case("six axes", x=(1, 2, 1, 2, 3, 4), w=(1, 1, 2, 2, 4, 5)), ("litert", "tflm")),
    (case("ratio of 256", ((1.0, 0), (256.0, 0), (1.0, 0))), ("xnnpack",)),
    (case("ratio of 2**30", ((2.0**15, 0), (2.0**15, 0), (1.0, 0))), RUNTIMES),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES + PER_CHANNEL, ids=str)
def test_batch_matmul(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", REALS + HYBRIDS, ids=str)
def test_batch_matmul_of_reals(case, numerics):
    rng = np.random.default_rng(3)
    fed = [tensor for tensor in case.inputs if tensor.data is None]
    inputs = [rng.normal(0, 3, (4 * t.shape[0], *t.shape[1:])).astype(np.float32) for t in fed]
    same = check if numerics in ("litert", "tflm") or case in HYBRIDS else check_close
    same(case, numerics, inputs)


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match="BATCH_MATMUL 'y'"):
        Interpreter(model_of(case), numerics=numerics)


def test_refuses_matrices_that_do_not_meet():
    x, w, y = (operand(name, (1, 3, 4), "INT8", 1, 0) for name in "xwy")
    with pytest.raises(Unsupported, match="BATCH_MATMUL 'y'.*do not meet"):
        Interpreter(model_of(Case("apart", "BATCH_MATMUL", (x, w), (y,))))
