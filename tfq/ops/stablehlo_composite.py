"""STABLEHLO_COMPOSITE: an op by name whose meaning is a subgraph; that subgraph is run.

XNNPACK has kernels of its own for a few names on floats (odml.rms_norm, odml.scaled_dot_product_attention): close to
the subgraph's floats, not equal. They go by the name: where a file's subgraph computes something else, so does tfq.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, XNNPACK, Profile
from tfq.ops.contract import Context, Node, Spec

SPEC = Spec("STABLEHLO_COMPOSITE", (), "google-ai-edge/LiteRT tflite/kernels/stablehlo_composite.cc")
RUNTIMES = (LITERT, XNNPACK)


def subgraphs(node: Node) -> tuple[int, ...]:
    """The decomposition."""
    return (int(node.options["decomposition_subgraph_index"]),)


def prepare(node: Node, profile: Profile) -> int:
    """The subgraph's number. Raises Unsupported where an input is missing, or the runtime has no such op."""
    if profile not in RUNTIMES:
        raise node.unsupported(f"{profile.name} has no kernel for it")
    if None in node.inputs:
        raise node.unsupported("an input is missing")
    return subgraphs(node)[0]


def evaluate_within(context: Context, params: int, *arrays: np.ndarray) -> tuple:
    """arrays: the subgraph's inputs -> its outputs."""
    return tuple(context.run(params, arrays))
