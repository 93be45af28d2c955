"""Verdict: what a target says of a file, op by op."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tfq.ops.contract import Node
from tfq.tflite.model import Model


@dataclass(frozen=True)
class Finding:
    """One op: its place in the file (-1: the file as a whole), its code, the tensor that it makes, and what is said."""

    op: int
    code: str
    tensor: str
    reason: str


@dataclass(frozen=True)
class Verdict:
    """target: its name. source: who was asked, or where the list is from. refused: ops that it will not take.

    remarks: what it takes in another way, or under a condition that cannot be seen here.
    """

    target: str
    source: str
    refused: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = field(default=())


@dataclass(frozen=True)
class Limit:
    """A condition that a target's documents set. reason: in their words, shortened. broken: by this op?"""

    reason: str
    broken: Callable[[Node], bool]


def nodes(model: Model) -> Iterator[Node]:
    """The ops of the main subgraph with their tensors."""
    tensors = model.main.tensors
    for index, operator in enumerate(model.main.operators):
        yield Node(
            index,
            operator,
            tuple(tensors[i] if i >= 0 else None for i in operator.inputs),
            tuple(tensors[i] for i in operator.outputs),
        )


def finding(node: Node, reason: str) -> Finding:
    """About one op."""
    return Finding(node.index, node.operator.code, node.outputs[0].name if node.outputs else "", reason)


def by_list(model: Model, ops: Mapping[str, tuple[Limit, ...]], general: tuple[Limit, ...] = ()) -> list[Finding]:
    """The ops that are not on the list, or that break a limit: the first one that they break."""
    found = []
    for node in nodes(model):
        code = node.operator.code
        broken = [limit.reason for limit in (*general, *ops.get(code, ())) if limit.broken(node)]
        if code not in ops:
            found.append(finding(node, "not on its list of ops"))
        elif broken:
            found.append(finding(node, broken[0]))
    return found


_REASON = re.compile(r"op (\d+) (\w+) '([^']*)': ")


def from_refusal(text: str) -> list[Finding]:
    """The findings in a message of tfq's interpreter, which names every op that it refuses."""
    starts = list(_REASON.finditer(text))
    if not starts:
        return [Finding(-1, "", "", text)]
    ends = [*(match.start() for match in starts[1:]), len(text)]
    return [
        Finding(int(match[1]), match[2], match[3], text[match.end() : end].removesuffix("; "))
        for match, end in zip(starts, ends, strict=True)
    ]
