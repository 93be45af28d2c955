"""The interpreter's face: names, inputs, batches, errors, tracing; the integers themselves are tested op by op."""

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

import tfq
from tests.ops.harness import RUNTIMES, activation, bias, constant, weights
from tfq import runtimes
from tfq.interpreter import Interpreter
from tfq.tflite import Model, Operator, Signature, Subgraph, write

CONV = {
    "padding": "SAME",
    "stride_h": 1,
    "stride_w": 1,
    "dilation_h_factor": 1,
    "dilation_w_factor": 1,
    "fused_activation_function": "RELU",
}
DENSE = {"fused_activation_function": "NONE", "weights_format": "DEFAULT", "keep_num_dims": False}
ADD = {"fused_activation_function": "NONE", "pot_scale_int16": False}


def network(*, keep_names=True, rows=1):
    """image [rows, 4, 4, 3] -> conv -> (reshape -> dense: "logits"), (conv + second input [rows, 4, 4, 3]: "sum")."""
    rng = np.random.default_rng(0)
    tensors = (
        activation("t_image", (rows, 4, 4, 3), 0.05, 3),
        activation("t_shift", (rows, 4, 4, 3), 0.02, -7),
        weights(rng.integers(-127, 128, (3, 3, 3, 3)).astype(np.int8), [0.01, 0.02, 0.005]),
        bias([100, -200, 300], scale=np.asarray([0.01, 0.02, 0.005]) * 0.05),
        activation("t_conv", (rows, 4, 4, 3), 0.06, -128),
        constant("shape", [-1, 48]),
        activation("t_flat", (rows, 48), 0.06, -128),
        weights(rng.integers(-127, 128, (5, 48)).astype(np.int8), 0.01),
        activation("t_logits", (rows, 5), 0.3, 4),
        activation("t_sum", (rows, 4, 4, 3), 0.07, -90),
    )
    operators = (
        Operator("CONV_2D", (0, 2, 3), (4,), CONV, 3),
        Operator("RESHAPE", (4, 5), (6,), {"new_shape": (-1, 48)}),
        Operator("FULLY_CONNECTED", (6, 7, -1), (8,), DENSE, 6),
        Operator("ADD", (4, 1), (9,), ADD, 2),
    )
    graph = Subgraph(tensors, operators, (0, 1), (9, 8), "main")
    named = Signature("serving_default", (("image", 0), ("shift", 1)), (("logits", 8), ("sum", 9)))
    return write(Model((graph,), (named,) if keep_names else ()))


def inputs(samples=1, rows=1, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(-128, 128, (samples * rows, 4, 4, 3)).astype(np.int8) for _ in range(2)]


def test_names_come_from_the_signature():
    interpreter = Interpreter(network())
    assert [t.name for t in interpreter.inputs] == ["image", "shift"]
    assert [t.name for t in interpreter.outputs] == ["sum", "logits"]
    image = interpreter.inputs[0]
    assert (image.shape, image.dtype, image.zero_point) == ((1, 4, 4, 3), np.int8, 3)
    assert image.scale == pytest.approx(0.05)


def test_names_come_from_the_tensors_without_a_signature():
    interpreter = Interpreter(network(keep_names=False))
    assert [t.name for t in interpreter.inputs] == ["t_image", "t_shift"]
    assert [t.name for t in interpreter.outputs] == ["t_sum", "t_logits"]


def test_a_tensor_may_be_an_output_under_two_names():
    tensors = (activation("x", (1, 4)), constant("shape", [-1, 2, 2]), activation("y", (1, 2, 2)))
    graph = Subgraph(tensors, (Operator("RESHAPE", (0, 1), (2,)),), (0,), (2, 2))
    data = write(Model((graph,), (Signature("serving_default", (("in", 0),), (("a", 2), ("b", 2))),)))
    interpreter = Interpreter(data)
    assert [t.name for t in interpreter.outputs] == ["a", "b"]
    first, second = interpreter.run(np.arange(4, dtype=np.int8)[None])
    assert first.tolist() == second.tolist() == [[[0, 1], [2, 3]]]


@pytest.mark.parity
@pytest.mark.parametrize("numerics", RUNTIMES)
def test_a_network_gives_what_the_runtime_gives(numerics):
    if reason := runtimes.available(numerics):
        pytest.skip(reason)
    given = inputs(samples=20)
    want = runtimes.run(numerics, network(), given).outputs
    for got, expected in zip(Interpreter(network(), numerics).run(given), want, strict=True):
        assert np.array_equal(got, expected)


