"""Kill, stop and reload a server under checked load; say what clients saw.

Threads ask queries whose answers were learnt before the first fault, read whole dumps, leave in
the middle of runaways or behind further requests, read slowly, and send large forms. Every few
seconds there is a fault, sometimes two at one time: evaluators, zygote, HTTP worker or HTTP server
killed or stopped, also during a reload; a reload, a hundred of them in a second, a reload of a
broken project; the folder of sockets removed. At the end it is said how many answers were right,
refused, cut or wrong, the longest time without an answer, the memory before and after, and what
outlived the server. Wrong or seemingly whole answers, a server that does not come back, and memory
that is not given back exit with 1.

Memory is the sum of PSS of all processes. Before and after, the clients have just worked for a
while without faults, and then the server is left alone until its memory rests.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

if __name__ == "__main__":  # else "import http" of a library would find this folder's
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import http.client

from benchmarks.processes import children, each_pss_mb, family_pss_mb
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
_WARM_UP_S = 10.0
"""Seconds of load without faults before memory is measured."""
_REST_S = 120.0
"""Longest time that the memory has to come to rest, seconds."""
_GROWTH = 1.3
"""Memory after the faults, at most, in parts of the memory before them."""
_SETTINGS = {"KG_SERVER_CACHE_BYTES": str(8 << 20), "KG_SERVER_EVALUATOR_IDLE_S": "5"}
"""Settings of the server, with which its memory soon is what it needs."""
_BACK_S = 30.0
"""Seconds after the last fault in which the server must answer again."""
_FORM = b"query=" + b"%4+%zz" * 150_000


class Chaos:
    """A server, its clients and what they saw."""

    def __init__(self, project: Path, seed: int) -> None:
        self._random, self._project = random.Random(seed), project  # noqa: S311  # no secret
        self.port, self.seen, self.problems = free_port(), Counter[str](), list[str]()
        self.processes_mb: list[list[int]] = []
        self.longest_s, self._last_ok, self._over = 0.0, time.monotonic(), threading.Event()
        command = [sys.executable, "-m", "kg_server", "serve", str(project), "--no-validate"]
        self._folders = project.parent / "tmp"
        self._folders.mkdir()
        environment = {**os.environ, **_SETTINGS, "TMPDIR": str(self._folders)}
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115  # as long as the server
        self._server = subprocess.Popen(
            [*command, "--port", str(self.port), "--timeout", "2"],
            stderr=self.log,
            env=environment,
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
        with self._load():
            until = time.monotonic() + seconds
            while time.monotonic() < until and self._server.poll() is None:
                time.sleep(pause_s * self._random.random() * 2)
                for _ in range(self._random.choice((1, 1, 1, 2))):
                    # a process may be missing just now
                    with suppress(OSError, LookupError, ValueError, StopIteration):
                        self._fault()
            time.sleep(5)
        if self._server.poll() is not None:
            self.problems.append(f"the server ended with {self._server.returncode}")
        elif not self._comes_back():
            self.problems.append(f"no answer within {_BACK_S:.0f} s after the last fault")

    def _comes_back(self) -> bool:
        """Tell whether the server answers again; an outage lasts to its end, or to now."""
        until, is_back = time.monotonic() + _BACK_S, False
        while not is_back and time.monotonic() < until:
            with suppress(OSError, http.client.HTTPException):
                is_back = self._ask(self._paths[0])[0] == 200
            time.sleep(0.1)
        self.longest_s = max(self.longest_s, time.monotonic() - self._last_ok)
        return is_back

    def memory_mb(self) -> float:
        """Return the memory of the whole server after some load, when it has come to rest."""
        with self._load():
            time.sleep(_WARM_UP_S)
        until, memory = time.monotonic() + _REST_S, family_pss_mb(self._server.pid)
        rests = 0
        while time.monotonic() < until and rests < 8:
            time.sleep(3)
            before, memory = memory, family_pss_mb(self._server.pid)
            rests = rests + 1 if abs(memory - before) < 0.02 * before else 0
        self._last_ok = time.monotonic()
        self.processes_mb.append(each_pss_mb(self._server.pid))
        return memory

    @contextmanager
    def _load(self) -> Iterator[None]:
        """Let clients ask during the block."""
        self._over.clear()
        work: list[Callable[[], None]] = [self._check] * 3
        work += [self._probe, self._page, self._rows, self._dawdle, self._send_form]
        work += [self._leave, self._leave_behind]
        threads = [threading.Thread(target=self._repeat, args=(each,)) for each in work]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

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
        everybody = children(self._server.pid)
        http = next(pid for pid in everybody if self._listens(pid))
        zygotes = [pid for pid in everybody if pid != http]
        evaluators = children(zygotes[-1])
        faults: dict[str, Callable[[], None]] = {
            "evaluator killed": lambda: os.kill(self._random.choice(evaluators), signal.SIGKILL),
            "evaluators killed": lambda: [os.kill(e, signal.SIGKILL) for e in evaluators] and None,
            "evaluator stopped": lambda: self._halt(self._random.choice(evaluators)),
            "evaluators stopped": lambda: self._halt(*evaluators),
            "worker stopped": lambda: self._halt(children(http)[-1]),
            "HTTP server stopped": lambda: self._halt(http),
            "zygote killed": lambda: os.kill(zygotes[-1], signal.SIGKILL),
            "zygote stopped": lambda: self._halt(zygotes[-1]),
            "worker killed": lambda: os.kill(children(http)[-1], signal.SIGKILL),
            "HTTP server killed": lambda: os.kill(http, signal.SIGKILL),
            "reload": lambda: self._server.send_signal(signal.SIGHUP),
            "zygote killed in a reload": self._kill_in_reload,
            "a hundred reloads": self._storm,
            "broken reload": self._break,
            "reload without kg.toml": self._lose_manifest,
            "folder of sockets removed": self._remove_folder,
        }
        name = self._random.choice(list(faults))
        self.seen[f"fault: {name}"] += 1
        faults[name]()

    def _listens(self, pid: int) -> bool:
        return any(_holds(each, self.port) for each in (pid, *children(pid)))

    def _halt(self, *pids: int) -> None:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(2)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _kill_in_reload(self) -> None:
        before = set(children(self._server.pid))
        self._server.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        new = [pid for pid in children(self._server.pid) if pid not in before]
        os.kill(new[-1], signal.SIGKILL)

    def _storm(self) -> None:
        for _ in range(100):
            self._server.send_signal(signal.SIGHUP)
            time.sleep(0.01)

    def _lose_manifest(self) -> None:
        """Put a folder in the place of kg.toml for a while; a project without one is another."""
        manifest, aside = self._project / "kg.toml", self._project / "kg.aside"
        manifest.rename(aside)
        manifest.mkdir()
        self._server.send_signal(signal.SIGHUP)
        time.sleep(2)
        manifest.rmdir()
        aside.rename(manifest)

    def _remove_folder(self) -> None:
        for folder in self._folders.glob("kg-server-*"):
            shutil.rmtree(folder)

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

    def _leave_behind(self) -> None:
        """Reset a connection on which further queries were sent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            path = f"/sparql?query={quote(_RUNAWAY)}"
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 5)
            time.sleep(0.3)
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def _send_form(self) -> None:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/sparql", _FORM, form)
            self._note(connection.getresponse().status)
        finally:
            connection.close()
        time.sleep(0.1)

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


