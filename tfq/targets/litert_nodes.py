"""`python -m tfq.targets.litert_nodes FILE reference|default`: one line of JSON on what LiteRT does with a file.

{"version", "error": why it does not load, or null, "delegated": indices of the ops that XNNPACK takes}. With all
tensors preserved, LiteRT makes a delegate of each op, whose outputs are the op's.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import Any


def look(path: str, kernels: str) -> dict[str, Any]:
    """What the line holds."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kind = OpResolverType.BUILTIN_REF if kernels == "reference" else OpResolverType.AUTO
    found: dict[str, Any] = {"version": version("ai-edge-litert"), "error": None, "delegated": []}
    try:
        interpreter = Interpreter(
            path, experimental_op_resolver_type=kind, experimental_preserve_all_tensors=True, num_threads=1
        )
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        return {**found, "error": " ".join(str(error).split())}
    details = interpreter._get_ops_details()
    made = {int(i) for op in details if op["op_name"] == "DELEGATE" for i in op["outputs"]}
    ops = [op for op in details if op["op_name"] != "DELEGATE"]
    found["delegated"] = [int(op["index"]) for op in ops if made.issuperset(int(i) for i in op["outputs"])]
    return found


if __name__ == "__main__":
    print(json.dumps(look(sys.argv[1], sys.argv[2])))
