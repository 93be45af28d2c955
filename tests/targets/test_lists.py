"""The documented lists of targets, limit by limit, on ops made by hand; Vela's report; the facts about runtimes."""

import numpy as np
import pytest

from tfq.ops import TABLE
from tfq.targets import edgetpu, ethos_u, parting, tflm
from tfq.targets.verdict import Finding, by_list, from_refusal
from tfq.tflite.model import Model, Operator, Quantization, Subgraph, Tensor

X = (1, 8, 8, 6)


def tensor(name, shape, kind="INT8", data=None, scale=0.5):
    grid = None if kind not in ("INT8", "INT16") else Quantization(np.array([scale], np.float32), np.array([0]))
    return Tensor(name, tuple(shape), kind, grid, None if data is None else np.array(data))


def model(code, out, inputs=(("x", X),), **options):
    """One op. inputs: (name, shape) or (name, shape, type, data); out: shape, or (shape, type)."""
    shape, kind = (out, "INT8") if isinstance(out[0], int) else out
    tensors = [tensor(*given) for given in inputs] + [tensor("y", shape, kind)]
    reads = tuple(range(len(inputs)))
    operator = Operator(code, reads, (len(inputs),), options, 1)
    return Model((Subgraph(tuple(tensors), (operator,), (0,), (len(inputs),), "main"),))


def axes(*values):
    return ("axes", (len(values),), "INT32", np.array(values, np.int32))


def conv(code="CONV_2D", out=X, kernel=(6, 3, 3, 6), **options):
    return model(code, out, (("x", X), ("w", kernel, "INT8", np.ones(kernel, np.int8))), **options)


def pool(code, **options):
    return model(code, X, **{"fused_activation_function": "NONE", "padding": "SAME", **options})


# name -> (model, words of the Edge TPU's reason, words of the Ethos-U's); empty: it takes the op
CASES = {
    "conv": (conv(), "", ""),
    "uneven dilation": (conv(dilation_h_factor=2, dilation_w_factor=1), "same along both axes", ""),
    "long stride": (conv(stride_h=4, stride_w=4, padding="SAME"), "", "strides above 3"),
    "long stride, valid": (conv(stride_h=4, stride_w=4, padding="VALID"), "", ""),
    "depthwise stride": (conv("DEPTHWISE_CONV_2D", stride_h=4, stride_w=4), "", "strides must be 1 to 3"),
    "int4": (model("CONV_2D", X, (("x", X), ("w", (6, 1, 1, 6), "INT4", np.ones(36, np.int8)))), "", "of 8 bits"),
    "int16": (model("CONV_2D", (X, "INT16"), (("x", X, "INT16"),)), "of 8 bits", ""),
    "float": (model("CONV_2D", (X, "FLOAT32"), (("x", X, "FLOAT32"),)), "of 8 bits", "must be integers"),
    "gather": (model("GATHER", X), "not on its list", "not on its list"),
    "average": (pool("AVERAGE_POOL_2D", filter_height=2, filter_width=2), "", ""),
    "average and relu": (pool("AVERAGE_POOL_2D", fused_activation_function="RELU"), "no fused activation", ""),
    "wide average": (pool("AVERAGE_POOL_2D", filter_height=9, filter_width=9), "", "SAME padding"),
    "tall maximum": (pool("MAX_POOL_2D", filter_height=300, filter_width=1, padding="VALID"), "", "height of 256"),
    "rows of dense": (model("FULLY_CONNECTED", (1, 4, 3)), "one-dimensional", ""),
    "softmax": (model("SOFTMAX", (1, 10), (("x", (1, 10)),)), "", ""),
    "softmax of rows": (model("SOFTMAX", (1, 4, 10), (("x", (1, 4, 10)),)), "one row", ""),
    "softmax of many": (model("SOFTMAX", (1, 20_000), (("x", (1, 20_000)),)), "16,000", ""),
    "mean": (model("MEAN", (1, 6), (("x", X), axes(1, 2))), "", ""),
    "mean of channels": (model("MEAN", (1, 8, 8), (("x", X), axes(3))), "multiple of 4", "over the depth only"),
    "mean of the batch": (model("MEAN", (8, 8, 6), (("x", X), axes(0))), "not along the batch", ""),
    "pad": (model("PAD", (1, 10, 8, 6), (("x", X), axes(0, 0, 1, 1, 0, 0, 0, 0))), "", ""),
    "pad of the batch": (model("PAD", (2, 8, 6), (("x", (1, 8, 6)), axes(1, 0, 0, 0, 0, 0))), "the batch", ""),
    "slices with steps": (
        model("STRIDED_SLICE", X, (("x", X), axes(0, 0), axes(8, 8), axes(1, 2))),
        "strides must be 1",
        "",
    ),
    "five axes": (model("ADD", (1, 2, 8, 8, 6), (("a", (1, 2, 8, 8, 6)), ("b", X))), "innermost", ""),
    "twice as large": (model("RESIZE_BILINEAR", (1, 16, 16, 6), half_pixel_centers=True), "", ""),
    "three times": (model("RESIZE_BILINEAR", (1, 24, 24, 6), half_pixel_centers=True), "", "must grow alike"),
    "four times, half": (model("RESIZE_BILINEAR", (1, 32, 32, 6), half_pixel_centers=True), "", "must grow alike"),
    "nearest": (model("RESIZE_NEAREST_NEIGHBOR", (1, 32, 32, 6)), "", ""),
    "maximum": (model("MAXIMUM", X, (("a", X), ("b", X))), "", ""),
    "maximum of two grids": (model("MAXIMUM", X, (("a", X), ("b", X, "INT8", None, 0.25))), "", "the same scale"),
    "prelu": (model("PRELU", X, (("x", X), ("alpha", (8, 8, 6), "INT8", np.ones((8, 8, 6), np.int8)))), "alpha", ""),
}


