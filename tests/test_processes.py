"""Forked processes, and what ends them."""

from __future__ import annotations

import os
import time

from kg_server.processes import die_with_parent


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
