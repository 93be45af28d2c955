"""Errors that a user can cause. Each message says where, what was expected, what was received, and the way out."""


class TfqError(Exception):
    """Anything a user can cause and mend: bad input, a bad file, a range that has seen no data."""

    _keras_call_info_injected = True  # Keras then passes the message on as it is


class Unsupported(TfqError):
    """A layer, op, type or option that tfq does not handle; the message names every offender at once."""
