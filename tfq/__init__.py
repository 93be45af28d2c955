"""tfq: Keras 3 networks to int8 TensorFlow Lite, trained and proved in the integers that ship.

Every public name is fetched when it is first asked for (PEP 562), so that `import tfq` costs nothing and imports
neither TensorFlow nor Keras. `tfq.export` and `tfq.parity` are packages that can be called (tfq/callable_room.py).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tfq.errors import TfqError, Unsupported
from tfq.version import __version__

if TYPE_CHECKING:
    from tfq import callbacks
    from tfq.export import export
    from tfq.interpreter import Interpreter
    from tfq.legacy import from_tfmot, load_legacy
    from tfq.parity import parity
    from tfq.qat import calibrate, load, plan, quantize
    from tfq.recipe import Recipe

__all__ = [
    "Interpreter",
    "Recipe",
    "TfqError",
    "Unsupported",
    "__version__",
    "calibrate",
    "callbacks",
    "export",
    "from_tfmot",
    "load",
    "load_legacy",
    "parity",
    "plan",
    "quantize",
]

# Where each public name lives: a module and the name in it; a module alone is itself what the name stands for.
_HOMES: dict[str, tuple[str, str | None]] = {
    "Interpreter": ("tfq.interpreter", "Interpreter"),
    "Recipe": ("tfq.recipe", "Recipe"),
    "calibrate": ("tfq.qat", "calibrate"),
    "callbacks": ("tfq.callbacks", None),
    "export": ("tfq.export", None),
    "from_tfmot": ("tfq.legacy", "from_tfmot"),
    "load": ("tfq.qat", "load"),
    "load_legacy": ("tfq.legacy", "load_legacy"),
    "parity": ("tfq.parity", None),
    "plan": ("tfq.qat", "plan"),
    "quantize": ("tfq.qat", "quantize"),
}


def __getattr__(name: str) -> Any:
    """Fetch a public name from its home and keep it here."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tfq' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    home = import_module(module)
    value = home if attribute is None else getattr(home, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, fetched or not."""
    return sorted(set(globals()) | set(__all__))
