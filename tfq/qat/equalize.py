"""Cross-layer equalization (Nagel et al. 2019, arXiv:1906.04721, section 4.1), by powers of two: exact in float."""

from __future__ import annotations

from tfq.qat.plan import Plan


def equalize(planned: Plan) -> None:
    """placeholder until written"""
