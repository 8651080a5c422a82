"""Child processes for work: with a deadline, and on request without access to files and network."""

from __future__ import annotations

import ctypes
import errno
import gc
import logging
import os
import pickle
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from kg_server import escaping
from kg_server.errors import ProjectFault, Unfinished

log = logging.getLogger("kg_server.server")

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_MALLOC_OPTIONS = ((-1, 1 << 20), (-3, 1 << 18), (-8, 2))
"""Options of mallopt(3): M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX, and their values."""
_PAGE_BYTES = 4096
_ENDED = "a process ended without a result; was there too little memory?"


@dataclass(slots=True)
class Child:
    """A child process: its id, the socket for its result, and whether it has ended."""

    pid: int
    channel: socket.socket
    ended: bool = False

    def give(self, value: object) -> None:
        """Send the argument of the work, which must be picklable."""
        with suppress(OSError):  # the child died; ``result`` reports that
            self.channel.sendall(pickle.dumps(value))

    def ask(self, value: object, until: float, late: str) -> Any:
        """Send a value to a child that ``answering`` started, and return its answer.

        Args:
            value: the value, which must be picklable.
            until: the deadline in seconds of the monotonic clock; then the child is killed.
            late: the message of the fault at the deadline.

        Raises:
            Unfinished: the child ended, or took too long.
            ProjectFault: the work raised it.
        """
        self.give(value)
        self.channel.settimeout(max(until - time.monotonic(), 0.01))
        try:
            with self.channel.makefile("rb") as file:
                outcome = pickle.load(file)  # noqa: S301  # from our own child
        except TimeoutError as error:
            self.end()
            raise Unfinished(late) from error
        except (EOFError, ConnectionError) as error:
            raise Unfinished(_ENDED) from error
        return _unfaulty(outcome)

    def kill(self) -> None:
        """Kill the child if it still runs; a thread that waits for its result wakes up."""
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill the child if it still runs, and wait until it has ended."""
        if not self.ended:
            self.kill()
            self.wait()

    def wait(self) -> None:
        """Wait until the child has ended."""
        self.ended = True
        self.channel.close()
        os.waitpid(self.pid, 0)


def die_with_parent(parent: int) -> None:
    """Let the kernel kill this process when its parent ends (prctl(2), Linux).

    Args:
        parent: the parent's process id, read before the fork; the parent may have ended since.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of all processes further down whose own parent ends (prctl(2), Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def address_space() -> int:
    """Return the size of this process's address space, bytes (proc(5), statm)."""
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123  # no descriptor to spare
        return int(statm.read().split()[0]) * resource.getpagesize()


def limit_address_space(most: int) -> None:
    """Limit the address space of this process, bytes; a lower limit that it has already stays."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def free_bytes() -> int:
    """Return the memory that this process can still get, bytes.

    That is the available memory of the machine (proc(5), meminfo), or less if a control group has a
    limit (cgroup v2).
    """
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    free = [int(each.split()[1]) * 1024 for each in lines if each.startswith("MemAvailable:")]
    with suppress(OSError):
        group = Path("/proc/self/cgroup").read_text("utf-8").rpartition("::/")[2].strip()
        place = Path("/sys/fs/cgroup", group)
        for each in (place, *place.parents):
            with suppress(OSError, ValueError):  # no such limit
                used = int((each / "memory.current").read_text())
                stat = (each / "memory.stat").read_text().split()
                given_back = int(stat[stat.index("inactive_file") + 1])
                free.append(int((each / "memory.max").read_text()) - used + given_back)
    return max(0, min(free, default=1 << 40))


def keep_little() -> None:
    """Let malloc(3) return large blocks when they are freed, and have few heaps (mallopt(3)).

    By default, each thread keeps up to 64 MB of what it has freed.
    """
    with suppress(AttributeError):  # another libc
        libc = ctypes.CDLL(None)
        for option, value in _MALLOC_OPTIONS:
            libc.mallopt(option, value)


def give_back() -> None:
    """Give the memory that malloc(3) keeps for later back to the system (malloc_trim(3), glibc)."""
    gc.collect()
    with suppress(AttributeError):  # another libc
        ctypes.CDLL(None).malloc_trim(0)


def loading_bytes(zygote: int) -> int:
    """Return the memory that it takes to load the graph of a process, bytes; 0 if it has ended.

    That is the peak of the process, or twice what it has now: a process that describes or indexes a
    graph copies nearly all of its pages (fork(2)), because the engine writes to them.
    """
    with suppress(OSError):
        lines = Path("/proc", str(zygote), "status").read_text().splitlines()
        sizes = dict(each.split(":", 1) for each in lines)
        peak, present = (int(sizes[each].split()[0]) * 1024 for each in ("VmHWM", "VmRSS"))
        return max(peak, 2 * present)
    return 0


def plug_standard_streams() -> None:
    """Open /dev/null on closed standard streams, so that no socket gets their numbers.

    The calling process may have closed them.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest: this one


