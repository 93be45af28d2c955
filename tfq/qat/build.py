"""quantize: the planned network as a Keras model of tfq layers on fresh inputs, with copies of the trained weights."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from tfq.errors import TfqError, Unsupported
from tfq.qat.base import QuantizedLayer
from tfq.qat.binary import QuantizedBinary
from tfq.qat.borders import Borders, grid_of
from tfq.qat.capture import Value, capture
from tfq.qat.depth import deep_graphs
from tfq.qat.elementwise import (
    QuantizedActivation,
    QuantizedInput,
    QuantizedRelu,
    QuantizedRelu6,
    QuantizedScale,
    Requantize,
)
from tfq.qat.embedding import QuantizedEmbedding
from tfq.qat.equalize import equalize
from tfq.qat.kernels import QuantizedConv2D, QuantizedConv2DTranspose, QuantizedDense, QuantizedDepthwiseConv2D
from tfq.qat.masking import QuantizedMask
from tfq.qat.matmul import QuantizedBatchMatMul
from tfq.qat.movement import (
    QuantizedAveragePool,
    QuantizedConcatenate,
    QuantizedDropout,
    QuantizedExtreme,
    QuantizedMaxPool,
    QuantizedMean,
    SharedRangeLayer,
)
from tfq.qat.moves import MOVES, QuantizedMove
from tfq.qat.part import Part, numpy_weights
from tfq.qat.plan import Plan, free_name, make_plan
from tfq.qat.prelu import QuantizedPrelu
from tfq.qat.resizing import QuantizedResizeBilinear
from tfq.qat.rules import known
from tfq.qat.selection import QuantizedComparison, QuantizedLogic, QuantizedSelect
from tfq.qat.table import QuantizedTable
from tfq.qat.weighted import WeightedLayer
from tfq.qat.wide_table import QuantizedWideTable
from tfq.qat.widths import input_width, width_of
from tfq.recipe import Recipe


def plan(model: Any, recipe: Recipe | None = None) -> Plan:
    """What `quantize` would do with this model, printable. Raises as `quantize` does."""
    if recipe is not None and not isinstance(recipe, Recipe):
        received = type(recipe).__name__
        raise TfqError(f"recipe must be a tfq.Recipe, received {received}; read a file with tfq.Recipe.load(path)")
    graph = capture(model, known)
    if any(isinstance(call.layer, QuantizedLayer) for call in graph.calls):
        raise TfqError(f"model {model.name!r} is quantized already; give quantize the float model")
    planned = make_plan(graph, recipe or Recipe())
    _require_finite(planned)
    equalize(planned)
    return planned


def quantize(model: Any, recipe: Recipe | None = None) -> Any:
    """A quantization-aware Keras model with the weights, names and structure of a float one, which stays as it is.

    Args: model: functional or Sequential, built. recipe: see `tfq.Recipe`.

    Train it with `fit`, or only call `tfq.calibrate`; then its predict gives the integers of the exported file.

    Raises:
        Unsupported: naming every layer that has no int8 form.
        TfqError: not a built Keras model, or weights that are not finite.
    """
    planned = plan(model, recipe)
    for note in planned.notes:
        print(f"tfq: {note}", file=sys.stderr)
    return _build(planned, model.name)


def _require_finite(planned: Plan) -> None:
    weights = [(p.name, w) for p in planned.parts for w in numpy_weights(p) + numpy_weights(p, norm=True)]
    bad = dict.fromkeys(name for name, w in weights if not np.all(np.isfinite(w)))
    if bad:
        raise TfqError(f"layer {', '.join(map(repr, bad))}: weights hold NaN or infinity; train the float model anew")


def _build(planned: Plan, name: str) -> Any:
    tensors: dict[Value, Any] = {}
    graph = planned.graph
    taken = {part.name for part in planned.parts} | set(graph.input_names)
    inputs = []
    for value, input_name in zip(graph.inputs, graph.input_names, strict=True):
        whole = value.dtype.startswith("int")
        tensor = keras.Input(
            batch_shape=(None, *value.shape[1:]), dtype="int32" if whole else "float32", name=input_name
        )
        inputs.append(tensor)
        if not whole:
            own_name = free_name(f"{input_name}_quantized", taken)
            bits = planned.recipe.bits_of("activation_bits", input_name)
            tensor = QuantizedInput(recipe=planned.recipe, bits=bits, name=own_name)(tensor)
        tensors[value] = tensor
    shared: dict[Any, Any] = {}
    borders = Borders(planned, taken)
    for part in planned.parts:
        sources = [tensors[value] for value in part.inputs]
        if part.kind == "identity":
            tensors[part.output] = sources[0]
            continue
        tensors[part.output] = _called(part, sources, planned, shared, borders)
    outputs = [tensors[value] for value in graph.outputs]
    pack = keras.tree.pack_sequence_as
    # A list of one input would make Keras warn whenever an array is passed.
    entry = inputs[0] if isinstance(graph.input_structure, list) and len(inputs) == 1 else None
    entry = pack(graph.input_structure, inputs) if entry is None else entry
    with deep_graphs():
        return keras.Model(entry, pack(graph.output_structure, outputs), name=name)


def _called(part: Part, sources: list[Any], planned: Plan, shared: dict[Any, Any], borders: Borders) -> Any:
    """The part's layer, called on its sources; the first of a shared layer makes it, the others call it again."""
    single = len(sources) == 1 and part.kind != "concatenate"
    if part.share in shared:
        layer, calls = shared[part.share]
        shared[part.share] = layer, calls + 1
        sources = _of_width(part, layer, sources, planned.recipe, borders)
        return layer(sources[0] if single else sources, site=calls)
    layer = MAKERS[part.kind](part, planned.recipe)
    layer.set_width(width_of(part, layer, planned.recipe))
    if isinstance(layer, WeightedLayer):
        layer.weight_bits = planned.recipe.bits_of("weight_bits", *part.names)
    layer.sites = sum(other.share == part.share for other in planned.parts) if part.share is not None else 1
    sources = _of_width(part, layer, sources, planned.recipe, borders)
    if isinstance(layer, QuantizedBatchMatMul):
        sources[1] = borders.symmetric(sources[1], f"{part.name}_input_1")
    if part.share is not None:
        shared[part.share] = layer, 1
    made = layer(sources[0] if single else sources, **({} if part.share is None else {"site": 0}))
    if isinstance(layer, (QuantizedBinary, QuantizedMask)) and part.weights is not None:
        layer.constant.assign(part.weights[0])
    return made


