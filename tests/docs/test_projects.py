"""The finished project of docs/projects.md: its files are written, and its commands run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "projects.md").read_text("utf-8").partition("## A finished project\n")[2]
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"(?m)^\$ (.*)\n((?:(?!\$ ).*\n)*)")


def fits(printed: str, shown: str) -> bool:
    """Tell whether the lines of a page are what was printed; an ellipsis is anything."""
    pattern = re.escape(shown.strip()).replace("…", r"[\s\S]*")
    return re.fullmatch(pattern, printed.strip()) is not None


class Shell:
    """Runs the commands of a page: those of kg-server, and the few beside them."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.server: subprocess.Popen[str] | None = None
        self.address = ""

    def run(self, line: str) -> str:
        program, *words = shlex.split(line)
        if program == "cd":
            self.place /= words[0]
            return ""
        if program == "rm":
            for word in words[1:]:
                shutil.rmtree(self.place / word)
            return ""
        if program == "curl":
            return self.curl(words)
        if words[0] == "serve":
            return self.serve()
        command = [sys.executable, "-m", "kg_server", *words]
        done = subprocess.run(command, cwd=self.place, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def serve(self) -> str:
        command = [sys.executable, "-m", "kg_server", "serve", "--port", "0"]
        self.server = subprocess.Popen(command, cwd=self.place, stderr=subprocess.PIPE, text=True)
        assert self.server.stderr
        said = ""
        for line in self.server.stderr:
            said += line
            if found := re.search(r"Home\s+(\S+)", line):
                self.address = found[1]
            if "SPARQL" in line:
                break
        return said.replace(self.address or "?", "http://127.0.0.1:8000/")

    def curl(self, words: list[str]) -> str:
        headers = dict(re.split(r":\s*", word, maxsplit=1) for word in words if ": " in word)
        url = words[-1].replace("http://127.0.0.1:8000/", self.address)
        request = urllib.request.Request(url, headers=headers)  # noqa: S310  # our own server
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.read().decode().replace("\r\n", "\n")

    def stop(self) -> None:
        if self.server:
            self.server.terminate()
            assert self.server.stderr
            self.server.stderr.close()
            self.server.wait(40)


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = Shell(tmp_path)
    yield found
    found.stop()


def test_the_finished_project_is_written_checked_and_served_as_the_page_says(shell):
    written, ran = [], []
    for language, text in BLOCK.findall(PAGE):
        if language == "console":
            for command, shown in COMMAND.findall(text):
                printed = shell.run(command)
                assert fits(printed, shown) or not shown, (command, printed)
                ran.append(command.partition(" ")[0])
        else:
            name = re.match(r"# (\S+)\n", text)
            path = shell.place / name[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            # A query's header and a table have to begin at the first line.
            path.write_text(text[name.end() :], "utf-8")
            written.append(name[1])

    home = shell.curl(["-H", "Accept: text/html", "http://127.0.0.1:8000/"])
    assert "<title>Skerryvore</title>" in home  # on the map
    assert "<td" in home  # the keeper's lights
    assert len(written) == 9
    assert ran.count("kg-server") == 6
    assert ran.count("curl") == 2
