"""Kill, stop and reload a server under checked load; say what clients saw.

Threads ask queries whose answers were learnt before the first fault, read whole dumps, leave in
the middle of runaways, and read slowly. Every few seconds a fault: evaluators, zygote, HTTP worker
or HTTP server killed or stopped, a reload, a reload of a broken file. At the end it is said how
many answers were right, refused, cut or wrong, the longest time without an answer, the memory
before and after, and what outlived the server. Wrong or seemingly whole answers exit with 1.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

if __name__ == "__main__":  # else "import http" of a library would find this folder's
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import http.client

from benchmarks.processes import family_pss_mb
from benchmarks.server import free_port

_ROWS = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 20000"
_RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
_QUERIES = (
    "ASK {}",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT ?type (COUNT(*) AS ?n) { ?s a ?type } GROUP BY ?type ORDER BY ?type",
    "SELECT ?s { ?s ?p ?o FILTER(ISIRI(?s)) } ORDER BY ?s LIMIT 3000",
)
_PAGES = ("/health/live", "/dump.nt", "/")


class Chaos:
    """A server, its clients and what they saw."""

    def __init__(self, project: Path, seed: int) -> None:
        self._random, self._project = random.Random(seed), project  # noqa: S311  # no secret
        self.port, self.seen, self.problems = free_port(), Counter[str](), list[str]()
        self.longest_s, self._last_ok, self._over = 0.0, time.monotonic(), threading.Event()
        command = [sys.executable, "-m", "kg_server", "serve", str(project), "--no-validate"]
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115  # as long as the server
        self._server = subprocess.Popen(
            [*command, "--port", str(self.port), "--timeout", "2"], stderr=self.log
        )
        self._paths = [f"/sparql?query={quote(each)}&format=csv" for each in _QUERIES]
        self._known: dict[str, bytes] = {}

    def learn(self) -> None:
        """Wait for the server, and learn the right answers."""
        while self._ask("/health/ready")[0] != 200:
            if self._server.poll() is not None:
                self.log.seek(0)
                raise SystemExit(f"the server did not start: {self.log.read()}")
            time.sleep(0.1)
        self._known = {path: self._ask(path)[1] for path in self._paths}
        self._last_ok = time.monotonic()

    def run(self, seconds: float, pause_s: float) -> None:
        """Let clients ask while faults happen."""
        work: list[Callable[[], None]] = [self._check] * 3
        work += [self._probe, self._page, self._rows, self._leave, self._dawdle]
        threads = [threading.Thread(target=self._repeat, args=(each,)) for each in work]
        for thread in threads:
            thread.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._server.poll() is None:
            time.sleep(pause_s * self._random.random() * 2)
            with suppress(OSError, IndexError, ValueError):  # a process is not there just now
                self._fault()
        time.sleep(5)
        self._over.set()
        for thread in threads:
            thread.join()
        if self._server.poll() is not None:
            self.problems.append(f"the server ended with {self._server.returncode}")

    def memory_mb(self) -> float:
        """Return the memory of the whole server."""
        return family_pss_mb(self._server.pid)

    def stop(self) -> None:
        """Stop the server, and see what outlives it."""
        everybody, begun = _family(self._server.pid), time.monotonic()
        self._server.terminate()
        try:
            code = self._server.wait(15)
        except subprocess.TimeoutExpired:
            self._server.kill()
            code = self._server.wait()
        took_s = time.monotonic() - begun
        if code or took_s > 10:
            self.problems.append(f"SIGTERM: {took_s:.1f} s, exit code {code}")
        time.sleep(1)
        if left := [pid for pid in everybody if Path(f"/proc/{pid}/exe").exists()]:
            self.problems.append(f"processes outlive the server: {left}")

    def _fault(self) -> None:
        http, *zygotes = _children(self._server.pid)
        evaluators = _children(zygotes[-1])
        faults: dict[str, Callable[[], None]] = {
            "evaluator killed": lambda: os.kill(self._random.choice(evaluators), signal.SIGKILL),
            "evaluators killed": lambda: [os.kill(e, signal.SIGKILL) for e in evaluators] and None,
            "evaluator stopped": lambda: self._halt(self._random.choice(evaluators)),
            "zygote killed": lambda: os.kill(zygotes[-1], signal.SIGKILL),
            "zygote stopped": lambda: self._halt(zygotes[-1]),
            "worker killed": lambda: os.kill(_children(http)[-1], signal.SIGKILL),
            "HTTP server killed": lambda: os.kill(http, signal.SIGKILL),
            "reload": lambda: self._server.send_signal(signal.SIGHUP),
            "broken reload": self._break,
        }
        name = self._random.choice(list(faults))
        self.seen[f"fault: {name}"] += 1
        faults[name]()

    def _halt(self, pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(2)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def _break(self) -> None:
        broken = self._project / "data" / "broken.ttl"
        broken.write_text("<urn:a> <urn:b> ")
        self._server.send_signal(signal.SIGHUP)
        time.sleep(2)
        broken.unlink()

    def _repeat(self, work: Callable[[], None]) -> None:
        while not self._over.is_set():
            try:
                work()
            except (OSError, http.client.HTTPException) as error:
                self.seen[f"connection: {type(error).__name__}"] += 1
                time.sleep(0.02)

    def _check(self) -> None:
        path = random.choice(self._paths)  # noqa: S311  # no secret
        status, body = self._ask(path)
        self._note(status)
        if status == 200 and body != self._known[path]:
            self.problems.append(f"another answer to {path}: {body[:80]!r}")

    def _probe(self) -> None:
        status, _ = self._ask(f"/sparql?query=ASK%7B%7D%23{time.monotonic_ns()}")
        self._note(status)
        now = time.monotonic()
        if status == 200:
            self.longest_s, self._last_ok = max(self.longest_s, now - self._last_ok), now
        time.sleep(0.05)

    def _page(self) -> None:
        self._note(self._ask(random.choice(_PAGES))[0])  # noqa: S311  # no secret

    def _rows(self) -> None:
        status, body = self._ask(f"/sparql?query={quote(_ROWS)}&format=csv&x={time.time_ns()}")
        self._note(status)
        if status == 200 and body.count(b"\r\n") != 20_001:
            self.problems.append(f"{len(body)} bytes of an answer passed for whole")

    def _leave(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            path = f"/sparql?query={quote(_RUNAWAY)}"
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            time.sleep(0.3)

    def _dawdle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
            text = quote("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 200000")
            connection.sendall(f"GET /sparql?query={text} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            for _ in range(20):
                if not connection.recv(1 << 12) or self._over.is_set():
                    return
                time.sleep(0.2)

    def _note(self, status: int) -> None:
        self.seen[f"status: {status}"] += 1
        if status in (500, 502):
            self.problems.append(f"status {status}")
        if status == 503:
            time.sleep(0.05)

    def _ask(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        except OSError:
            if not self._known:
                return 0, b""
            raise
        finally:
            connection.close()


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in text.split()]


def _family(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        with suppress(OSError):
            found += _children(each)
    return found


def main() -> int:
    """Run for some seconds; print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument(
        "--pause", type=float, default=2.0, help="seconds between faults, on average"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", action="store_true", help="print the server's log at the end")
    given = parser.parse_args()
    root = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        for name in ("data", "ontology", "queries", "tests"):
            shutil.copytree(root / name, project / name)
        shutil.copy(root / "kg.toml", project)
        chaos = Chaos(project, given.seed)
        chaos.learn()
        before = chaos.memory_mb()
        chaos.run(given.seconds, given.pause)
        after = chaos.memory_mb()
        chaos.stop()
    for name, number in sorted(chaos.seen.items()):
        print(f"{number:8} {name}")
    print(f"longest time without an answer: {chaos.longest_s:.1f} s")
    print(f"memory before and after: {before:.0f} MB, {after:.0f} MB")
    for problem in chaos.problems[:20]:
        print(f"PROBLEM: {problem}")
    if given.log:
        chaos.log.seek(0)
        print(chaos.log.read()[-20000:])
    return 1 if chaos.problems else 0


if __name__ == "__main__":
    sys.exit(main())
