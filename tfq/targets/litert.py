"""LiteRT on phones and desktops: the runtime itself is asked what it loads and which ops XNNPACK takes."""

from __future__ import annotations

import json
import sys
from typing import Any

from tfq.errors import Unsupported
from tfq.interpreter import Interpreter
from tfq.targets.child import DIED, in_child, with_file
from tfq.targets.verdict import Finding, Verdict, finding, from_refusal, nodes
from tfq.tflite.model import Model

KERNELS = {"litert": "reference", "xnnpack": "default"}
SECONDS = 120.0


def ask(model: Model, data: bytes) -> Verdict:
    """What the reference kernels or the default refuse; as remarks, the ops that XNNPACK leaves to built-in kernels."""
    refused: list[Finding] = []
    found: dict[str, Any] = {}
    for numerics, kernels in KERNELS.items():
        try:
            Interpreter(data, numerics=numerics)
        except Unsupported as error:
            refused += [f for f in from_refusal(str(error)) if f.op not in {known.op for known in refused}]
        found = _asked(data, kernels)
        if found["error"] and not refused:
            refused.append(Finding(-1, "", "", f"its {kernels} kernels do not load the file: {found['error']}"))
    taken = set(found["delegated"])
    left = [finding(node, "left to LiteRT's built-in kernel") for node in nodes(model) if node.index not in taken]
    source = f"ai-edge-litert {found['version']}, asked for its reference kernels and its default; XNNPACK takes"
    count = len(model.main.operators)
    return Verdict("litert", f"{source} {count - len(left)} of {count} ops", tuple(refused), tuple(left))


def _asked(data: bytes, kernels: str) -> dict[str, Any]:
    """What a child process says of the file."""
    with with_file(data) as path:
        code, text = in_child([sys.executable, "-m", "tfq.targets.litert_nodes", str(path), kernels], SECONDS)
    lines = [line for line in text.splitlines() if line.startswith('{"version"')]
    if code == 0 and lines:
        return json.loads(lines[-1])
    reason = DIED if code is None else f"exit code {code}: {' '.join(text.split()[-30:])}"
    return {"version": "", "error": reason, "delegated": []}
