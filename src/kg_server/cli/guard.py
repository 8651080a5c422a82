"""Guard of commands: a child process with limits of memory and time, and one message at its end."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kg_server.processes import (
    address_space,
    die_with_parent,
    free_bytes,
    limit_address_space,
    say,
)

_GUARDED = "KG_SERVER_GUARDED"
"""Set in the environment of the child, to its process id."""


def run(work: Callable[[], int]) -> int:
    """Do work in a forked child, and return its exit code; 2 if a limit ended it.

    The child may use three quarters of the free memory. Parsers have no limit of their own, and
    when memory is short, the kernel may kill any other program.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        die_with_parent(parent)
        os.environ[_GUARDED] = str(os.getpid())
        signal.signal(signal.SIGINT, _leave)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        limit_address_space(address_space() + free_bytes() * 3 // 4)
        os._exit(_flushed(work))
    interrupt = signal.signal(signal.SIGINT, lambda *_: _interrupt(pid))  # the child says 130
    try:
        _, status = os.waitpid(pid, 0)
    finally:
        signal.signal(signal.SIGINT, interrupt)
    if os.WIFEXITED(status):
        return os.WEXITSTATUS(status)
    if os.WTERMSIG(status) == signal.SIGINT:
        return 130
    _tidy(pid)
    sys.stderr.write(f"kg-server: {_why_ended(os.WTERMSIG(status))}\n")
    return 2


def end_in(seconds: float) -> None:
    """Let the kernel end the command after some seconds; without a guard, do nothing."""
    if os.environ.get(_GUARDED) == str(os.getpid()):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _tidy(pid: int) -> None:
    """Remove the temporary folders of a child that was ended before it could do so."""
    for folder in Path(tempfile.gettempdir()).glob(f"kg-server-{pid}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def end_at_once_by_ctrl_c() -> None:
    """Let Ctrl-C end the command at once, because Python waits until the engine has finished."""
    if os.environ.get(_GUARDED) == str(os.getpid()):
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _leave(*_: object) -> None:
    """End the work at a Ctrl-C, and the process at a second one, without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise KeyboardInterrupt


def _interrupt(child: int) -> None:
    """Send SIGINT on to the child, unless a terminal already sent it to both."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        _signal(child)
        return
    in_front = os.tcgetpgrp(terminal) == os.getpgrp()
    os.close(terminal)
    if not in_front:
        _signal(child)


def _signal(child: int) -> None:
    with suppress(ProcessLookupError):  # it has ended
        os.kill(child, signal.SIGINT)


def _flushed(work: Callable[[], int]) -> int:
    try:
        code = work()
    except MemoryError:
        os.kill(os.getpid(), signal.SIGABRT)  # like the parsers in C and Rust
        raise
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        return 141
    except KeyboardInterrupt:
        return 130
    except OSError as error:  # a full disk
        say(f"kg-server: {unwritable(error)}\n")
        return 2
    return code


def unwritable(error: OSError) -> str:
    """Say that the output could not be written, to a full disk for example."""
    return f"the output cannot be written: {error.strerror}"


def _why_ended(by: int) -> str:
    if by == signal.SIGALRM:
        return "the command was stopped at its deadline; --timeout SECONDS gives it more time"
    if by in (signal.SIGABRT, signal.SIGKILL):
        return "the command needed more memory than this machine has free; nothing was written"
    if by == signal.SIGSEGV:
        return "a file is nested too deeply to be read; nothing was written"
    return f"the command was ended by the signal {signal.Signals(by).name}"
