"""Where the runtimes give different integers, or one of them fails: one row a fact, found by op and by type.

The facts were measured on x86-64 with ai-edge-litert 2.3 and tflite-micro 0.dev20261023; how each kernel rounds is in
docs/rounding-atlas.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tfq.ops.contract import Node
from tfq.targets.verdict import nodes
from tfq.tflite.model import Model

# Equal logits whose exponentials, 1 each, overflow the sum of the kernel's fixed point.
LONGEST_ROW = 512


@dataclass(frozen=True)
class Fact:
    """codes: of the ops. types: of the first input. says: one sentence. where: a further condition."""

    codes: tuple[str, ...]
    types: tuple[str, ...]
    says: str
    where: Callable[[Node], bool] = lambda node: True


@dataclass(frozen=True)
class Parting:
    """A fact that holds for some ops of the file. fails: a runtime fails or is wrong; else they differ by rounding."""

    codes: tuple[str, ...]
    tensors: tuple[str, ...]
    says: str
    fails: bool


def _requantizes(node: Node) -> bool:
    return node.outputs[0].type == "INT8"


def _long_rows(node: Node) -> bool:
    return node.outputs[0].type == "INT8" and node.outputs[0].shape[-1] >= LONGEST_ROW


FAILURES = (
    Fact(
        ("SOFTMAX",),
        ("INT8",),
        f"rows of {LONGEST_ROW} and more: the reference and TFLite Micro kernels abort where the exponentials "
        f"of a row, over the largest, add up to {LONGEST_ROW} (that many equal logits); the default does not",
        _long_rows,
    ),
    Fact(
        ("SUM",),
        ("INT8", "INT16"),
        "LiteRT's reference kernel reads the codes as unsigned bytes and gives other values",
    ),
)
ROUNDINGS = (
    Fact(
        ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "BATCH_MATMUL"),
        ("INT8",),
        "XNNPACK rounds once, halves to even; the reference and TFLite Micro twice: 1 apart near ties",
        _requantizes,
    ),
    Fact(
        ("FULLY_CONNECTED",),
        ("INT8",),
        "three roundings: XNNPACK in float32, halves to even; the reference in float64, halves away from zero; TFLite "
        "Micro twice in fixed point: 1 apart near ties",
    ),
    Fact(
        ("FULLY_CONNECTED",),
        ("INT16",),
        "TFLite Micro multiplies with 15 bits, LiteRT in float64: 1 apart and more",
    ),
    Fact(
        ("ADD", "SUB", "MUL"),
        ("INT8",),
        "XNNPACK rounds once, the reference and TFLite Micro several times in fixed point: 1 apart near ties",
    ),
    Fact(
        ("MEAN",),
        ("INT8",),
        "XNNPACK averages in float32, the reference and TFLite Micro with a truncated fixed-point multiplier: 1 apart",
    ),
    Fact(("LEAKY_RELU",), ("INT8",), "XNNPACK has 8 fraction bits, the others 31: 1 apart in about 7 % of codes"),
    Fact(
        ("QUANTIZE",),
        ("INT8",),
        "XNNPACK has 8 fraction bits, the others 31: 1 apart in about 6 % of codes",
        _requantizes,
    ),
    Fact(("RESIZE_BILINEAR",), ("INT8",), "XNNPACK weighs with 11 fraction bits, the others with 10: 1 apart"),
    Fact(
        ("LOGISTIC", "TANH"),
        ("INT8",),
        "each runtime has a table of its own: float32, float64 (XNNPACK), fixed point (TFLite Micro): codes 1 apart",
    ),
    Fact(
        ("LOGISTIC", "TANH"),
        ("INT16",),
        "LiteRT's default computes in fixed point where the input's scale is 2**-12 (TANH also 2**-11): up to 12 apart",
    ),
    Fact(
        ("SOFTMAX", "LOG_SOFTMAX"),
        ("INT8",),
        "LiteRT's default computes in float32, the reference and TFLite Micro in fixed point: 1 apart at times; on ARM "
        "the default is another algorithm",
    ),
    Fact(
        ("MUL", "RELU", "LEAKY_RELU"),
        ("INT16",),
        "TFLite Micro takes the ratio of the scales in float64, LiteRT in float32: 1 apart at times",
    ),
    Fact(("SOFTMAX",), ("INT16",), "TFLite Micro's tables are made in float32, LiteRT's in float64: 1 apart at times"),
)


def partings(model: Model) -> tuple[Parting, ...]:
    """The facts that hold for a file, failures first."""
    found = []
    every = list(nodes(model))
    for facts, fails in ((FAILURES, True), (ROUNDINGS, False)):
        for fact in facts:
            ops = [node for node in every if _holds(fact, node)]
            if ops:
                codes = tuple(dict.fromkeys(node.operator.code for node in ops))
                found.append(Parting(codes, tuple(node.outputs[0].name for node in ops), fact.says, fails))
    return tuple(found)


def _holds(fact: Fact, node: Node) -> bool:
    first = node.inputs[2] if node.operator.code == "TRANSPOSE_CONV" else node.inputs[0]
    return node.operator.code in fact.codes and first is not None and first.type in fact.types and fact.where(node)
