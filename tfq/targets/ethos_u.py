"""Arm Ethos-U: Vela, its compiler, is asked where it is installed; else its documented list of ops.

Vela compiles what fits the NPU and leaves the rest to the CPU, saying why.
"""

from __future__ import annotations

import re
import shutil
import sys
from importlib.util import find_spec
from math import prod

from tfq.ops.contract import Node
from tfq.targets.child import DIED, in_child, with_file
from tfq.targets.verdict import Finding, Limit, Verdict, by_list
from tfq.tflite.model import Model, Tensor

SECONDS = 300.0
ACCELERATOR = "ethos-u55-256"
DOCUMENTED = (
    "SUPPORTED_OPS.md of ethos-u-vela 5.2.0 (--supported-ops-report, Ethos-U55 and U65), its main constraints; "
    'pip install "tfq[ethos-u]" lets tfq ask Vela itself'
)


def ask(model: Model, data: bytes) -> Verdict:
    """The ops that would run on the CPU."""
    command = vela()
    if command is None:
        return Verdict("ethos-u", DOCUMENTED, tuple(by_list(model, OPS, GENERAL)))
    return asked(model, data, command)


def vela() -> list[str] | None:
    """The command: of this environment, else of the path."""
    if find_spec("ethosu") is not None:
        return [sys.executable, "-m", "ethosu.vela"]
    found = shutil.which("vela")
    return None if found is None else [found]


def asked(model: Model, data: bytes, command: list[str]) -> Verdict:
    """What Vela says of the file."""
    options = ["--accelerator-config", ACCELERATOR, "--show-cpu-operations", "--output-dir"]
    with with_file(data) as path:
        _, release = in_child([*command, "--version"], SECONDS, path.parent)
        code, text = in_child([*command, *options, str(path.parent / "out"), str(path)], SECONDS, path.parent)
    words = release.split()
    source = f"Vela {words[-1] if words else ''}, asked for {ACCELERATOR}"
    if code != 0:
        reason = DIED if code is None else "Vela failed: " + " ".join(text.split()[-40:])
        return Verdict("ethos-u", source, (Finding(-1, "", "", reason),))
    return Verdict("ethos-u", source, tuple(parsed(text, model)))


_WARNING = re.compile(r"^Warning \(supported operators\) operator: (\w+), ofm: '([^']*)'\n((?:.+\n?)*)", re.MULTILINE)


def parsed(text: str, model: Model) -> list[Finding]:
    """Vela's warnings as findings, in the file's order."""
    makers = {model.main.tensors[o.outputs[0]].name: i for i, o in enumerate(model.main.operators) if o.outputs}
    found = []
    for code, tensor, rest in _WARNING.findall(text):
        reason = " ".join(line.strip() for line in rest.splitlines()).removeprefix("Reason: ")
        found.append(Finding(makers.get(tensor, -1), code, tensor, f"runs on the CPU: {reason}"))
    return sorted(dict.fromkeys(found), key=lambda finding: finding.op)


def _types(node: Node) -> set[str]:
    return {t.type for t in (*node.inputs, *node.outputs) if t is not None and t.data is None}


def _output(node: Node) -> Tensor:
    return node.outputs[0]


def _first(node: Node) -> Tensor:
    found = node.inputs[2] if node.operator.code == "TRANSPOSE_CONV" else node.inputs[0]
    return found if found is not None else node.outputs[0]


def _strides(node: Node) -> tuple[int, int]:
    return node.options.get("stride_h", 1), node.options.get("stride_w", 1)


def _free_stride(node: Node) -> bool:
    dilated = max(node.options.get("dilation_h_factor", 1), node.options.get("dilation_w_factor", 1)) > 1
    return max(_strides(node)) <= 3 or (not dilated and node.options.get("padding") == "VALID")


def _same_grid(node: Node) -> bool:
    grids = {
        (float(t.quantization.scale[0]), int(t.quantization.zero_point[0]))
        for t in (*node.inputs, *node.outputs)
        if t is not None and t.quantization is not None and t.quantization.scale.size
    }
    return len(grids) <= 1


def _window(node: Node) -> tuple[int, int]:
    return node.options.get("filter_height", 1), node.options.get("filter_width", 1)


def _enlarges(node: Node, factors: tuple[int, ...]) -> bool:
    """Whether height and width grow by one of the factors, alike; align_corners counts the steps between pixels."""
    (_, h, w, _), (_, out_h, out_w, _) = _first(node).shape, _output(node).shape
    if (h, w) in ((out_h, out_w), (1, 1)):
        return True
    less = 1 if node.options.get("align_corners") else 0
    return any((out_h - less, out_w - less) == ((h - less) * f, (w - less) * f) for f in factors)


def _not_resized(node: Node) -> bool:
    return not _enlarges(node, (2,) if node.options.get("half_pixel_centers") else (2, 4, 8))


