"""Constant tensors between the file's bytes and numpy arrays."""

from __future__ import annotations

import math

import numpy as np

from tfq.tflite.model import NUMPY_TYPES

# Bits of the types that share a byte: first value in the lowest bits, row-major over the flat tensor, the end padded.
# Source: google-ai-edge/LiteRT tflite/kernels/internal/portable_tensor_utils.cc UnpackPackedIntToInt8.
SUB_BYTE = {"INT4": 4, "UINT4": 4, "INT2": 2}


def stored_size(shape: tuple[int, ...], type_: str) -> int | None:
    """Bytes that a tensor takes in the file; None for types without a fixed size (STRING, RESOURCE, VARIANT)."""
    count = math.prod(shape)
    if type_ in SUB_BYTE:
        return -(-count * SUB_BYTE[type_] // 8)
    if type_ in NUMPY_TYPES:
        return count * np.dtype(NUMPY_TYPES[type_]).itemsize
    return {"BFLOAT16": 2 * count, "FLOAT8_E4M3FN": count, "FLOAT8_E5M2": count}.get(
        type_
    )


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
    """The inverse of `unpack`: one value an element -> uint8 [stored bytes]."""
    bits = SUB_BYTE[type_]
    per_byte = 8 // bits
    padded = np.zeros(-(-values.size // per_byte) * per_byte, np.uint8)
    padded[: values.size] = values.reshape(-1).view(np.uint8) & ((1 << bits) - 1)
    padded = padded.reshape(-1, per_byte)
    packed = np.zeros(len(padded), np.uint8)
    for place in range(per_byte):
        packed |= padded[:, place] << (bits * place)
    return packed