def _nothing() -> None: ...


def start(
    work: Callable[..., object],
    *,
    sealed: bool = True,
    first: Callable[[], None] = _nothing,
    waits: bool = False,
) -> Child:
    """Start work in a forked child.

    The result must be picklable; ``result`` raises a ``ProjectFault`` of the work again. The child
    ignores Ctrl-C, and ends with its parent.

    Args:
        work: the function to call.
        sealed: whether the child can open no socket and no file.
        first: a function to call before the child is sealed, such as imports.
        waits: whether the work has an argument, which ``Child.give`` sends.
    """

    def work_once(channel: socket.socket) -> None:
        argument = channel.makefile("rb") if waits else None
        channel.sendall(pickle.dumps(_outcome(partial(_done, work, sealed, first, argument))))

    return _forked(work_once)


def answering(answer: Callable[[Any], object]) -> Child:
    """Start a child that answers the values of ``Child.ask`` until it is killed.

    The child can open no socket and no file. It keeps its memory from one answer to the next.
    """

    def work_on(channel: socket.socket) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        asked = channel.makefile("rb")
        while True:
            value = pickle.load(asked)  # noqa: S301  # from our parent
            channel.sendall(pickle.dumps(_outcome(partial(answer, value))))

    return _forked(work_on)


def _forked(work: Callable[[socket.socket], None]) -> Child:
    """Fork a child that does work with its end of a channel, and ends."""
    ours, theirs = socket.socketpair()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    # SIGINT is blocked until the child ignores it.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        theirs.close()
        return Child(pid, ours)
    try:
        die_with_parent(parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        gc.freeze()  # a garbage collection would copy the pages of inherited objects
        ours.close()  # so that writing fails, and does not block, after the parent has ended
        work(theirs)
    finally:
        os._exit(0)


@contextmanager
def beside(
    work: Callable[..., object], *, first: Callable[[], None] = _nothing, waits: bool = False
) -> Iterator[Child]:
    """Run work in a sealed child beside the block; kill the child at the end of the block.

    The arguments are those of ``start``.
    """
    child = start(work, first=first, waits=waits)
    try:
        yield child
    finally:
        child.end()


class Pending:
    """The result of a child, which comes bit by bit."""

    def __init__(self, child: Child) -> None:
        self._channel, self._received = child.channel, bytearray()

    def wait(self, until: float) -> bool:
        """Receive until the deadline; return whether the child has sent all and ended.

        ``until`` is in seconds of the monotonic clock.
        """
        with suppress(TimeoutError):
            while part := _read(self._channel, until):
                self._received += part
            return True
        return False

    def value(self) -> Any:
        """Return the result, after ``wait`` has returned ``True``.

        Raises:
            Unfinished: the work ended without a result.
            ProjectFault: the work raised it.
        """
        if not self._received:
            raise Unfinished(_ENDED)
        return _unfaulty(pickle.loads(self._received))  # noqa: S301  # from our own child


def result(child: Child, until: float, late: str) -> Any:
    """Wait for a child's result.

    Args:
        child: the child, from ``start``.
        until: the deadline in seconds of the monotonic clock; then the child is killed.
        late: the message of the fault at the deadline.

    Raises:
        Unfinished: the work ended without a result, or took too long.
        ProjectFault: the work raised it.
    """
    pending = Pending(child)
    if not pending.wait(until):
        child.end()
        raise Unfinished(late)
    child.wait()
    return pending.value()


def _unfaulty(outcome: Any) -> Any:
    if isinstance(outcome, _Fault):
        raise (Unfinished if outcome.is_unfinished else ProjectFault)(outcome.message)
    return outcome


def sealed(work: Callable[[], object], timeout_s: float, late: str) -> Any:
    """Do work in a child that can open no socket and no file, and return its result.

    Raises:
        ProjectFault: the work raised it, ended without a result, or took longer than the time.
    """
    return result(start(work), time.monotonic() + timeout_s, late)


@dataclass(frozen=True, slots=True)
class _Fault:
    message: str
    is_unfinished: bool = False


def _done(
    work: Callable[..., object], sealed: bool, first: Callable[[], None], argument: IO[bytes] | None
) -> object:
    first()
    if sealed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    return work(pickle.load(argument)) if argument else work()  # noqa: S301  # from our parent


def _outcome(work: Callable[[], object]) -> object:
    try:
        return work()
    except ProjectFault as fault:
        return _Fault(str(fault), isinstance(fault, Unfinished))
    except RecursionError:
        return _Fault("something in the project's files is nested too deeply to be read")
    except Exception as error:  # noqa: BLE001  # the parent reports every error
        return _Fault(f"a process failed: {type(error).__name__}: {error}")


def _read(channel: socket.socket, until: float) -> bytes:
    if not select.select([channel], [], [], max(0.0, until - time.monotonic()))[0]:
        raise TimeoutError
    try:
        return channel.recv(1 << 20)
    except ConnectionResetError:  # the child ended before it read its argument
        return b""


def end_all(pids: Sequence[int], grace_s: float) -> None:
    """End children: SIGTERM, and SIGKILL to those that have not ended in time."""
    left = [pid for pid in pids if _send(pid, signal.SIGTERM)]
    until = time.monotonic() + grace_s
    while left and time.monotonic() < until:
        left = [pid for pid in left if not _has_ended(pid, os.WNOHANG)]
        time.sleep(0.02)
    for pid in left:
        if _send(pid, signal.SIGKILL):
            _has_ended(pid, 0)


def kill_all(pids: Sequence[int], until: float) -> None:
    """Kill processes; wait until no child is left, adopted ones too, at most until the deadline.

    A process of idle priority ends only when it gets the processor, so its priority is raised.
    """
    for pid in pids:
        with suppress(OSError):  # it has ended
            os.kill(pid, signal.SIGKILL)
        with suppress(OSError):  # nor may everybody raise a priority
            os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))
    with suppress(ChildProcessError):
        while time.monotonic() < until:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)


