"""What a wheel carries, built by the real build backend."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kg_server import canned
from kg_server import project as projects

ROOT = Path(__file__).resolve().parents[1]
PARTS = (
    "src",
    "frontend",
    "kg.toml",
    "ontology",
    "data",
    "queries",
    "pyproject.toml",
    "hatch_build.py",
)
BUILD = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
SCRIPTS = "kg_server/web/pages/static/build/"


def build_wheel(root, to, **environment):
    """Build a wheel; return its files and what was said."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(to)],
        cwd=root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    with zipfile.ZipFile(to / done.stdout.splitlines()[-1]) as wheel:
        return wheel.namelist(), done.stdout + done.stderr


@pytest.fixture
def sources(tmp_path):
    """The files of the project without anything built."""
    root = tmp_path / "project"
    ignore = shutil.ignore_patterns("node_modules", "build", "__pycache__")
    for name in (*PARTS, "README.md", "LICENSE"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=ignore)
        else:
            root.mkdir(exist_ok=True)
            shutil.copy(source, root / name)
    return root


def test_a_wheel_carries_pages_and_graph(tmp_path):
    files, _ = build_wheel(ROOT, tmp_path)

    for needed in (
        "kg_server/web/pages/templates/base.html",
        "kg_server/web/pages/static/style.css",
        "kg_server/web/pages/translations/bn.toml",
        "kg_server/project_files/kg.toml",
        "kg_server/project_files/data/relations.ttl",
        "kg_server/project_files/queries/trade.rq",
        "kg_server/project_files/ontology/diplomacy.ttl",
    ):
        assert needed in files
    beside = [name for name in files if "/project_files/" not in name]
    assert not [
        name for name in beside if name.endswith((".rq", ".ttl")) and "/skeleton/" not in name
    ]


def test_the_project_in_a_wheel_is_whole(tmp_path):
    build_wheel(ROOT, tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "site")

    project = projects.load([tmp_path / "site" / "kg_server" / "project_files"])

    canned.check(project)
    shipped = projects.load([ROOT])
    assert [file.graph_iri for file in project.files] == [each.graph_iri for each in shipped.files]
    assert len(project.queries) == len(shipped.queries) > 10


def test_a_wheel_carries_the_scripts_where_they_could_be_built(tmp_path):
    built = (ROOT / "src" / SCRIPTS / "manifest.json").is_file()

    files, _ = build_wheel(ROOT, tmp_path)

    assert bool([name for name in files if name.startswith(SCRIPTS)]) == built


def test_without_npm_the_plain_pages_remain_and_the_build_says_so(sources, tmp_path):
    files, said = build_wheel(sources, tmp_path, PATH=str(tmp_path))

    assert "npm was not found" in said
    assert "kg_server/web/pages/templates/base.html" in files
    assert not [name for name in files if name.startswith(SCRIPTS)]


def test_a_release_can_demand_the_scripts(sources, tmp_path):
    with pytest.raises(subprocess.CalledProcessError) as failed:
        build_wheel(sources, tmp_path, PATH=str(tmp_path), KG_SERVER_REQUIRE_FRONTEND="1")

    assert "npm was not found" in failed.value.stderr


def test_a_wheel_carries_the_licences_and_the_parts_of_its_scripts(tmp_path):
    files, _ = build_wheel(ROOT, tmp_path)

    if f"{SCRIPTS}manifest.json" not in files:
        pytest.skip("npm is not here, so no scripts are bundled")
    (wheel,) = tmp_path.rglob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (bill,) = [name for name in files if "/sboms/" in name]
        parts = {each["name"] for each in json.loads(archive.read(bill))["components"]}
        notices = archive.read(f"{SCRIPTS}licences.txt").decode()
    assert {"@codemirror/state", "d3-force"} <= parts
    for needed in ("@codemirror/state", "d3-force", "codemirror-lang-sparql", "Permission"):
        assert needed in notices
