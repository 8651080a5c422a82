"""The main process: nothing ends the server, and nothing outlives it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from kg_server.config import Settings
from kg_server.errors import ProjectFault
from kg_server.server.listener import free_port, hold_port

from ..conftest import ROOT, LiveServer

ASK = "/sparql?query=ASK%7B%7D"
_SWALLOWING = """
import os, signal, sys
from pathlib import Path
from kg_server.config import Settings
from kg_server.server import main
from kg_server.server.loading import Start

def stop():
    os.kill(os.getpid(), signal.SIGTERM)

os.register_at_fork(after_in_parent=stop)  # an exception of such a hook is only reported
main.serve(Start((Path(sys.argv[1]),), Settings(port=0), validate=False))
"""


@pytest.fixture
def place(monkeypatch):
    """Return a folder for temporary files whose name is short enough for sockets."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


@pytest.fixture
def server(place):
    started = LiveServer("--no-validate", "--evaluators", "2")
    yield started
    begun = time.monotonic()
    assert started.stop() == 0
    assert time.monotonic() - begun < 10
    assert not list(place.glob("kg-server-*/*"))


@pytest.mark.usefixtures("place")
def test_a_signal_in_a_fork_stops_the_start():
    done = subprocess.run(
        [sys.executable, "-c", _SWALLOWING, str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def family(pid: int) -> set[int]:
    found = {pid}
    for child in children(pid):
        found |= family(child)
    return found


def listener(server: LiveServer) -> int:
    """Return the process that runs the HTTP workers; it was forked first."""
    return children(server.process.pid)[0]


def status(server: LiveServer, path: str = ASK) -> int:
    try:
        return server.ask("GET", path, timeout_s=5).status
    except OSError:
        return 0


def eventually(is_so, within_s: float = 20) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def test_only_sockets_are_in_its_folder(server, place):
    status(server)
    (folder,) = place.glob("kg-server-*")

    assert list(folder.iterdir())
    assert all(each.is_socket() for each in folder.iterdir())


def test_it_comes_back_when_http_server_and_graph_are_killed_at_one_time(server):
    http, zygote = children(server.process.pid)
    os.kill(http, signal.SIGKILL)
    os.kill(zygote, signal.SIGKILL)

    assert eventually(lambda: status(server) == 200)


def test_a_worker_that_starts_while_no_evaluator_is_there_answers_503_and_then_queries(server):
    http, zygote = children(server.process.pid)
    os.kill(zygote, signal.SIGSTOP)
    for evaluator in children(zygote):
        os.kill(evaluator, signal.SIGKILL)
    (worker,) = children(http)
    os.kill(worker, signal.SIGKILL)

    assert eventually(lambda: status(server, "/health/live") == 200)
    os.kill(zygote, signal.SIGKILL)
    assert eventually(lambda: status(server) == 200)


def test_it_comes_back_when_its_folder_is_taken_away(server, place):
    for folder in place.glob("kg-server-*"):
        shutil.rmtree(folder)

    assert eventually(lambda: any("taken away" in line for line in server.log))
    assert eventually(lambda: status(server) == 200)


def test_it_comes_back_when_its_folder_is_taken_away_and_its_graph_killed_at_one_time(
    server, place
):
    os.kill(server.process.pid, signal.SIGSTOP)
    os.kill(children(server.process.pid)[-1], signal.SIGKILL)
    (folder,) = place.glob("kg-server-*")
    shutil.rmtree(folder)
    os.kill(server.process.pid, signal.SIGCONT)

    assert eventually(lambda: status(server) == 200)


def test_it_waits_for_the_place_of_temporary_files_to_come_back(server, place):
    (folder,) = place.glob("kg-server-*")
    shutil.rmtree(folder)
    aside = place.rename(f"{place}-aside")
    assert eventually(lambda: any("no folder for sockets" in line for line in server.log))
    aside.rename(place)

    assert eventually(lambda: status(server) == 200)


def test_a_dead_graph_is_loaded_again_at_once_whatever_old_ones_hold(server):
    (worker,) = children(listener(server))
    os.kill(worker, signal.SIGKILL)  # its sockets stay
    for number in range(1, 4):
        server.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: len(reloads(server)) == number), server.log  # noqa: B023
    os.kill(children(server.process.pid)[-1], signal.SIGKILL)

    assert eventually(lambda: status(server) == 200, within_s=15)


WITH_LITTLE_MEMORY = """
import sys, kg_server.server.main as main
from kg_server.cli.main import main as run
main.free_bytes = lambda: 1 << 20
sys.argv = sys.argv[3:]
run()
"""


def test_a_reload_for_which_there_is_no_memory_is_told_beforehand_and_does_no_harm():
    server = LiveServer("--no-validate", prefix=(sys.executable, "-c", WITH_LITTLE_MEMORY))
    try:
        before = children(server.process.pid)
        server.process.send_signal(signal.SIGHUP)

        assert eventually(lambda: any("1 MB are free" in line for line in server.log)), server.log
        assert children(server.process.pid) == before
        assert status(server) == 200
    finally:
        assert server.stop() == 0


def reloads(server: LiveServer) -> list[str]:
    return [line for line in server.log if "reloaded" in line]


def test_an_orphan_of_the_http_server_does_not_keep_the_port():
    server = LiveServer("--no-validate", "--evaluators", "1")
    everybody = family(server.process.pid)
    server.process.kill()
    server.stop()

    assert eventually(lambda: not [pid for pid in everybody if Path(f"/proc/{pid}").exists()])
    free_port(Settings(port=server.port))


@pytest.mark.parametrize("after_s", [0.0, 0.3, 0.6, 1.0, 1.5])
def test_whenever_it_is_told_to_stop_it_ends_soon(place, after_s):
    command = [
        sys.executable,
        "-m",
        "kg_server",
        "serve",
        str(ROOT),
        "--no-validate",
        "--port",
        "0",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    time.sleep(after_s)

    begun = time.monotonic()
    process.terminate()
    _, errors = process.communicate(timeout=20)

    assert time.monotonic() - begun < 10
    assert "Traceback" not in errors
    assert not list(place.glob("kg-server-*/*"))


def test_nothing_outlives_it_even_if_its_processes_stand_still():
    server = LiveServer("--no-validate", "--evaluators", "2")
    everybody = family(server.process.pid)
    zygote = children(server.process.pid)[-1]
    for pid in [zygote, *children(zygote)]:
        os.kill(pid, signal.SIGSTOP)

    assert server.stop() == 0
    assert not [pid for pid in everybody if Path(f"/proc/{pid}").exists()]


def test_an_error_stream_on_a_full_disk_ends_nothing():
    host, port = free_port(Settings(port=0))
    command = [sys.executable, "-m", "kg_server", "serve", str(ROOT), "--no-validate", "--port"]
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen([*command, str(port), "--access-log"], stderr=full)
    try:
        assert eventually(lambda: responds(host, port))
        assert process.poll() is None
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_a_log_that_nobody_reads_stops_nothing():
    host, port = free_port(Settings(port=0))
    command = [sys.executable, "-m", "kg_server", "serve", str(ROOT), "--no-validate", "--port"]
    process = subprocess.Popen([*command, str(port), "--access-log"], stderr=subprocess.PIPE)
    try:
        assert eventually(lambda: responds(host, port))
        answered = [responds(host, port) for _ in range(600)]  # 100 kB of lines; a pipe takes 64
        assert all(answered)
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stderr.close()


def responds(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=5) as connection:
            request = (
                f"GET /{'x' * 100}?{'y' * 100} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            connection.sendall(request.encode())
            return connection.recv(9) == b"HTTP/1.1 "
    except OSError:
        return False


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::"])
def test_of_two_servers_that_start_at_one_time_only_one_gets_the_port(host):
    address, port = free_port(Settings(host=host, port=0))

    with (
        hold_port(address, port),
        pytest.raises(ProjectFault, match="Address already in use"),
    ):
        free_port(Settings(host=host, port=port))
    free_port(Settings(host=host, port=port))


def test_a_name_of_this_machine_is_an_address():
    address, port = free_port(Settings(host="localhost", port=0))

    assert address in ("127.0.0.1", "::1")
    assert port


def test_too_few_files_that_may_be_open_is_one_clear_message():
    script = 'ulimit -n 24; exec "$0" -m kg_server serve --port 0'
    command = ["sh", "-c", script, sys.executable]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert "a process may open 24 files here; the server needs 64" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_host_of_nobody_is_one_clear_message():
    with pytest.raises(ProjectFault, match=r"cannot listen on nobody\.invalid:0"):
        free_port(Settings(host="nobody.invalid", port=0))
