"""Memory, descriptors and processor time of a process and of all that it started."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path


def each_pss_mb(root: int) -> list[int]:
    """Return the memory of a process and of each of its descendants, MB (PSS), largest first."""
    return sorted((round(_pss_kb(pid) / 1024) for pid in _family(root)), reverse=True)


def family_pss_mb(root: int) -> float:
    """Return the memory of a process and its descendants, MB; shared pages count once (PSS)."""
    return sum(map(_pss_kb, _family(root))) / 1024


def descriptors(root: int) -> int:
    """Return how many descriptors a process and its descendants have open."""
    found = 0
    for pid in _family(root):
        with suppress(OSError):  # ended meanwhile
            found += len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return found


def children(pid: int) -> list[int]:
    """Return the children of a process, in the order of their start."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_s(root: int) -> float:
    """Return the processor time of a process and its descendants, also ended ones, seconds."""
    ticks = 0
    for pid in _family(root):
        with suppress(OSError):  # ended meanwhile
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime (proc(5))
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(root: int) -> set[int]:
    """Return a process and its descendants."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        parents[int(stat.parent.name)] = int(after_name[1])
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _pss_kb(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # ended meanwhile
        return 0
    found = re.search(r"^Pss: +(\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else 0
