"""Records as JSON: what is written comes back, and nothing else does."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kg_server import records
from kg_server.project import Project
from kg_server.validation import report as reports
from kg_server.validation.report import Finding, Place, Severity


def test_the_shipped_project_comes_back_as_it_was(project):
    files = tuple(replace(each, content=b"") for each in project.files)
    bare = replace(project, files=files)

    assert records.restored(Project, records.dumped(bare)) == bare


def test_a_report_comes_back_as_it_was(tmp_path):
    place = Place(tmp_path / "f.ttl", 1, 2, 3, "é")
    finding = Finding(
        Severity.WARNING, "<urn:a>", None, None, "<urn:s>", None, "<urn:c>", "m", place=place
    )
    whole = replace(finding, related=(place,), details=(finding,))
    report = reports.Report((whole,), 1, 2, 3, 4, 0.5)

    assert records.restored(reports.Report, records.dumped(report)) == report


@pytest.mark.parametrize(
    ("change"),
    [
        {"version": 1},
        {"files": [{"path": "x"}]},
        {"files": "x"},
        {"unknown": True},
        {"profile": {"title": {"en": 1}}},
        {"base_iri": None},
    ],
)
def test_what_is_no_record_of_the_type_is_refused(project, change):
    files = tuple(replace(each, content=b"") for each in project.files)
    written = json.loads(records.dumped(replace(project, files=files)))

    with pytest.raises((ValueError, TypeError)):
        records.restored(Project, json.dumps({**written, **change}))