@pytest.mark.parametrize(("file", "edge", "ethos"), CASES.values(), ids=CASES)
def test_limits(file, edge, ethos):
    for words, verdict in ((edge, edgetpu.ask(file, b"")), (ethos, by_ethos_list(file))):
        reasons = [finding.reason for finding in verdict.refused]
        assert bool(words) == bool(reasons), reasons
        assert not words or words in reasons[0], reasons


def by_ethos_list(file):
    kept, ethos_u.vela = ethos_u.vela, lambda: None
    try:
        return ethos_u.ask(file, b"")
    finally:
        ethos_u.vela = kept


def test_the_edge_tpu_stops_at_the_first():
    tensors = [tensor(name, X) for name in "abcd"]
    operators = [Operator(code, (i,), (i + 1,), {}, 1) for i, code in enumerate(("RELU", "GATHER", "RELU"))]
    file = Model((Subgraph(tuple(tensors), tuple(operators), (0,), (3,), "main"),))
    verdict = edgetpu.ask(file, b"")
    assert [finding.op for finding in verdict.refused] == [1]
    assert verdict.remarks[0].reason.endswith("1 op stands behind it and run on the CPU too")


def test_lists_name_ops_that_exist():
    assert not set(edgetpu.OPS) - set(TABLE) and not set(ethos_u.OPS) - set(TABLE) - {"REVERSE_V2"}
    unknown = sorted(tflm.OPS - set(TABLE))
    assert len(unknown) < len(tflm.OPS) // 5, unknown


REPORT = """
Tensor 'x' has a dynamic signature in axis 0. Setting shape axis 0 to 1 and proceeding.

Warning (supported operators) operator: GATHER, ofm: 'y'
Reason: Unsupported opType

Warning (supported operators) operator: CONV_2D, ofm: 'lost'
Reason: Stride>3 is only supported
  IF dilation = 1

CPU operators = 2 (50.0%)
"""


def test_vela_report():
    assert ethos_u.parsed(REPORT, model("GATHER", X)) == [
        Finding(-1, "CONV_2D", "lost", "runs on the CPU: Stride>3 is only supported IF dilation = 1"),
        Finding(0, "GATHER", "y", "runs on the CPU: Unsupported opType"),
    ]


def test_refusals_of_the_interpreter_are_taken_apart():
    text = "cannot run this file under 'tflm': op 2 GELU 'a/b': no kernel; of int8; op 11 POW 'c': none"
    assert from_refusal(text) == [Finding(2, "GELU", "a/b", "no kernel; of int8"), Finding(11, "POW", "c", "none")]
    assert from_refusal("another error") == [Finding(-1, "", "", "another error")]


FACTS = {
    "long rows": (model("SOFTMAX", (1, 512), (("x", (1, 512)),)), [True, False]),
    "short rows": (model("SOFTMAX", (1, 511), (("x", (1, 511)),)), [False]),
    "sum": (model("SUM", (1, 6), (("x", X), axes(1, 2))), [True]),
    "mean": (model("MEAN", (1, 6), (("x", X), axes(1, 2))), [False]),
    "average": (pool("AVERAGE_POOL_2D"), []),
    "float": (model("CONV_2D", (X, "FLOAT32"), (("x", X, "FLOAT32"),)), []),
    "quantize": (model("QUANTIZE", X), [False]),
    "from float": (model("QUANTIZE", X, (("x", X, "FLOAT32"),)), []),
}


@pytest.mark.parametrize(("file", "fails"), FACTS.values(), ids=FACTS)
def test_facts(file, fails):
    assert [found.fails for found in parting.partings(file)] == fails


def test_an_op_on_no_list():
    assert [f.reason for f in by_list(model("POW", X), {})] == ["not on its list of ops"]
