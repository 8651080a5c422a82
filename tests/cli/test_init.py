"""A project that ``init`` makes can be validated, tested and served at once."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kg_server.project import scaffold

ROOT = Path(__file__).resolve().parents[2]


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kg_server", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=place)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_new_project_conforms_without_any_finding_and_its_tests_pass(tmp_path):
    made = run(tmp_path, "init", "mine")

    assert made.returncode == 0
    assert "mine/kg.toml" in made.stdout.splitlines()
    validated = run(tmp_path / "mine", "validate", "--fail-on", "info")
    assert (validated.returncode, validated.stdout.splitlines()[0]) == (0, "Conforms.")
    tested = run(tmp_path / "mine", "test")
    assert tested.returncode == 0
    assert tested.stdout.startswith("...\n3 passed in ")
    asked = run(tmp_path / "mine", "query", "SELECT ?s { ?s a <https://kg.example.org/ns#Book> }")
    assert asked.stdout == "s\nhttps://kg.example.org/id/atlas\n"


def test_the_same_project_can_be_named_otherwise(tmp_path):
    run(tmp_path, "init", "mine")

    asked = run(
        tmp_path / "mine", "describe", "id/atlas", "--base-iri", "https://books.example.net/"
    )

    assert "https://books.example.net/id/atlas" in asked.stdout


def test_files_that_are_there_are_kept(tmp_path):
    (tmp_path / "kg.toml").write_text("mine")

    refused = run(tmp_path, "init")

    assert refused.returncode == 2
    assert (
        refused.stderr
        == "kg-server: .: has kg.toml already; nothing was written (--force replaces)\n"
    )
    assert [path.name for path in tmp_path.iterdir() if path.name != "cache"] == ["kg.toml"]
    assert (tmp_path / "kg.toml").read_text() == "mine"
    assert run(tmp_path, "init", "--force").returncode == 0
    assert "base-iri" in (tmp_path / "kg.toml").read_text()


def test_where_nothing_can_be_written_is_said_in_a_line(tmp_path):
    (tmp_path / "file").write_text("")

    refused = run(tmp_path, "init", "file/below")

    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_wheel_has_every_file_of_the_skeleton(tmp_path):
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-q",
        "-w",
    ]
    subprocess.run([*command, str(tmp_path), str(ROOT)], check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if "/skeleton/" in name}
    target = tmp_path / "project"
    written = {path.relative_to(target).as_posix() for path in scaffold.write(target)}
    assert {name.partition("/skeleton/")[2] for name in packed} == written
