"""Forked processes, and what ends them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from kg_server.processes import adopt_orphans, die_with_parent, kill_all, loading_bytes


def test_a_process_whose_parent_has_already_ended_ends_too():
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        this = os.getpid()
        if os.fork() == 0:
            while os.getppid() == this:
                time.sleep(0.001)
            die_with_parent(this)
            os.write(writing, b"alive")
        os._exit(0)
    os.close(writing)
    os.waitpid(parent, 0)

    assert os.read(reading, 5) == b""
    os.close(reading)


def test_when_processes_are_killed_those_that_they_started_are_waited_for_too():
    reading, writing = os.pipe()
    main = os.fork()
    if main == 0:
        adopt_orphans()
        if (child := os.fork()) == 0:
            grandchild = os.fork()
            if grandchild:
                os.write(writing, f"{grandchild}\n".encode())
            else:
                os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            signal.pause()
        grandchild = int(os.read(reading, 20))
        kill_all([child, grandchild], time.monotonic() + 5)
        os._exit(Path(f"/proc/{grandchild}").exists())
    os.close(writing)
    os.close(reading)

    assert os.waitpid(main, 0)[1] == 0


def test_loading_takes_at_least_twice_the_memory_that_a_graph_has():
    status = Path("/proc/self/status").read_text()
    resident_kb = int(status.partition("VmRSS:")[2].split()[0])

    assert loading_bytes(os.getpid()) >= 2 * resident_kb * 1024 * 0.9  # it may shrink meanwhile
    assert loading_bytes(2**22 + 1) == 0  # no process has this number (proc(5), pid_max)
