"""Work in a child process, which can open nothing if so wished, and ends at a deadline."""

from __future__ import annotations

import os
import pickle
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kg_server.errors import ProjectFault


@dataclass(frozen=True, slots=True)
class Child:
    """A running child: its process id, and the pipe that brings its result."""

    pid: int
    pipe: int


def start(work: Callable[[], object], *, sealed: bool = True) -> Child:
    """Start work in a forked child.

    Its result must be picklable; a ``ProjectFault`` that it raises is raised by ``result``.

    Args:
        work: what is done.
        sealed: whether it can open no socket and no file.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Child(pid, reading)
    try:
        os.close(reading)  # so that writing fails, and does not wait, when the parent is gone
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if sealed:
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        content = pickle.dumps(_outcome(work))
        while content:
            content = content[os.write(writing, content) :]
    finally:
        os._exit(0)


def result(child: Child, until: float, late: str) -> Any:
    """Wait for a child's result.

    Args:
        child: what ``start`` gave.
        until: when it is given up and killed, in seconds of the monotonic clock.
        late: the message of the fault then.

    Raises:
        ProjectFault: the work raised it, ended without a result, or took too long.
    """
    content = b""
    try:
        while received := _read(child.pipe, until):
            content += received
    except TimeoutError as error:
        os.kill(child.pid, signal.SIGKILL)
        raise ProjectFault(late) from error
    finally:
        os.close(child.pipe)
        os.waitpid(child.pid, 0)
    if not content:
        raise ProjectFault("a process ended without a result; was there too little memory?")
    outcome = pickle.loads(content)  # noqa: S301  # from our own child
    if isinstance(outcome, _Fault):
        raise ProjectFault(outcome.message)
    return outcome


@dataclass(frozen=True, slots=True)
class _Fault:
    message: str


def _outcome(work: Callable[[], object]) -> object:
    try:
        return work()
    except ProjectFault as fault:
        return _Fault(str(fault))
    except Exception as error:  # noqa: BLE001  # whatever it is, the parent must hear of it
        return _Fault(f"a process failed: {type(error).__name__}: {error}")


def _read(pipe: int, until: float) -> bytes:
    if not select.select([pipe], [], [], max(0.0, until - time.monotonic()))[0]:
        raise TimeoutError
    return os.read(pipe, 1 << 20)
