"""CALL_ONCE: runs a subgraph, which initializes variables, in the first run after loading or `reset()` only."""

from __future__ import annotations

from tfq.numerics.profiles import Profile
from tfq.ops.contract import Context, Node, Spec

SPEC = Spec(
    "CALL_ONCE",
    (),
    "google-ai-edge/LiteRT tflite/kernels/call_once.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/call_once.cc",
)


def subgraphs(node: Node) -> tuple[int, ...]:
    """The subgraph that initializes."""
    return (int(node.options["init_subgraph_index"]),)


def prepare(node: Node, profile: Profile) -> int:
    """The subgraph's number. Raises Unsupported where the op has inputs or outputs."""
    if node.inputs or node.outputs:
        raise node.unsupported("it must have neither inputs nor outputs")
    return subgraphs(node)[0]


def evaluate_within(context: Context, params: int) -> tuple[()]:
    """Runs the subgraph unless it has run."""
    if ("initialized", params) not in context.resources:
        context.run(params, ())
        # Set only now: where the subgraph fails, the next run tries again.
        context.resources["initialized", params] = True
    return ()
