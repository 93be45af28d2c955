"""Pipelines: from float training to an exported file whose integers are compared with the real runtimes."""

from tfq.train.training import train

__all__ = ["train"]
