"""Processes of the server: how they begin, how they end, and the port they listen on."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kg_server.config import Settings
from kg_server.errors import ProjectFault
from kg_server.processes import plug_standard_streams

log = logging.getLogger("kg_server.server")

_LONGEST = 107 - len("/kg-server-12345678/evaluators-999999-ffffffff")


def with_grace(pid: int, grace_s: float) -> None:
    """End a child: SIGTERM, and SIGKILL when it has not ended in time."""
    try:
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + grace_s
        while time.monotonic() < until:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return


def in_child(work: Callable[[], object]) -> None:
    """Run work in a forked child of the server; never returns.

    It leaves the terminal's process group: Ctrl-C is for the main process, which then ends the
    others in order (a Granian worker that gets a second signal does not end).
    """
    os.setpgid(0, 0)
    gc.freeze()  # looking through what is inherited would copy its pages
    # The handlers of the main process would raise here, and print it as a failure.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    code = 1
    try:
        work()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        log.exception("a process of the server failed")
    finally:
        sys.stderr.flush()
        os._exit(code)


def temporary_folder() -> Path:
    """Make the folder for the server's sockets and counters.

    Raises:
        ProjectFault: it cannot be made, or the names of sockets in it would be too long (unix(7)).
    """
    hint = "name another folder for temporary files in the environment variable TMPDIR"
    try:
        place = tempfile.gettempdir()
        if len(os.fsencode(place)) > _LONGEST:
            raise ProjectFault(f"the name of the folder {place} is too long for sockets; {hint}")
        return Path(tempfile.mkdtemp(prefix="kg-server-"))
    except OSError as error:
        raise ProjectFault(
            f"no folder for sockets can be made: {error.strerror}; {hint}"
        ) from error


def open_standard_streams() -> None:
    """Have the standard streams lead nowhere where whoever started us closed them."""
    plug_standard_streams()
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


def free_port(settings: Settings) -> int:
    """Return the port, chosen by the system for 0.

    Raises:
        ProjectFault: it is in use, or the address is not one of this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            place = f"{settings.host}:{settings.port}"
            hint = "choose another with --port"
            raise ProjectFault(f"cannot listen on {place}: {error.strerror}; {hint}") from error
        return int(probe.getsockname()[1])
