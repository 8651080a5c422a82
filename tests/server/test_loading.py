"""Loading of what is served, where its validation is given up."""

from __future__ import annotations

import time
from functools import partial

import pytest

from kg_server import processes, validation
from kg_server import project as projects
from kg_server.errors import ProjectFault
from kg_server.server import loading

DATA = "<https://e.org/a> a <https://e.org/T> ."
SHAPES = (
    "@prefix sh: <http://www.w3.org/ns/shacl#> . <https://e.org/S> a sh:NodeShape ; "
    "sh:targetClass <https://e.org/T> ; sh:nodeKind sh:IRI ."
)


def verdict_of(project, *, allow_invalid=False):
    work = partial(validation.validate, project, timeout_s=0.0, use_cache=False)
    child = processes.start(work, sealed=False)
    waiting = processes.Pending(child)
    assert waiting.wait(time.monotonic() + 60)
    child.wait()
    return loading.verdict_of(waiting, project, allow_invalid=allow_invalid)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "data.ttl").write_text(DATA)
    (tmp_path / "shapes.ttl").write_text(SHAPES)
    return tmp_path


def test_files_by_name_are_served_although_their_validation_was_given_up(files):
    project = projects.load([files / "data.ttl", files / "shapes.ttl"])

    verdict = verdict_of(project)

    assert verdict.report is None
    assert verdict.unvalidated.startswith("the validation was given up after 0 seconds")


def test_a_project_is_not_served_when_its_validation_was_given_up(files):
    (files / "kg.toml").write_text('data = ["data.ttl"]\nshapes = ["shapes.ttl"]\n')
    project = projects.load([files])

    with pytest.raises(ProjectFault, match=r"not served, because .* given up .*--no-validate"):
        verdict_of(project)
    assert verdict_of(project, allow_invalid=True).report is None
