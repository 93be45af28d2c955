"""Operator options between the schema's tables and plain dicts: snake_case fields, enums by name, vectors as tuples.

Which options table an op takes is not in the schema: it is what the converter writes and the kernels parse.
Source: google-ai-edge/LiteRT tflite/core/api/flatbuffer_conversions.cc.
"""

from __future__ import annotations

import functools
import numbers
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfq.errors import TfqError, Unsupported
from tfq.tflite import flat


def names(enum: type) -> dict[int, str]:
    """Value -> name of a schema enum."""
    return {value: name for name, value in vars(enum).items() if not name.startswith("_")}


BUILTINS = names(schema.BuiltinOperator)
_UNIONS = (("BuiltinOptions", names(schema.BuiltinOptions)), ("BuiltinOptions2", names(schema.BuiltinOptions2)))

# Every other op's table is its own name: CONV_2D -> Conv2DOptions.
_SHARED_TABLES = {
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "CONV_3D_TRANSPOSE": "Conv3DOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_ANY": "ReducerOptions",
    "REDUCE_ALL": "ReducerOptions",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions",
    "RANDOM_STANDARD_NORMAL": "RandomOptions",
    "RANDOM_UNIFORM": "RandomOptions",
    "MULTINOMIAL": "RandomOptions",
}

# The generated module keeps enum fields as plain integers, so the enum of each is named here.
_ENUMS = {
    "padding": schema.Padding,
    "fused_activation_function": schema.ActivationFunctionType,
    "quantized_bias_type": schema.TensorType,
    "in_data_type": schema.TensorType,
    "out_data_type": schema.TensorType,
    "output_type": schema.TensorType,
    "out_type": schema.TensorType,
    "idx_out_type": schema.TensorType,
    "key_dtype": schema.TensorType,
    "value_dtype": schema.TensorType,
    "weights_format": schema.FullyConnectedOptionsWeightsFormat,
    "kernel_type": schema.LSTMKernelType,
    "combiner": schema.CombinerType,
    "type": schema.LSHProjectionType,
    "mode": schema.MirrorPadMode,
    "reduce_function": schema.ReduceWindowFunction,
    "comparison_direction": schema.StablehloComparisonDirection,
    "compare_type": schema.StablehloComparisonType,
    "algorithm": schema.RngAlgorithm,
    "composite_attributes_format": schema.CustomOptionsFormat,
}
_NOT_ENUMS = {("StablehloConvolutionOptions", "padding"), ("StablehloReduceWindowOptions", "padding")}
_BYTES = {"composite_attributes", "custom_attributes", "quant_spec"}


@functools.cache
def _tables() -> dict[str, tuple[str, str, int]]:
    """Op name -> (options table, the union field that holds it, its number in that union)."""
    found = {name: (name, field, value) for field, members in _UNIONS for value, name in members.items() if value}
    by_sound = {name.lower(): name for name in found}
    rows = {}
    for code in BUILTINS.values():
        name = _SHARED_TABLES.get(code) or by_sound.get(code.replace("_", "").lower() + "options")
        if name:
            rows[code] = found[name]
    return rows


@functools.cache
def fields(table: str) -> Mapping[str, tuple[str, Any]]:
    """Field name -> (the generated object's attribute, the schema's default in our form) of an options table."""
    accessor, rows = getattr(schema, table), {}
    for attribute, default in vars(getattr(schema, table + "T")()).items():
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", attribute).lower()
        if default is None:
            vector = hasattr(accessor, attribute[0].upper() + attribute[1:] + "AsNumpy")
            default = b"" if name in _BYTES else () if vector else ""
        elif enum := _enum(table, name):
            default = enum[default]
        rows[name] = (attribute, default)
    return MappingProxyType(rows)


@functools.cache
def _enum(table: str, field: str) -> dict[int, str] | None:
    return names(_ENUMS[field]) if field in _ENUMS and (table, field) not in _NOT_ENUMS else None


@functools.cache
def defaults(code: str) -> Mapping[str, Any]:
    """What an op's options are where the file says nothing; empty for an op without options."""
    if code not in _tables():
        return MappingProxyType({})
    return MappingProxyType({name: default for name, (_, default) in fields(_tables()[code][0]).items()})


def read_options(operator: Any, code: str) -> dict[str, Any]:
    """The options of a guarded schema Operator: every field of its table, from the schema's default if left out.

    Raises TfqError on a table of another op, a number that its enum does not have, a string that is no UTF-8.
    """
    silent = dict(defaults(code))
    if not silent:
        return silent
    table, field, number = _tables()[code]
    held = getattr(operator, field + "Type")()
    if held == 0:
        return silent
    if held != number:
        other = dict(_UNIONS)[field].get(held, f"number {held}")
        raise TfqError(f"its options are {other}, expected {table}: {flat.DAMAGED}")
    options = flat.union(operator, field, getattr(schema, table))
    if options is None:
        return silent
    # `_UnPack` only calls the accessors, so each byte comes through the checked table.
    plain = getattr(schema, table + "T")()
    plain._UnPack(options)
    return {name: _value(table, name, getattr(plain, key), default) for name, (key, default) in fields(table).items()}


def _value(table: str, field: str, value: Any, default: Any) -> Any:
    """One field in our form."""
    if value is None:
        return default
    if isinstance(value, np.ndarray):
        return value.tobytes() if isinstance(default, bytes) else tuple(value.tolist())
    if isinstance(value, bytes):
        return flat.text(value, field)
    if enum := _enum(table, field):
        if value not in enum:
            raise TfqError(f"{field} is {value}, expected one of {', '.join(enum.values())}: {flat.DAMAGED}")
        return enum[value]
    return value


def write_options(code: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes for the schema's OperatorT that hold `options`; none for an op without options.

    Raises Unsupported on fields and enum names that the schema does not have.
    """
    known = defaults(code)
    if unknown := sorted(set(options) - set(known)):
        raise Unsupported(f"{code} has no options {', '.join(unknown)}, it has: {', '.join(known) or 'none'}")
    if not known:
        return {}
    table, field, number = _tables()[code]
    plain = getattr(schema, table + "T")()
    for name, value in options.items():
        attribute, default = fields(table)[name]
        setattr(plain, attribute, _stored(table, name, value, default))
    key = field[0].lower() + field[1:]
    return {key + "Type": number, key: plain}


def _stored(table: str, field: str, value: Any, default: Any) -> Any:
    """One field in the generated object's form."""
    if isinstance(default, tuple):
        return list(value) or None
    if isinstance(default, bytes):
        return np.frombuffer(value, np.uint8) if value else None
    if enum := _enum(table, field):
        values = {name: number for number, name in enum.items()}
        if value not in values:
            raise Unsupported(f"{table}.{field} is {value!r}, expected one of {', '.join(values)}")
        return values[value]
    if isinstance(default, str):
        return value or None
    wanted = numbers.Integral if isinstance(default, int) else numbers.Real
    if not isinstance(value, (wanted, np.bool_)):
        raise Unsupported(f"{table}.{field} is {value!r}, expected a value like {default!r}")
    return type(default)(value)
