"""The float32 logarithm of glibc (logf, 2.27 and later), which LiteRT's float kernels call.

x = 2**k * z with z in [0.699, 1.398), split into 16 parts; log(x) = k * log(2) + log(c) + p(z / c - 1) with c near the
middle of z's part and p of degree 3, in float64 throughout, rounded once. float64's own logarithm, rounded to float32,
parts from it on 1 argument in 800.

Source: glibc sysdeps/ieee754/flt-32/e_logf.c, e_logf_data.c (ARM-software/optimized-routines math/logf.c).
"""

from __future__ import annotations

import numpy as np

_LOWEST = 0.69921875
_LOG_2 = float.fromhex("0x1.62e42fefa39efp-1")
_POLYNOMIAL = tuple(
    float.fromhex(c) for c in ("-0x1.00ea348b88334p-2", "0x1.5575b0be00b6ap-2", "-0x1.ffffef20a4123p-2")
)
# 1 / c and log(c) of each part.
_PARTS = (
    ("0x1.661ec79f8f3bep+0", "-0x1.57bf7808caadep-2"),
    ("0x1.571ed4aaf883dp+0", "-0x1.2bef0a7c06ddbp-2"),
    ("0x1.49539f0f010bp+0", "-0x1.01eae7f513a67p-2"),
    ("0x1.3c995b0b80385p+0", "-0x1.b31d8a68224e9p-3"),
    ("0x1.30d190c8864a5p+0", "-0x1.6574f0ac07758p-3"),
    ("0x1.25e227b0b8eap+0", "-0x1.1aa2bc79c81p-3"),
    ("0x1.1bb4a4a1a343fp+0", "-0x1.a4e76ce8c0e5ep-4"),
    ("0x1.12358f08ae5bap+0", "-0x1.1973c5a611cccp-4"),
    ("0x1.0953f419900a7p+0", "-0x1.252f438e10c1ep-5"),
    ("0x1p+0", "0x0p+0"),
    ("0x1.e608cfd9a47acp-1", "0x1.aa5aa5df25984p-5"),
    ("0x1.ca4b31f026aap-1", "0x1.c5e53aa362eb4p-4"),
    ("0x1.b2036576afce6p-1", "0x1.526e57720db08p-3"),
    ("0x1.9c2d163a1aa2dp-1", "0x1.bc2860d22477p-3"),
    ("0x1.886e6037841edp-1", "0x1.1058bc8a07ee1p-2"),
    ("0x1.767dcf5534862p-1", "0x1.4043057b6ee09p-2"),
)
_RECIPROCALS, _LOGARITHMS = np.array([[float.fromhex(number) for number in part] for part in _PARTS]).T


def log(xp, x):
    """log(x), float32, of positive normal float32 x."""
    fraction, exponent = xp.frexp(x)
    low = fraction < _LOWEST
    z = xp.where(low, fraction * 2, fraction)
    k = xp.cast(exponent, "float64") - xp.cast(low, "float64")
    # float32's bits above those of 0.699: parts are 2**19 of them, twice as wide from 1 on.
    bits = xp.where(z < 1, (z - 0.5) * 2**24, (z - 1) * 2**23 + 2**23) - (_LOWEST - 0.5) * 2**24
    part = xp.cast(xp.floor(bits * 2.0**-19), "int32")
    r = xp.cast(z, "float64") * xp.take(xp.asarray(_RECIPROCALS, "float64"), part) - 1
    whole = k * _LOG_2 + xp.take(xp.asarray(_LOGARITHMS, "float64"), part)
    square = r * r
    tail = square * _POLYNOMIAL[0] + (r * _POLYNOMIAL[1] + _POLYNOMIAL[2])
    return xp.cast(tail * square + (whole + r), "float32")