def _send(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _has_ended(pid: int, options: int) -> bool:
    try:
        return os.waitpid(pid, options)[0] == pid
    except ChildProcessError:
        return True


def say(text: str) -> None:
    """Write to standard error without blocking; drop what does not fit.

    So a full disk, or a reader that does not read, cannot block the server.
    """
    content = escaping.message(text).encode(errors="backslashreplace")
    with suppress(OSError):
        while content and select.select([], [2], [], 0)[1]:  # room for a page at least (pipe(7))
            content = content[os.write(2, content[:_PAGE_BYTES]) :]


class StandardError(logging.Handler):
    """Writes log lines by ``say``."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        say(self.format(record) + "\n")


def in_child(work: Callable[[], object]) -> None:
    """Run work in a forked child of the server; never returns.

    The child leaves the process group of the terminal, so that only the main process gets Ctrl-C.
    The main process then ends the others in order. (A Granian worker that gets a second signal does
    not end.)
    """
    os.setpgid(0, 0)
    gc.freeze()  # a garbage collection would copy the pages of inherited objects
    # The handlers of the main process would raise here, and log a failure.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    code = 1
    try:
        work()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException as error:
        if isinstance(error, OSError) and error.errno in (errno.EAGAIN, errno.ENOMEM):  # fork(2)
            log.error("no process can be started: %s; allow more (ulimit -u)", error.strerror)  # noqa: TRY400
        else:
            log.exception("a process of the server failed")
    finally:
        os._exit(code)


def open_standard_streams() -> None:
    """Open /dev/null for the standard streams that the calling process closed."""
    plug_standard_streams()
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
