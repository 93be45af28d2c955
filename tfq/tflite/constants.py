"""Constant tensors between the file's bytes and numpy arrays."""

from __future__ import annotations

import math

import numpy as np

from tfq.errors import TfqError
from tfq.tflite.model import NUMPY_TYPES

# Bits of the types that share a byte: first value in the lowest bits, row-major over the flat tensor, the end padded.
# Source: google-ai-edge/LiteRT tflite/kernels/internal/portable_tensor_utils.cc UnpackPackedIntToInt8.
SUB_BYTE = {"INT4": 4, "UINT4": 4, "INT2": 2}


def sub_byte_range(type_: str) -> tuple[int, int]:
    """Lowest and highest value of a sub-byte type."""
    bits = SUB_BYTE[type_]
    return (0, 2**bits - 1) if type_.startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def stored_size(shape: tuple[int, ...], type_: str) -> int | None:
    """Bytes that a tensor takes in the file; None for types without a fixed size (STRING, RESOURCE, VARIANT)."""
    count = math.prod(shape)
    if type_ in SUB_BYTE:
        return -(-count * SUB_BYTE[type_] // 8)
    if type_ in NUMPY_TYPES:
        return count * np.dtype(NUMPY_TYPES[type_]).itemsize
    return {"BFLOAT16": 2 * count, "FLOAT8_E4M3FN": count, "FLOAT8_E5M2": count}.get(type_)


def unpack(raw: np.ndarray, count: int, type_: str) -> np.ndarray:
    """Values of a sub-byte type, one an int8 or uint8 element. raw: uint8 [stored bytes] -> [count]."""
    bits = SUB_BYTE[type_]
    per_byte = 8 // bits
    values = np.empty((raw.size, per_byte), np.uint8)
    for place in range(per_byte):
        # To the top of the byte, and back: with the sign where there is one.
        values[:, place] = raw << (8 - bits * (place + 1))
    values = values.view(NUMPY_TYPES[type_])
    values >>= 8 - bits
    return values.reshape(-1)[:count]


def pack(values: np.ndarray, type_: str) -> np.ndarray:
    """The inverse of `unpack`: one value an element -> uint8 [stored bytes]. Raises TfqError on values out of range."""
    low, high = sub_byte_range(type_)
    if values.size and (values.min() < low or values.max() > high):
        raise TfqError(f"its values are {values.min()} to {values.max()}, {type_} holds {low} to {high}")
    bits = SUB_BYTE[type_]
    per_byte = 8 // bits
    packed = np.zeros(-(-values.size // per_byte), np.uint8)
    low_bits = values.reshape(-1).view(np.uint8) & ((1 << bits) - 1)
    for place in range(per_byte):
        column = low_bits[place::per_byte]
        packed[: column.size] |= column << (bits * place)
    return packed