def _of_width(part: Part, layer: Any, sources: list[Any], recipe: Recipe, borders: Borders) -> list[Any]:
    """The sources in integers of the width that the part takes, on one range where it shares one.

    A float layer takes them as they are.
    """
    if layer.is_float:
        return sources
    width = input_width(part, layer, recipe)
    wanted = width or recipe.bits_of("activation_bits", *part.names)
    sources = [borders.quantized(x, wanted) for x in sources]
    joined = 0
    if isinstance(layer, SharedRangeLayer) and len({grid_of(x) for x in sources}) > 1:
        joined = len(sources[: layer.sharing])
    found = []
    for i, (x, value) in enumerate(zip(sources, part.inputs, strict=True)):
        name = f"{part.name}_input_{i}"
        if i < joined:
            x = borders.shareable(x, value, layer.bits, name)
        elif width is not None:
            x = borders.of_width(x, width, name)
        found.append(x)
    return found


def _copy(layer: Any, weights: list[np.ndarray] | None, **changes: Any) -> Any:
    """A Keras layer like this one, with its weights, sharing nothing with it."""
    try:
        clone = type(layer).from_config({**layer.get_config(), **changes})
    except (TypeError, ValueError) as error:  # some of Keras's own layers do not take their own config back
        raise Unsupported(
            f"layer {layer.name!r} ({type(layer).__name__}): its own get_config does not make it again ({error}); "
            "leave it out of the model, or give it arguments that survive saving"
        ) from error
    if layer.built:
        clone.build_from_config(layer.get_build_config())
    clone.trainable = layer.trainable
    values = weights if weights is not None else [keras.ops.convert_to_numpy(w) for w in layer.weights]
    if values:
        clone.set_weights(values)
    return clone


