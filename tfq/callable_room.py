"""Packages that are functions too: `tfq.export(model)` and `tfq.export.some_module` both work.

Importing anything below `tfq.export` binds the package to the attribute `tfq.export`, over whatever stood there. So a
function of that name cannot live in the attribute; the package itself answers calls instead, whatever was imported
first. The plain function stays at hand as `tfq.export.export`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


class CallableRoom(ModuleType):
    """A package that passes calls on to one function (`__wrapped__`, where `inspect.signature` looks as well)."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function returns."""
        return self.__wrapped__(*args, **kwargs)


def make_callable(package: str, function: Callable[..., Any]) -> None:
    """Let calls to `package`, a name in `sys.modules`, reach `function`; the last line of the package's __init__."""
    room = sys.modules[package]
    room.__class__ = CallableRoom
    room.__dict__.update(__wrapped__=function, __doc__=function.__doc__)
