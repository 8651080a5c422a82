"""Guard of commands that read files of others: memory, time, and an end in one message."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from kg_server.processes import address_space, die_with_parent, free_bytes, say

_GUARDED = "KG_SERVER_GUARDED"
"""Set in the environment of the child, to its process id."""


def run(work: Callable[[], int]) -> int:
    """Do work in a child, and return its exit code; 2 where a limit ended it.

    The child may take three quarters of the memory that is free. Parsers of others allocate
    without asking, and the kernel's own answer to a full machine is to kill something else.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        die_with_parent(parent)
        os.environ[_GUARDED] = str(os.getpid())
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        most = address_space() + free_bytes() * 3 // 4
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
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
    sys.stderr.write(f"kg-server: {_why_ended(os.WTERMSIG(status))}\n")
    return 2


def end_in(seconds: float) -> None:
    """Have the kernel end the command after a time; outside of a guard, nothing happens."""
    if os.environ.get(_GUARDED) == str(os.getpid()):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def end_at_once_by_ctrl_c() -> None:
    """Have the kernel end the command at Ctrl-C: the engine returns to Python only when done."""
    if os.environ.get(_GUARDED) == str(os.getpid()):
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(child: int) -> None:
    """Pass an interrupt on, unless it comes from a terminal, which sends it to the child itself."""
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
        os.kill(os.getpid(), signal.SIGABRT)  # as the parsers do, which are not Python
        raise
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        return 141
    except OSError as error:  # a full disk
        say(f"kg-server: {unwritable(error)}\n")
        return 2
    return code


def unwritable(error: OSError) -> str:
    """Say that the output could not be written, to a full disk for example."""
    return f"the output cannot be written: {error.strerror}"


def _why_ended(by: int) -> str:
    if by == signal.SIGALRM:
        return "the command was stopped at its deadline (--timeout)"
    if by in (signal.SIGABRT, signal.SIGKILL):
        return "the command needed more memory than this machine has free; nothing was written"
    if by == signal.SIGSEGV:
        return "a file is nested too deeply to be read; nothing was written"
    return f"the command was ended by the signal {signal.Signals(by).name}"
