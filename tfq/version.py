"""The version of tfq; the package, the files it writes and the build all read it here."""

__version__ = "0.1.0"