def _holds(pid: int, port: int) -> bool:
    """Tell whether a process has a socket that listens on a port (proc(5))."""
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        (
            _,
            local,
            _,
            state,
            *_,
        ) = line.split()
        if state == "0A" and int(local.rpartition(":")[2], 16) == port:
            inodes.add(f"socket:[{line.split()[9]}]")
    links = Path(f"/proc/{pid}/fd").iterdir()
    return any(str(each.readlink()) in inodes for each in links)


def _family(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        with suppress(OSError):
            found += children(each)
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
        if after > before * _GROWTH:
            chaos.problems.append("memory is not given back")
        chaos.stop()
    for name, number in sorted(chaos.seen.items()):
        print(f"{number:8} {name}")
    print(f"longest time without an answer: {chaos.longest_s:.1f} s")
    print(f"memory before and after: {before:.0f} MB, {after:.0f} MB")
    for when, sizes in zip(("before", "after"), chaos.processes_mb, strict=True):
        print(f"each process {when}, MB: {sizes}")
    for problem in chaos.problems[:20]:
        print(f"PROBLEM: {problem}")
    if given.log:
        chaos.log.seek(0)
        print(chaos.log.read()[-20000:])
    return 1 if chaos.problems else 0


if __name__ == "__main__":
    sys.exit(main())
