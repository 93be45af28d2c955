"""Small models of several subgraphs, variables and shapes that change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flatbuffers import flexbuffers

from tests.ops.harness import constant, quantization
from tfq.tflite import Model, Operator, Signature, Subgraph, Tensor, write

ADD = {"fused_activation_function": "NONE", "pot_scale_int16": False}


def tensor(name: str, shape: Sequence[int] = (), type: str = "FLOAT32", **fields) -> Tensor:
    return Tensor(name, tuple(shape), type, **fields)


def handle(name: str = "v") -> Tensor:
    return Tensor(name, (), "RESOURCE")


def int8(name: str, shape: Sequence[int], scale: float = 0.5, zero_point: int = 3, **fields) -> Tensor:
    return Tensor(name, tuple(shape), "INT8", quantization(scale, zero_point), **fields)


def var_handle(output: int, name: str = "count") -> Operator:
    return Operator("VAR_HANDLE", (), (output,), {"container": "", "shared_name": name})


def counter() -> bytes:
    """x: float32 [1, 2] -> the sum of all inputs so far and [10, 20]."""
    first = Subgraph(
        (tensor("x", (1, 2)), handle(), tensor("before", (1, 2)), tensor("after", (1, 2))),
        (
            Operator("CALL_ONCE", (), (), {"init_subgraph_index": 1}),
            var_handle(1),
            Operator("READ_VARIABLE", (1,), (2,)),
            Operator("ADD", (2, 0), (3,), ADD),
            Operator("ASSIGN_VARIABLE", (1, 3), ()),
        ),
        (0,),
        (3,),
        "main",
    )
    start = constant("start", [[10, 20]], "FLOAT32")
    once = Subgraph((start, handle()), (var_handle(1), Operator("ASSIGN_VARIABLE", (1, 0), ())), (), (), "init")
    named = Signature("serving_default", (("x", 0),), (("sum", 3),))
    return write(Model((first, once), (named,)))


def doubling(limit: int, step: int = 1) -> bytes:
    """(i: int32, x: float32 [1, 2]) -> while i < limit: i + step, x + x."""
    main = Subgraph(
        (tensor("i", (), "INT32"), tensor("x", (1, 2)), tensor("i_end", (), "INT32"), tensor("x_end", (1, 2))),
        (Operator("WHILE", (0, 1), (2, 3), {"cond_subgraph_index": 1, "body_subgraph_index": 2}),),
        (0, 1),
        (2, 3),
        "main",
    )
    below = Subgraph(
        (tensor("i", (), "INT32"), tensor("x", (1, 2)), constant("limit", limit), tensor("more", (), "BOOL")),
        (Operator("LESS", (0, 2), (3,)),),
        (0, 1),
        (3,),
        "cond",
    )
    body = Subgraph(
        (
            tensor("i", (), "INT32"),
            tensor("x", (1, 2)),
            constant("step", step),
            tensor("next", (), "INT32"),
            tensor("twice", (1, 2)),
        ),
        (Operator("ADD", (0, 2), (3,), ADD), Operator("ADD", (1, 1), (4,), ADD)),
        (0, 1),
        (3, 4),
        "body",
    )
    return write(Model((main, below, body)))


def choice() -> bytes:
    """(c: bool, x: float32 [1, 2]) -> x + 1 if c else x + 2."""
    main = Subgraph(
        (tensor("c", (), "BOOL"), tensor("x", (1, 2)), tensor("y", (1, 2))),
        (Operator("IF", (0, 1), (2,), {"then_subgraph_index": 1, "else_subgraph_index": 2}),),
        (0, 1),
        (2,),
        "main",
    )
    return write(Model((main, plus(1), plus(2))))


def composite() -> bytes:
    """x: float32 [1, 2] -> x + 1, by way of a composite."""
    options = {
        "name": "test.plus_one",
        "decomposition_subgraph_index": 1,
        "composite_attributes": bytes(flexbuffers.Dumps({})),
    }
    main = Subgraph(
        (tensor("x", (1, 2)), tensor("y", (1, 2))),
        (Operator("STABLEHLO_COMPOSITE", (0,), (1,), options),),
        (0,),
        (1,),
        "main",
    )
    return write(Model((main, plus(1))))


def plus(number: float) -> Subgraph:
    return Subgraph(
        (tensor("x", (1, 2)), constant("number", [[number]], "FLOAT32"), tensor("y", (1, 2))),
        (Operator("ADD", (0, 1), (2,), ADD),),
        (0,),
        (2,),
        "plus",
    )


def flattened() -> bytes:
    """x: int8 [1, 2, 3], the first two sizes free -> x + reshape(x, shape(x))."""
    signature = (-1, -1, 3)
    main = Subgraph(
        (
            int8("x", (1, 2, 3), shape_signature=signature),
            tensor("sizes", (3,), "INT32"),
            int8("same", (1, 2, 3), shape_signature=signature),
            int8("y", (1, 2, 3), scale=1.0, shape_signature=signature),
        ),
        (
            Operator("SHAPE", (0,), (1,), {"out_type": "INT32"}),
            Operator("RESHAPE", (0, 1), (2,)),
            Operator("ADD", (0, 2), (3,), ADD),
        ),
        (0,),
        (3,),
        "main",
    )
    return write(Model((main,)))


def chosen_axis() -> bytes:
    """(x: int8 [1, 2, 3], axes: int32 [3]) -> transpose(x, axes), whatever shape that has."""
    main = Subgraph(
        (int8("x", (1, 2, 3)), tensor("axes", (3,), "INT32"), int8("y", (1, 1, 1), shape_signature=(-1, -1, -1))),
        (Operator("TRANSPOSE", (0, 1), (2,)),),
        (0, 1),
        (2,),
        "main",
    )
    return write(Model((main,)))


def two_signatures() -> bytes:
    """ "add" adds x to a variable and answers with it; "read" answers with it alone."""
    add = Subgraph(
        (tensor("x", (1, 2)), handle(), tensor("before", (1, 2)), tensor("after", (1, 2))),
        (
            Operator("CALL_ONCE", (), (), {"init_subgraph_index": 2}),
            var_handle(1),
            Operator("READ_VARIABLE", (1,), (2,)),
            Operator("ADD", (2, 0), (3,), ADD),
            Operator("ASSIGN_VARIABLE", (1, 3), ()),
        ),
        (0,),
        (3,),
        "add",
    )
    read = Subgraph(
        (handle(), tensor("value", (1, 2))),
        (
            Operator("CALL_ONCE", (), (), {"init_subgraph_index": 2}),
            var_handle(0),
            Operator("READ_VARIABLE", (0,), (1,)),
        ),
        (),
        (1,),
        "read",
    )
    start = constant("start", [[0, 0]], "FLOAT32")
    once = Subgraph((start, handle()), (var_handle(1), Operator("ASSIGN_VARIABLE", (1, 0), ())), (), (), "init")
    signatures = (
        Signature("add", (("x", 0),), (("total", 3),), 0),
        Signature("read", (), (("total", 1),), 1),
    )
    return write(Model((add, read, once), signatures))


def nested(depth: int, self_call: bool = False) -> bytes:
    """A chain of composites; with self_call the last runs the first."""
    graphs = []
    for level in range(depth):
        below = 0 if self_call and level == depth - 1 else level + 1
        options = {"name": "test.level", "decomposition_subgraph_index": below}
        operators = (Operator("STABLEHLO_COMPOSITE", (0,), (1,), options),)
        graphs.append(Subgraph((tensor("x", (1, 2)), tensor("y", (1, 2))), operators, (0,), (1,), f"level {level}"))
    return write(Model((*graphs, plus(1))))


def given(*values) -> list[np.ndarray]:
    kinds = {bool: np.bool_, int: np.int32, list: np.float32}
    return [np.asarray(value, kinds[type(value)]) for value in values]