def test_the_three_ways_to_give_inputs_are_one():
    interpreter, (image, shift) = Interpreter(network()), inputs()
    expected = interpreter.run([image, shift])
    for given in ((image, shift), {"shift": shift, "image": image}):
        for got, want in zip(interpreter.run(given), expected, strict=True):
            assert np.array_equal(got, want)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("rows", [1, 2])
def test_a_batch_is_its_samples_one_by_one(numerics, rows):
    """rows: the leading dimension as stored; B samples come as [B * rows, ...]."""
    interpreter = Interpreter(network(rows=rows), numerics)
    given = inputs(samples=7, rows=rows)
    together = interpreter.run(given)
    assert [t.shape for t in together] == [(7 * rows, 4, 4, 3), (7 * rows, 5)]
    for i in range(7):
        alone = interpreter.run([x[i * rows : (i + 1) * rows] for x in given])
        for whole, part in zip(together, alone, strict=True):
            assert np.array_equal(whole[i * rows : (i + 1) * rows], part)


def test_a_large_batch_goes_through_in_portions(monkeypatch):
    interpreter, given = Interpreter(network()), inputs(samples=50)
    expected = interpreter.run(given)
    monkeypatch.setattr(interpreter, "_portion", 7)
    for got, want in zip(interpreter.run(given), expected, strict=True):
        assert np.array_equal(got, want)


def test_trace_gives_every_computed_tensor_in_order_and_agrees_with_run():
    interpreter, given = Interpreter(network()), inputs(samples=3)
    seen = list(interpreter.trace(given))
    assert [(op, tensor) for op, tensor, _ in seen] == [(0, 4), (1, 6), (2, 8), (3, 9)]
    total, logits = interpreter.run(given)
    assert np.array_equal(seen[2][2], logits) and np.array_equal(seen[3][2], total)


def test_step_gives_one_op_from_given_inputs():
    interpreter, given = Interpreter(network()), inputs(samples=3)
    traced = {tensor: array for _, tensor, array in interpreter.trace(given)}
    assert np.array_equal(interpreter.step(0, [given[0], None, None])[0], traced[4])
    assert np.array_equal(interpreter.step(3, [traced[4], given[1]])[0], traced[9])
    assert interpreter.step(3, [traced[4][:1], given[1][:1]])[0].shape == (1, 4, 4, 3)


def test_an_input_that_is_an_output():
    tensors = (activation("x", (1, 4)), constant("shape", [-1, 2, 2]), activation("y", (1, 2, 2)))
    graph = Subgraph(tensors, (Operator("RESHAPE", (0, 1), (2,)),), (0,), (0, 2))
    x = np.arange(8, dtype=np.int8).reshape(2, 4)
    first, second = Interpreter(write(Model((graph,)))).run(x)
    assert np.array_equal(first, x) and second.shape == (2, 2, 2)


IMAGE, SHIFT = inputs()
REFUSED = (
    ([IMAGE], r"expected 2 in file order \['image', 'shift'\], received 1"),
    (IMAGE, "expected 2 in file order"),
    ({"image": IMAGE}, r"expected \['image', 'shift'\], received \['image'\]"),
    ({"image": IMAGE, "shfit": SHIFT}, "received .'image', 'shfit'."),
    ([IMAGE.astype(np.float32), SHIFT], r"input 'image': expected int8 of shape \(1, 4, 4, 3\).*received float32"),
    ([IMAGE[0], SHIFT], r"input 'image': .*received int8 of shape \(4, 4, 3\)"),
    ([IMAGE[:, :3], SHIFT[:0]], r"input 'image': .*\(1, 3, 4, 3\); input 'shift': .*\(0, 4, 4, 3\)"),
    ([np.repeat(IMAGE, 2, 0), np.repeat(SHIFT, 3, 0)], "same number of samples, received .'image': 2, 'shift': 3"),
    ([None, SHIFT], "input 'image': expected int8"),
)


@pytest.mark.parametrize(("given", "message"), REFUSED, ids=range(len(REFUSED)))
def test_wrong_inputs_are_named(given, message):
    with pytest.raises(tfq.TfqError, match=message):
        Interpreter(network()).run(given)


def test_nan_is_refused():
    tensors = (activation("x", (1, 2), type="FLOAT32"), activation("y", (1, 2), 0.5, 3))
    data = write(Model((Subgraph(tensors, (Operator("QUANTIZE", (0,), (1,)),), (0,), (1,)),)))
    with pytest.raises(tfq.TfqError, match="input 'x' holds NaN"):
        Interpreter(data).run(np.float32([[1, np.nan]]))


