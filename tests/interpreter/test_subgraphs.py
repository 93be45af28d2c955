"""Several subgraphs, variables that outlive a run, shapes found while running."""

import numpy as np
import pytest

import tfq
from tests.interpreter import graphs
from tests.interpreter.graphs import given
from tests.ops.harness import RUNTIMES, activation, assert_equal
from tfq import runtimes
from tfq.interpreter import Interpreter
from tfq.ops import TABLE
from tfq.tflite import Model, Operator, Subgraph, write

ONE_BY_ONE = {
    "counter": (graphs.counter(), given([[1, 2]])),
    "doubling": (graphs.doubling(5), given(0, [[1, 2]])),
    "doubling none": (graphs.doubling(5), given(7, [[1, 2]])),
    "choice true": (graphs.choice(), given(True, [[1, 2]])),
    "choice false": (graphs.choice(), given(False, [[1, 2]])),
    "composite": (graphs.composite(), given([[1, 2]])),
    "shape": (graphs.flattened(), [np.arange(6, dtype=np.int8).reshape(1, 2, 3)]),
}


@pytest.mark.parity
@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_as_the_runtime(name, numerics):
    data, inputs = ONE_BY_ONE[name]
    if reason := runtimes.available(numerics):
        pytest.skip(reason)
    try:
        want = runtimes.run(numerics, data, inputs).outputs
    except runtimes.RuntimeRefused:
        with pytest.raises(tfq.Unsupported):
            Interpreter(data, numerics)
        return
    for got, expected in zip(Interpreter(data, numerics).run(inputs), want, strict=True):
        assert_equal(got, expected, name)


def test_variables_stay_until_reset():
    interpreter = Interpreter(graphs.counter())
    x = np.float32([[1, 2]])
    assert [interpreter.run(x)[0].tolist() for _ in range(3)] == [[[11, 22]], [[12, 24]], [[13, 26]]]
    interpreter.reset()
    assert interpreter.run(x)[0].tolist() == [[11, 22]]
    assert interpreter.keeps_state and not interpreter.stacks


def test_a_batch_of_a_stateful_model_is_a_sequence():
    x = np.float32([[1, 2], [3, 4], [5, 6]])
    one, many = Interpreter(graphs.counter()), Interpreter(graphs.counter())
    assert many.run(x)[0].tolist() == [one.run(row[None])[0][0].tolist() for row in x]


def test_two_interpreters_share_nothing():
    first, second = Interpreter(graphs.counter()), Interpreter(graphs.counter())
    x = np.float32([[1, 2]])
    first.run(x)
    assert second.run(x)[0].tolist() == [[11, 22]]


def test_signatures_share_variables():
    add = Interpreter(graphs.two_signatures())
    read = add.signature("read")
    assert [t.name for t in read.outputs] == ["total"] and read.inputs == ()
    add.run(np.float32([[1, 2]]))
    assert read.run([])[0].tolist() == [[1, 2]]
    add.run(np.float32([[1, 2]]))
    assert read.run([])[0].tolist() == [[2, 4]]
    read.reset()
    assert add.run(np.float32([[3, 3]]))[0].tolist() == [[3, 3]]
    with pytest.raises(tfq.TfqError, match="expected one of add, read, received 'write'"):
        add.signature("write")


@pytest.mark.parametrize("numerics", ["litert", "tflm"])
def test_a_variable_before_the_first_assignment(numerics):
    tensors = (graphs.handle(), graphs.int8("y", (1, 2), zero_point=3))
    operators = (graphs.var_handle(0), Operator("READ_VARIABLE", (0,), (1,)))
    interpreter = Interpreter(write(Model((Subgraph(tensors, operators, (), (1,)),))), numerics)
    if numerics == "tflm":
        assert interpreter.run([])[0].tolist() == [[3, 3]]
    else:
        with pytest.raises(tfq.TfqError, match="variable '/count' is read before anything was assigned"):
            interpreter.run([])


@pytest.mark.parametrize(("limit", "step"), [(2**31 - 1, 0), (2**31 - 1, 1)])
def test_a_loop_without_end_is_refused(limit, step):
    with pytest.raises(tfq.TfqError, match="no end after 65536 steps"):
        Interpreter(graphs.doubling(limit, step)).run(given(0, [[1, 2]]))


