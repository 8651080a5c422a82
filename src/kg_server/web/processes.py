"""Processes of the server: how they begin, how they end, and the port they listen on."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable

from kg_server.config import Settings
from kg_server.errors import ProjectFault

log = logging.getLogger("kg_server.server")


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
