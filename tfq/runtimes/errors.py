"""What a real runtime can answer instead of numbers."""

from tfq.errors import TfqError


class RuntimeRefused(TfqError):
    """The runtime would not load or run the file; the message holds the runtime's own reason."""


class RuntimeDied(TfqError):
    """The runtime's process ended (signal, abort) or was ended at its time limit; the message holds its last words."""