def test_subgraphs_that_run_each_other_are_refused():
    with pytest.raises(tfq.TfqError, match="subgraph 0 runs itself"):
        Interpreter(graphs.nested(3, self_call=True))
    with pytest.raises(tfq.TfqError, match="more than 32 others"):
        Interpreter(graphs.nested(100))
    assert Interpreter(graphs.nested(20)).run(np.float32([[1, 2]]))[0].tolist() == [[2, 3]]


def test_a_subgraph_that_does_not_exist():
    data = write(
        Model(
            (
                Subgraph(
                    (graphs.tensor("x", (1, 2)), graphs.tensor("y", (1, 2))),
                    (Operator("STABLEHLO_COMPOSITE", (0,), (1,), {"decomposition_subgraph_index": 7}),),
                    (0,),
                    (1,),
                ),
            )
        )
    )
    with pytest.raises(tfq.TfqError, match="runs subgraph 7, the file has 1"):
        Interpreter(data)


@pytest.mark.parametrize("numerics", ["litert", "xnnpack"])
@pytest.mark.parametrize("shape", [(1, 2, 3), (1, 5, 3), (4, 2, 3), (4, 5, 3)])
def test_free_axes_may_have_any_size(shape, numerics):
    x = np.random.default_rng(0).integers(-128, 128, shape).astype(np.int8)
    got = Interpreter(graphs.flattened(), numerics).run(x)[0]
    want = runtimes.run(numerics, graphs.flattened(), [x]).outputs[0]
    assert_equal(got, want, str(shape))


def test_other_axes_keep_their_size():
    with pytest.raises(tfq.TfqError, match=r"received int8 of shape \(1, 2, 4\)"):
        Interpreter(graphs.flattened()).run(np.zeros((1, 2, 4), np.int8))
    with pytest.raises(tfq.TfqError, match=r"received int8 of shape \(1, 5, 3\)"):
        Interpreter(graphs.flattened(), "tflm").run(np.zeros((1, 5, 3), np.int8))


def test_shapes_are_known_at_load():
    interpreter = Interpreter(graphs.flattened())
    assert [step.folded is not None for step in interpreter.steps] == [True, False, False]
    assert interpreter.stacks


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_an_operand_that_is_computed(axes):
    x = np.arange(6, dtype=np.int8).reshape(1, 2, 3)
    interpreter = Interpreter(graphs.chosen_axis(), "litert")
    for _ in range(2):
        assert np.array_equal(interpreter.run([x, np.int32(axes)])[0], x.transpose(axes))


def test_an_operand_that_is_computed_is_refused_where_shapes_are_fixed():
    with pytest.raises(tfq.Unsupported, match="the permutation must be a constant"):
        Interpreter(graphs.chosen_axis(), "tflm")


def test_what_an_op_raises_becomes_an_error_that_names_it(monkeypatch):
    for problem in (IndexError("i"), ValueError("v"), OverflowError("o"), ZeroDivisionError("z"), KeyError("k")):
        monkeypatch.setattr(TABLE["RELU"], "evaluate", lambda *_, problem=problem: (_ for _ in ()).throw(problem))
        tensors = (activation("x", (1, 4)), activation("y", (1, 4)))
        data = write(Model((Subgraph(tensors, (Operator("RELU", (0,), (1,)),), (0,), (1,)),)))
        with pytest.raises(tfq.TfqError, match=f"op 0 RELU 'y': its inputs .*INT8 .1, 4.*{type(problem).__name__}"):
            Interpreter(data).run(np.zeros((1, 4), np.int8))


def test_tensors_beyond_the_limit_are_refused_at_load():
    big = (1, 2**14, 2**14, 3)
    tensors = (activation("x", (1, 4)), activation("y", big), activation("z", big))
    operators = (Operator("RELU", (0,), (1,)), Operator("RELU", (1,), (2,)))
    data = write(Model((Subgraph(tensors, operators, (0,), (2,)),)))
    with pytest.raises(tfq.TfqError, match="op 1 RELU: one sample's tensors take 1610612736 bytes there"):
        Interpreter(data)


def test_scalars_go_one_by_one():
    tensors = (activation("x", (1, 4)), graphs.tensor("n", (), "INT32"), activation("y", (1, 4)))
    operators = (Operator("RANK", (0,), (1,)), Operator("RELU", (0,), (2,)))
    data = write(Model((Subgraph(tensors, operators, (0,), (1, 2)),)))
    rank, y = Interpreter(data, "litert").run(np.zeros((5, 4), np.int8))
    assert rank.tolist() == [2] * 5 and y.shape == (5, 4)
