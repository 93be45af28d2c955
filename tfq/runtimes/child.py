"""The parent's end of a child process: started when needed, reused, ended at a time limit, replaced after a death."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import Any, cast

import numpy as np

from tfq.runtimes.errors import RuntimeDied
from tfq.runtimes.frames import receive, send

Reply = tuple[dict[str, Any], list[np.ndarray]]


class Child:
    """One runtime's process, used by one thread at a time (hold `lock`)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = threading.RLock()
        self.process: subprocess.Popen | None = None
        self.answered = 0  # replies of the present process

    def ask(self, fields: dict[str, Any], arrays: Sequence[np.ndarray], begin: float, timeout: float) -> Reply:
        """Sends one request and waits for its reply until `timeout` seconds after `begin`, on time.monotonic's clock.

        Raises: RuntimeDied, after which the next request starts a new process.
        """
        process = self._started()
        left = max(begin + timeout - time.monotonic(), 0.0)
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(left, end)
        timer.daemon = True
        timer.start()
        try:
            requests, replies = _pipes(process)
            send(requests, {**fields, "limit": left}, arrays)
            reply = receive(replies)
        except (OSError, EOFError):
            raise RuntimeDied(self._obituary(process, timeout if late.is_set() else None)) from None
        except BaseException:
            self.stop()  # Ctrl-C: half a message may be in the pipe
            raise
        finally:
            timer.cancel()
            timer.join()
        if late.is_set():
            self.stop()
        self.answered += 1
        return reply

    def said(self) -> str:
        """What the runtime has written to its standard output and error since the last call."""
        if self.process is None:
            return ""
        self._log.seek(0)
        text = self._log.read().decode("utf-8", "replace")
        self._log.seek(0)
        self._log.truncate()
        lines = dict.fromkeys(line.strip() for line in text.splitlines())
        return " | ".join(line for line in lines if line and not line.startswith("INFO:"))

    def stop(self) -> None:
        """Ends the process at once; nothing happens where there is none."""
        if self.process is not None:
            process, self.process = self.process, None
            process.kill()
            process.wait()
            self._close(process)

    def forget(self) -> None:
        """For a forked copy of the parent: lets go of a process that is not its own."""
        self.lock = threading.RLock()  # another thread may hold the old one for ever
        if self.process is not None:
            process, self.process = self.process, None
            self._close(process)

    def _close(self, process: subprocess.Popen) -> None:
        self.answered = 0
        for pipe in _pipes(process):
            pipe.close()
        self._log.close()

    def _started(self) -> subprocess.Popen:
        if self.process is not None and self.process.poll() is None:
            return self.process
        self.stop()
        self._log = tempfile.TemporaryFile()
        # The child finds what this process would import, and nothing from the current directory besides.
        path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tfq.runtimes.worker", self.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            bufsize=0,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        )
        return self.process

    def _obituary(self, process: subprocess.Popen, limit: float | None) -> str:
        try:
            code = process.wait(5)
        except subprocess.TimeoutExpired:
            code = None
        words = self.said()
        self.stop()
        if limit is None:
            what = f"died ({_ending(code)})"
        else:
            what = f"gave no answer within {limit:g} s and was ended; pass a larger timeout or fewer samples"
        return f"{self.name}: the runtime {what}{'; its last words: ' + words[-500:] if words else ''}"


def _pipes(process: subprocess.Popen) -> tuple[FileIO, FileIO]:
    return cast(FileIO, process.stdin), cast(FileIO, process.stdout)


def _ending(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


_children: dict[str, Child] = {}


def child_for(name: str) -> Child:
    """This process's child for a runtime."""
    return _children.setdefault(name, Child(name))


@atexit.register
def stop_all() -> None:
    """Ends every child of this process."""
    for child in _children.values():
        child.stop()


def _forget_all() -> None:
    for child in _children.values():
        child.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