def _strides_refused(node: Node) -> bool:
    (h, w), x, kernel = _strides(node), _first(node).shape, node.inputs[1]
    tall, wide = (kernel.shape[1], kernel.shape[2]) if kernel is not None else (0, 0)
    return (h, w) not in ((1, 1), (2, 2)) and not (h == 1 and x[1] == tall == 1) and not (w == 1 and x[2] == wide == 1)


def _depth_alone(node: Node) -> bool:
    axes, x = node.inputs[1], _first(node)
    if axes is None or axes.data is None or len(x.shape) < 2:
        return True
    reduced = {int(axis) % len(x.shape) for axis in axes.data.reshape(-1)}
    return len(x.shape) - 1 not in reduced or 1 in x.shape[-3:]


GENERAL = (
    Limit("feature maps must be integers of 8, 16, 32 or 64 bits", lambda n: "FLOAT32" in _types(n)),
    Limit("weights must be of 8 bits", lambda n: any(t is not None and t.type in ("INT4", "INT2") for t in n.inputs)),
)
_NARROW = Limit("32-bit feature maps are not supported", lambda n: bool(_types(n) & {"INT32", "INT64"}))
_STRIDE = Limit("strides above 3 want no dilation and VALID padding", lambda n: not _free_stride(n))
_GRID = Limit("inputs and output must have the same scale and zero point", lambda n: not _same_grid(n))
_WIDEST = Limit(
    "the window may have 65536 cells and a height of 256",
    lambda n: prod(_window(n)) > 2**16 or _window(n)[0] > 256,
)
_PADDED = Limit(
    "SAME padding: the window's height and width may be 8 at most",
    lambda n: n.options.get("padding") == "SAME" and max(_window(n)) > 8,
)

_ROWS = Limit("height times width must be below 65536", lambda n: prod(_first(n).shape[:-1]) >= 2**16)

OPS: dict[str, tuple[Limit, ...]] = {
    **dict.fromkeys(("ADD", "EXPAND_DIMS", "MUL", "NEG", "RESHAPE", "SQUEEZE", "SUB", "TILE", "REVERSE_V2"), ()),
    **dict.fromkeys(
        (
            *("ABS", "CONCATENATION", "ELU", "EXP", "GELU", "HARD_SWISH", "LEAKY_RELU", "LOG", "LOGISTIC"),
            *("MIRROR_PAD", "PACK", "PAD", "PADV2", "PRELU", "QUANTIZE", "REDUCE_MAX", "REDUCE_MIN", "RELU", "RELU6"),
            *("RELU_0_TO_1", "RELU_N1_TO_1", "RSQRT", "SLICE", "SPLIT", "SPLIT_V", "SQUARED_DIFFERENCE", "SUM", "TANH"),
            *("TRANSPOSE", "UNIDIRECTIONAL_SEQUENCE_LSTM", "UNPACK"),
        ),
        (_NARROW,),
    ),
    "ARG_MAX": (Limit("the depth may be 127 at most", lambda n: _first(n).shape[-1] > 127),),
    "AVERAGE_POOL_2D": (_NARROW, _STRIDE, _WIDEST, _PADDED),
    "BATCH_MATMUL": (Limit("of int8 only", lambda n: _first(n).type != "INT8"),),
    "CONV_2D": (_NARROW, _STRIDE),
    "DEPTHWISE_CONV_2D": (_NARROW, Limit("strides must be 1 to 3", lambda n: max(_strides(n)) > 3)),
    "FULLY_CONNECTED": (_NARROW,),
    "MAXIMUM": (_NARROW, _GRID),
    "MAX_POOL_2D": (_NARROW, _STRIDE, _WIDEST),
    "MEAN": (_NARROW, Limit("over the depth only where height, width or depth is 1", lambda n: not _depth_alone(n))),
    "MINIMUM": (_NARROW, _GRID),
    "RESIZE_BILINEAR": (
        _NARROW,
        Limit("height and width must grow alike, by 2 with half-pixel centers, else by 2, 4 or 8", _not_resized),
    ),
    "RESIZE_NEAREST_NEIGHBOR": (
        _NARROW,
        Limit("height and width must grow alike, by 2, 4 or 8", lambda n: not _enlarges(n, (2, 4, 8))),
    ),
    "SOFTMAX": (_NARROW, _ROWS),
    "STRIDED_SLICE": (
        _NARROW,
        Limit(
            "strides must not be negative",
            lambda n: n.inputs[3] is None or n.inputs[3].data is None or bool((n.inputs[3].data < 0).any()),
        ),
    ),
    "TRANSPOSE_CONV": (_NARROW, Limit("strides must be 1x1 or 2x2 (or 2x1 along a single row)", _strides_refused)),
}