def without_zero_points(data):
    """The file with scales alone, as some writers leave weights."""
    model = schema.ModelT.InitFromPackedBuf(data)
    for tensor in model.subgraphs[0].tensors:
        if tensor.quantization is not None:
            tensor.quantization.zeroPoint = None
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_scales_without_zero_points():
    tensors = (activation("x", (1, 8), 0.05, 0), activation("y", (1, 8), 1 / 128, 0))
    data = write(Model((Subgraph(tensors, (Operator("TANH", (0,), (1,)),), (0,), (1,)),)))
    x = np.arange(-80, 80, 20, dtype=np.int8)[None]
    (expected,) = Interpreter(data, "litert").run(x)
    assert np.array_equal(Interpreter(without_zero_points(data), "litert").run(x)[0], expected)
    with pytest.raises(tfq.Unsupported, match="op 0 TANH 'y'.* has no scale"):
        Interpreter(without_zero_points(data), "tflm")


def test_tflm_goes_by_the_shapes_of_the_file():
    tensors = (activation("a", (1, 3, 4)), activation("b", (1, 3, 4)), activation("y", (3, 2, 4)))
    data = write(
        Model((Subgraph(tensors, (Operator("PACK", (0, 1), (2,), {"values_count": 2, "axis": 0}),), (0, 1), (2,)),))
    )
    with pytest.raises(tfq.TfqError, match="the file says .3, 2, 4., and tflm keeps to the file"):
        Interpreter(data, "tflm").run([np.zeros((1, 3, 4), np.int8)] * 2)


def test_an_op_that_is_refused_says_why():
    tensors = (activation("x", (1, 4), type="FLOAT32"), activation("y", (1, 4), type="FLOAT32"))
    data = write(Model((Subgraph(tensors, (Operator("RFFT2D", (0, 0), (1,)),), (0,), (1,)),)))
    with pytest.raises(tfq.Unsupported, match="op 0 RFFT2D 'y': no definition of RFFT2D: float32 to complex64 alone"):
        Interpreter(data)


def test_everything_unsupported_is_named_at_once():
    tensors = tuple(activation(name, (1, 4), type="BOOL") for name in "wxyz")
    operators = (
        Operator("SIN", (0,), (1,)),
        Operator("CUSTOM", (0,), (2,), custom_code="MyOp"),
        Operator("ADD", (0, 0), (3,), ADD),
    )
    data = write(Model((Subgraph(tensors, operators, (0,), (3,)),)))
    with pytest.raises(tfq.Unsupported) as refused:
        Interpreter(data, "tflm")
    for part in ("'tflm'", "op 0 SIN", "no definition of MyOp", "op 2 ADD", "BOOL"):
        assert part in str(refused.value)


def test_an_unknown_profile_and_a_missing_file():
    with pytest.raises(tfq.TfqError, match="litert, xnnpack, tflm, received 'arm'"):
        Interpreter(network(), "arm")
    with pytest.raises(tfq.TfqError, match="no_such_file"):
        Interpreter("no_such_file.tflite")


def test_the_public_name():
    assert tfq.Interpreter is Interpreter
    assert Interpreter(network()).reset() is None


# (tensors read and written by each op, the graph's output) over x, y, z; only x is given
DAMAGED = (
    ([(2, 1)], 1, "op 0 RELU reads tensor 2 'z', which nothing before it computes"),
    ([(1, 2), (2, 1)], 1, "op 0 RELU reads tensor 1 'y'"),
    ([(0, 1), (0, 1)], 1, "op 1 RELU computes tensor 1 'y', which has a value already"),
    ([(0, 0)], 0, "op 0 RELU computes tensor 0 'x', which has a value already"),
    ([(0, 1)], 2, "output 2 'z': nothing computes it"),
)


@pytest.mark.parametrize(("ops", "output", "message"), DAMAGED, ids=range(len(DAMAGED)))
def test_a_graph_that_cannot_run_is_refused(ops, output, message):
    tensors = tuple(activation(name, (1, 4)) for name in "xyz")
    operators = tuple(Operator("RELU", (read,), (written,)) for read, written in ops)
    data = write(Model((Subgraph(tensors, operators, (0,), (output,)),)))
    with pytest.raises(tfq.TfqError, match=message):
        Interpreter(data)


def test_outputs_that_the_op_does_not_have_are_refused():
    tensors = tuple(activation(name, (1, 4)) for name in "xyz")
    data = write(Model((Subgraph(tensors, (Operator("RELU", (0,), (1, 2)),), (0,), (1,)),)))
    with pytest.raises(tfq.TfqError, match="op 0 RELU 'y': .*2"):
        Interpreter(data).run(np.zeros((1, 4), np.int8))
