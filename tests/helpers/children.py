"""Child processes of a process that a test has started."""

from __future__ import annotations

import time
from pathlib import Path


def of(pid: int) -> list[int]:
    """Return the processes that a process has started, once there are some.

    After half a minute without any, return none.
    """
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if found:
            return [int(each) for each in found]
        time.sleep(0.05)
    return []
