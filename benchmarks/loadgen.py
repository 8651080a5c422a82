"""Load for an endpoint: wrk where it is installed, else processes with a plain socket each."""

from __future__ import annotations

import multiprocessing
import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.server import ACCEPT

_CYCLE = Path(__file__).with_name("cycle.lua")
_TIMEOUT_S = 20
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Load:
    """What a load brought: requests, seconds, errors, and milliseconds of a request."""

    requests: int
    seconds: float
    errors: int
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Requests a second that were answered as they should be."""
        return max(0, self.requests - self.errors) / self.seconds


def name() -> str:
    """Return which program makes the load."""
    found = shutil.which("wrk")
    if not found:
        return "bundled Python client"
    text = subprocess.run([found, "-v"], capture_output=True, text=True, check=False)
    version = re.search(r"[\d.]+", text.stdout + text.stderr)
    return f"wrk {version.group()}" if version else "wrk"


def run(url: str, queries: Path, seconds: float, connections: int = 8) -> Load:
    """Ask the queries of a file in turn for some seconds, over connections that are kept.

    Args:
        url: of the endpoint, up to where a query follows.
        queries: a percent-encoded query a line.
        seconds: how long, at least 1.
        connections: how many at one time.
    """
    if shutil.which("wrk"):
        return _wrk(url, queries, seconds, connections)
    return _sockets(url, queries, seconds, connections)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of the values lies.

    >>> percentile([5.0, 1.0, 3.0], 0.5)
    3.0
    """
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _wrk(url: str, queries: Path, seconds: float, connections: int) -> Load:
    duration, timeout = f"-d{max(1, round(seconds))}s", f"--timeout={_TIMEOUT_S}s"
    options = ["-t1", f"-c{connections}", duration, timeout, "-s", str(_CYCLE)]
    done = subprocess.run(
        ["wrk", *options, url, "--", str(queries)],
        capture_output=True,
        text=True,
        timeout=seconds + 3 * _TIMEOUT_S,
        check=True,
    )
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    if not found:
        raise RuntimeError(f"wrk said no result:\n{done.stdout}{done.stderr}")
    requests, took_us, errors, p50_us, p99_us = map(int, found.groups())
    return Load(requests, took_us / 1e6, errors, p50_us / 1e3, p99_us / 1e3)


def _sockets(url: str, queries: Path, seconds: float, connections: int) -> Load:
    lines = queries.read_text().splitlines()
    shares = [(url, lines[start::connections], seconds) for start in range(connections)]
    begun = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(connections) as pool:
        answers = pool.starmap(_share, shares)
    times = [each for found, _, _ in answers for each in found]
    errors = sum(failed for _, failed, _ in answers)
    took = max((spent for _, _, spent in answers), default=time.perf_counter() - begun)
    middle, high = (percentile(times, share) * 1e3 if times else 0.0 for share in (0.5, 0.99))
    return Load(len(times) + errors, took, errors, middle, high)


def _share(url: str, lines: list[str], seconds: float) -> tuple[list[float], int, float]:
    """Ask one after another over one connection; return times, errors and seconds spent."""
    times, errors, at, begun = [], 0, 0, time.perf_counter()
    connection: Connection | None = None
    while lines and time.perf_counter() - begun < seconds:
        start = time.perf_counter()
        try:
            connection = connection or Connection(url)
            status = connection.ask(lines[at % len(lines)])
        except OSError:
            status, connection = 0, None
        at += 1
        if status == 200:
            times.append(time.perf_counter() - start)
        else:
            errors += 1
    return times, errors, time.perf_counter() - begun


class Connection:
    """A kept connection to an endpoint that asks and reads as little as HTTP/1.1 needs.

    Raises:
        OSError: the connection was closed or timed out.
    """

    def __init__(self, url: str, timeout_s: float = _TIMEOUT_S) -> None:
        parts = urlsplit(url)
        self._path = f"{parts.path}?{parts.query}"
        self._host = parts.hostname or ""
        self._socket = socket.create_connection((self._host, parts.port or 80), timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, encoded: str) -> int:
        """Ask a percent-encoded query, read the whole answer, return the status."""
        head = f"GET {self._path}{encoded} HTTP/1.1\r\nHost: {self._host}\r\n"
        self._socket.sendall(f"{head}Accept: {ACCEPT}\r\n\r\n".encode())
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head_bytes, body = received[: end + 2], received[end + 4 :]
        status = _STATUS.match(head_bytes)
        length = _LENGTH.search(head_bytes)
        if length:
            missing = int(length.group(1)) - len(body)
            while missing > 0:
                missing -= len(self._more())
        else:  # chunked: ends with an empty chunk
            while not body.endswith(b"0\r\n\r\n"):
                body = body[-8:] + self._more()
        return int(status.group(1)) if status else 0

    def close(self) -> None:
        """Close the connection, answered or not."""
        self._socket.close()

    def _more(self) -> bytes:
        received = self._socket.recv(65536)
        if not received:
            raise ConnectionResetError
        return received
