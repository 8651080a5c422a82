"""A report says the same in every form, and hostile data stay data in each."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import RDF, SH, Graph, URIRef

from kg_server.cli import validate
from kg_server.errors import ProjectFault
from kg_server.validation import baseline, reports
from kg_server.validation.report import Finding, Place, Report, Severity

DSH = "https://diplomacy.example/ns/shapes#"
LABEL = "A state has a label."
STATE = "https://diplomacy.example/id/state/"
HOSTILE = '</td><script>alert(1)</script> ]]> & | `x` \\ "quoted"\nnew line ::error::%0A'


def finding(severity: Severity, state: str = "CAN", message: str = LABEL) -> Finding:
    place = Place(Path.cwd() / "data" / "a b.ttl", 3, 5, 14, "\t    state:CAN a dip:State ;")
    return Finding(
        severity,
        f"<{STATE}{state}>",
        "<http://www.w3.org/2000/01/rdf-schema#label>",
        None,
        f"<{DSH}State-label>",
        None,
        "<http://www.w3.org/ns/shacl#MinCountConstraintComponent>",
        message,
        place,
    )


def report(*findings: Finding) -> Report:
    return Report(findings, data_files=1, triples=10, shapes=2, focus_nodes=3, seconds=0.5)


THREE = report(
    finding(Severity.VIOLATION), finding(Severity.WARNING, "AZE"), finding(Severity.INFO, "TUR")
)


@pytest.mark.parametrize("form", sorted(reports.FORMS))
def test_every_form_names_the_things_and_the_messages(project, form):
    written = reports.FORMS[form](THREE, project)

    for state in ("CAN", "AZE", "TUR"):
        assert f"state:{state}" in written or STATE + state in written
    assert written.count(LABEL) >= 3
    assert written.endswith("\n")


@pytest.mark.parametrize("form", sorted(reports.FORMS))
def test_every_form_can_say_that_all_is_well(project, form):
    written = reports.FORMS[form](report(), project)

    assert form == "github" or written


def test_text_shows_the_line_with_a_caret_under_the_term(project):
    written = reports.text(report(finding(Severity.VIOLATION)), project)

    assert written.splitlines()[:4] == [
        "data/a b.ttl:3:5: VIOLATION: state:CAN",
        "    A state has a label.",
        "      3 | \t    state:CAN a dip:State ;",
        "        | \t   ^~~~~~~~~",
    ]


def test_json_has_the_place_and_the_counts(project):
    document = json.loads(reports.as_json(THREE, project))

    assert document["conforms"] is False
    assert document["counts"] == {"Violation": 1, "Warning": 1, "Info": 1}
    assert document["findings"][0]["place"] == {"file": "data/a b.ttl", "line": 3, "column": 5}


def test_turtle_is_a_shacl_validation_report(project):
    graph = Graph().parse(data=reports.turtle(THREE, project), format="turtle")

    (result,) = graph.subjects(SH.resultSeverity, SH.Violation)
    assert graph.value(result, SH.focusNode) == URIRef(STATE + "CAN")
    assert len(set(graph.subjects(RDF.type, SH.ValidationResult))) == 3


def test_sarif_has_a_rule_a_shape_and_a_region_a_finding(project):
    document = json.loads(reports.FORMS["sarif"](THREE, project))

    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["dsh:State-label"]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]
    assert [result["ruleIndex"] for result in run["results"]] == [0, 0, 0]
    physical = run["results"][0]["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "data/a%20b.ttl"}
    region = {name: physical["region"][name] for name in ("startLine", "startColumn", "endColumn")}
    assert region == {"startLine": 3, "startColumn": 5, "endColumn": 14}
    assert len({result["partialFingerprints"]["finding/v1"] for result in run["results"]}) == 3


def test_junit_fails_for_violations_only(project):
    root = ET.fromstring(reports.FORMS["junit"](THREE, project))  # noqa: S314  # our own text

    assert (root.get("tests"), root.get("failures")) == ("3", "1")
    assert len(root.findall(".//failure")) == 1


def test_github_annotations_stand_at_file_line_and_column(project):
    written = reports.FORMS["github"](report(finding(Severity.VIOLATION)), project)

    assert written == (
        "::error title=dsh%3AState-label,file=data/a b.ttl,line=3,col=5,endColumn=14"
        "::state:CAN: A state has a label.\n"
    )


@pytest.mark.parametrize("form", sorted(reports.FORMS))
def test_hostile_text_stays_text(project, form):
    hostile = replace(
        finding(Severity.VIOLATION, message=HOSTILE),
        value=json.dumps(HOSTILE),
        component=f"<{SH.MinCountConstraintComponent}>",
    )

    written = reports.FORMS[form](report(hostile), project)

    if form == "html":
        assert "<script>" not in written
    elif form == "markdown":
        assert "<script>" not in written
        assert len([line for line in written.splitlines() if line.startswith("| ")]) == 3
    elif form == "github":
        assert written.count("\n") == 1
        assert "%250A" in written
    elif form == "junit":
        ET.fromstring(written)  # noqa: S314  # our own text
    elif form == "turtle":
        assert len(Graph().parse(data=written, format="turtle")) > 8
    elif form != "text":
        json.loads(written)


def test_a_baseline_leaves_only_what_is_new(project, tmp_path):
    path = tmp_path / "old.json"
    old = report(finding(Severity.VIOLATION), finding(Severity.WARNING, "GONE"))
    path.write_text(reports.as_json(old, project))
    moved = replace(finding(Severity.VIOLATION, message="Other words."), place=None)

    compared = baseline.compare(report(moved, finding(Severity.INFO)), baseline.read(path))

    assert [each.severity for each in compared.new.findings] == [Severity.INFO]
    assert compared.summary == "1 new, 1 known, 1 fixed"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"findings": [1]}', b"\xff", b"{}"])
def test_what_is_no_report_is_refused_as_a_baseline(tmp_path, content):
    path = tmp_path / "old.json"
    path.write_bytes(content)

    with pytest.raises(ProjectFault, match="not a report"):
        baseline.read(path)


def test_the_command_offers_every_form():
    assert sorted(validate.FORMS) == sorted(reports.FORMS)


def test_equal_findings_have_fingerprints_of_their_own(project):
    twice = report(finding(Severity.VIOLATION), finding(Severity.VIOLATION))

    sarif = json.loads(reports.FORMS["sarif"](twice, project))
    gitlab = json.loads(reports.FORMS["gitlab"](twice, project))

    marks = [each["partialFingerprints"]["finding/v1"] for each in sarif["runs"][0]["results"]]
    assert len(set(marks)) == 2
    assert [each["fingerprint"] for each in gitlab] == marks