def _weighted(cls: type) -> Callable[[Part, Recipe], Any]:
    def make(part: Part, recipe: Recipe) -> Any:
        inner = _bare_copy(part)
        norm = None if part.batch_norm is None else _copy(part.batch_norm, part.norm_weights)
        settings = {"activation": part.activation, **part.settings}
        if part.input_map is not None:
            settings["input_map"] = _built_copy(part.input_map)
        return cls(inner=inner, batch_norm=norm, recipe=recipe, name=part.name, **settings)

    return make


def _bare_copy(part: Part) -> Any:
    """The weighted layer without its activation, regularizers kept; built here if the plan made it."""
    layer = part.layer
    if not layer.built:
        layer.build(part.inputs[0].shape)
    return _copy(layer, part.weights, activation="linear")


def _scale(part: Part, recipe: Recipe) -> Any:
    return QuantizedScale(inner=_built_copy(part), activation=part.activation, recipe=recipe, name=part.name)


def _built_copy(part: Part) -> Any:
    if not part.layer.built:
        part.layer.build(part.inputs[0].shape)
    return _copy(part.layer, part.weights)


def _with_inner(cls: type) -> Callable[[Part, Recipe], Any]:
    return lambda part, recipe: cls(inner=_copy(part.layer, None, dtype="float32"), recipe=recipe, name=part.name)


def _plain(cls: type) -> Callable[[Part, Recipe], Any]:
    return lambda part, recipe: cls(recipe=recipe, name=part.name, **part.settings)


def _binary(part: Part, recipe: Recipe) -> Any:
    return QuantizedBinary(kind=part.kind, activation=part.activation, recipe=recipe, name=part.name, **part.settings)


def _move(part: Part, recipe: Recipe) -> Any:
    return QuantizedMove(kind=part.kind, settings=part.settings, recipe=recipe, name=part.name)


def _of_kind(cls: type) -> Callable[[Part, Recipe], Any]:
    return lambda part, recipe: cls(kind=part.kind, recipe=recipe, name=part.name)


def _prelu(part: Part, recipe: Recipe) -> Any:
    return QuantizedPrelu(inner=_copy(part.layer, part.weights, dtype="float32"), recipe=recipe, name=part.name)


MAKERS: dict[str, Callable[[Part, Recipe], Any]] = {
    "conv_2d": _weighted(QuantizedConv2D),
    "conv_2d_transpose": _weighted(QuantizedConv2DTranspose),
    "depthwise_conv_2d": _weighted(QuantizedDepthwiseConv2D),
    "dense": _weighted(QuantizedDense),
    "scale": _scale,
    "embedding": lambda part, recipe: QuantizedEmbedding(
        inner=_copy(part.layer, part.weights, dtype="float32"), recipe=recipe, name=part.name
    ),
    "add": _binary,
    "subtract": _binary,
    "multiply": _binary,
    "maximum": _of_kind(QuantizedExtreme),
    "minimum": _of_kind(QuantizedExtreme),
    "batch_matmul": _plain(QuantizedBatchMatMul),
    **dict.fromkeys(
        ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"), _of_kind(QuantizedComparison)
    ),
    "logical_and": _of_kind(QuantizedLogic),
    "logical_or": _of_kind(QuantizedLogic),
    "select": _plain(QuantizedSelect),
    "prelu": _prelu,
    "table": _plain(QuantizedTable),
    "wide_table": _plain(QuantizedWideTable),
    "requantize": _plain(Requantize),
    "mask": _plain(QuantizedMask),
    "activation": _plain(QuantizedActivation),
    "relu": _plain(QuantizedRelu),
    "relu6": _plain(QuantizedRelu6),
    "mean": _plain(QuantizedMean),
    "concatenate": _plain(QuantizedConcatenate),
    "dropout": _with_inner(QuantizedDropout),
    "max_pool": _with_inner(QuantizedMaxPool),
    "average_pool": _with_inner(QuantizedAveragePool),
    "resize_bilinear": _plain(QuantizedResizeBilinear),
    **dict.fromkeys(MOVES, _move),
}
