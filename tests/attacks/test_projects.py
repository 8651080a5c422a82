"""Projects of strangers: what their queries and revisions cannot do to the command line."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading

import pytest


@pytest.fixture
def canary():
    """A server that notes whoever asks it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.send_error(500)

        do_GET = do_POST

        def log_message(self, *_arguments):
            """Keep quiet."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()


def project(root, query="ASK {}"):
    root.mkdir(exist_ok=True)
    (root / "kg.toml").write_text('data = ["data.ttl"]\nshapes = []\nontology = []\n')
    (root / "data.ttl").write_text("<https://e.example/a> <https://e.example/p> 1 .\n")
    (root / "queries").mkdir(exist_ok=True)
    (root / "queries" / "q.rq").write_text(query)
    (root / "queries" / "q.txt").write_text("true\n")
    return root


def run(root, *arguments):
    command = [sys.executable, "-m", "kg_server", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def git(root, *arguments):
    who = ("-c", "user.name=x", "-c", "user.email=x@x.example")
    subprocess.run(["git", *who, *arguments], cwd=root, capture_output=True, check=True)


@pytest.mark.parametrize(("silent", "code"), [("", 1), ("SILENT ", 0)])
def test_a_question_of_a_project_reaches_no_server(tmp_path, canary, silent, code):
    port, asked = canary
    root = project(
        tmp_path / "p", f"ASK {{ SERVICE {silent}<http://127.0.0.1:{port}/sparql> {{ ?s ?p ?o }} }}"
    )

    ended = run(root, "test")

    assert asked == []
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "command",
    [("validate",), ("validate", "--advanced"), ("dump",), ("query", "--list")],
    ids=" ".join,
)
def test_a_query_that_is_only_read_reaches_no_server_and_is_not_evaluated(
    tmp_path, canary, command
):
    port, asked = canary
    many = " ".join(map(str, range(2_000)))
    endless = " ".join(f"VALUES ?v{n} {{ {many} }}" for n in range(6))
    root = project(
        tmp_path / "p",
        f"SELECT (COUNT(*) AS ?n) {{ {endless} SERVICE <http://127.0.0.1:{port}/sparql> {{}} }}",
    )
    service = f"SELECT ?x {{ SERVICE <http://127.0.0.1:{port}/first> {{ ?s ?p ?x }} }}"
    (root / "queries" / "service.rq").write_text(service)

    ended = run(root, *command, "--timeout", "30")

    assert asked == []
    assert "deadline" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_query_that_diff_asks_reaches_no_server(tmp_path, canary):
    port, asked = canary
    root = project(tmp_path / "p", f"ASK {{ SERVICE <http://127.0.0.1:{port}/x> {{ ?s ?p ?o }} }}")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    (root / "data.ttl").write_text("<https://e.example/a> <https://e.example/p> 2 .\n")

    ended = run(root, "diff", "HEAD", "--no-findings")

    assert asked == []
    assert ended.returncode == 10
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("path", ["../p/data.ttl", "/etc/hostname", "../../../../etc/hostname"])
def test_a_revision_has_nothing_outside_of_itself(tmp_path, path):
    root = project(tmp_path / "p")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")

    ended = run(root, "diff", f"HEAD:{path}", "--no-findings")

    assert ended.returncode == 2
    assert f"HEAD has no {path}" in ended.stderr


def test_a_link_out_of_a_revision_is_one_message(tmp_path):
    root = project(tmp_path / "p")
    (root / "link").symlink_to("/etc/hostname")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")

    ended = run(root, "diff", "HEAD", "--no-findings")

    assert ended.returncode == 2
    assert "leads out of it" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_kg_toml_that_is_nested_without_end_is_one_message(tmp_path):
    (tmp_path / "kg.toml").write_text("data = " + "[" * 5_000)

    ended = run(tmp_path, "dump")

    assert ended.returncode == 2
    assert "kg.toml:1:40: values are nested more than 32 deep" in ended.stderr
    assert "Traceback" not in ended.stderr
