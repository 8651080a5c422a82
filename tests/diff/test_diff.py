"""What differs between two states: in triples, words, answers, findings and versions."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import children
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg_server.cli.main import commands
from kg_server.diff import changes, semver
from kg_server.diff.semver import Level
from kg_server.errors import ProjectFault
from kg_server.project import Project, ProjectFile, Role

PREFIXES = """@prefix ex: <https://e.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
ONTOLOGY = """<https://e.org/> a owl:Ontology ; owl:versionInfo "1.0.0" .
ex:Mission a owl:Class ; rdfs:label "Mission"@en .
ex:kind a owl:ObjectProperty ; rdfs:label "kind"@en ; rdfs:domain ex:Mission .
"""
SHAPES = """ex:S a sh:NodeShape ; sh:targetClass ex:Mission ; sh:property ex:P .
ex:P a sh:PropertyShape ; sh:path ex:kind ; sh:minCount 1 .
"""
DATA = """ex:a a ex:Mission ; rdfs:label "Embassy in Baku"@en ; ex:kind ex:embassy .
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["diff", *arguments])


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a project in a Git repository of its own, with one commit."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "project"
    monkeypatch.chdir(tmp_path)
    write(root, "data/all.ttl", DATA)
    write(root, "ontology/terms.ttl", ONTOLOGY)
    write(root, "ontology/shapes/all.ttl", SHAPES)
    query = root / "tests" / "competency" / "missions.rq"
    query.parent.mkdir(parents=True)
    query.write_text("SELECT ?m { ?m a <https://e.org/Mission> }")
    monkeypatch.chdir(root)
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    return root


def git(*arguments: str) -> None:
    who = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PREFIXES + text)


def test_the_working_tree_is_compared_with_a_revision_in_words(place):
    write(
        place, "data/all.ttl", DATA.replace("ex:embassy", "ex:consulate") + "ex:b a ex:Mission .\n"
    )

    ended = run("HEAD")

    assert ended.exit_code == Level.PATCH.exit_code == 10
    assert ended.stdout == (
        "HEAD -> the working tree\n\n"
        '  ex:a  ex:Mission "Embassy in Baku"@en\n'
        "~     ex:kind ex:embassy -> ex:consulate\n\n"
        "+ ex:b  ex:Mission\n"
        "+     rdf:type ex:Mission\n\n"
        "missions: 0 rows fewer, 1 row more\n"
        "+     ex:b\n\n"
        "Findings: 1 new, 0 fixed, 4 unchanged\n"
        "+     Violation: ex:b: ex:kind is missing: at least 1 is needed.\n\n"
        "2 statements added, 1 removed, 2 subjects changed.\n"
        "1 of 1 queries have different results.\n"
        "This is a patch change:\n"
        "    ex:a: data changed\n"
        "    ex:b: data changed\n"
    )


def test_below_the_root_of_a_project_a_revision_is_the_whole_project(place, monkeypatch):
    (place / "kg.toml").write_text('data = ["data"]\nontology = ["ontology"]\n')
    git("add", ".")
    git("commit", "--quiet", "-m", "second")
    monkeypatch.chdir(place / "data")

    ended = run("HEAD")

    assert ended.exit_code == 0
    assert ended.stdout == "There is no difference between HEAD and the working tree.\n"


def test_two_revisions_are_compared_without_touching_the_checkout(place):
    write(place, "ontology/terms.ttl", ONTOLOGY + "ex:Post a owl:Class .\n")
    git("commit", "--quiet", "-am", "second")
    write(place, "data/all.ttl", "ex:unfinished a ex:Mission .")

    ended = run("HEAD~1", "HEAD", "--no-findings", "--format", "json")

    document = json.loads(ended.stdout)
    assert ended.exit_code == Level.MINOR.exit_code == 11
    assert [each["subject"] for each in document["subjects"]] == ["<https://e.org/Post>"]
    assert document["overdue"] == ["<https://e.org/> has version 1.0.0 but needs 1.1.0"]
    assert document["findings"] is None
    assert "unfinished" in (place / "data" / "all.ttl").read_text()


@pytest.mark.usefixtures("place")
def test_a_path_in_a_revision_is_compared_with_a_file():
    ended = run("HEAD:data/all.ttl", "data/all.ttl", "--no-findings")

    assert (ended.exit_code, ended.stdout) == (
        0,
        "There is no difference between HEAD:data/all.ttl and data/all.ttl.\n",
    )


def test_markdown_for_a_pull_request_has_the_change_as_a_diff(place):
    write(place, "data/all.ttl", "")
    (place / "data" / "other.ttl").write_text(PREFIXES + "ex:c a ex:Mission ; ex:kind ex:e .")

    ended = run("HEAD", "--format", "markdown", "--exit-zero")

    assert ended.exit_code == 0
    assert ended.stdout.startswith("**Patch** change: 2 statements added, 3 removed")
    assert "```diff\n- ex:a" in ended.output


def test_a_limit_says_how_much_is_left_out(place):
    write(place, "data/all.ttl", "".join(f"ex:n{n} a ex:Mission .\n" for n in range(9)))

    ended = run("HEAD", "--limit", "3", "--no-findings")

    assert "... and 7 more changed subjects of the data" in ended.output
    assert "... and 7 more rows" in ended.output


def test_a_query_that_fails_now_is_named(place):
    (place / "tests" / "competency" / "wrong.rq").write_text("SELECT nonsense")
    write(place, "data/all.ttl", DATA + "ex:b a ex:Mission .")

    ended = run("HEAD", "--no-findings")

    # It fails on both sides, so that nothing is said of it; a change of the data is told.
    assert "wrong" not in ended.output
    assert "missions: 0 rows fewer, 1 row more" in ended.output


def test_a_side_that_cannot_be_validated_is_said(place):
    write(place, "ontology/shapes/all.ttl", SHAPES.replace("sh:targetClass", "sh:class"))

    ended = run("HEAD")

    assert "Findings: the new version cannot be validated: " in ended.output
    assert "No shape has a node of the data to look at" in ended.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no such file, directory or revision: nowhere"),
        (["--", "--output=x"], "no such file, directory or revision: --output=x"),
        (["HEAD:missing"], "HEAD has no missing"),
        (["HEAD", "--queries", "data"], "data: there are no .rq files"),
    ],
)
@pytest.mark.usefixtures("place")
def test_what_cannot_be_compared_is_said_in_a_line(arguments, message):
    ended = run(*arguments)

    assert ended.exit_code == 2
    assert ended.stderr.splitlines()[-1] == f"kg-server: {message}"


def test_outside_of_a_repository_a_revision_is_no_revision(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    ended = run("HEAD")

    assert ended.exit_code == 2
    assert "this is no Git repository" in ended.output


@pytest.mark.parametrize(
    ("old", "new", "level"),
    [
        ('ex:kind rdfs:label "x"@en .', 'ex:kind rdfs:label "y"@en .', Level.PATCH),
        ('ex:kind skos:definition "x"@en .', "", Level.PATCH),
        ("", "ex:Post a owl:Class .", Level.MINOR),
        ("", "ex:kind owl:equivalentProperty ex:other .", Level.MINOR),
        ("", "ex:kind owl:deprecated true .", Level.MINOR),
        ("ex:kind rdfs:range ex:Kind .", "", Level.MINOR),
        ("ex:Mission owl:disjointWith ex:Post .", "", Level.MINOR),
        ("", "ex:kind rdfs:range ex:Kind .", Level.MAJOR),
        ("", "ex:Mission owl:disjointWith ex:Post .", Level.MAJOR),
        ("", "ex:Mission rdfs:subClassOf ex:Thing .", Level.MAJOR),
        ("ex:Mission rdfs:subClassOf ex:Thing .", "", Level.MAJOR),
        ("ex:Post a owl:Class .", "", Level.MAJOR),
        ("ex:Post a owl:Class .", "ex:Office a owl:Class .", Level.MAJOR),
        (
            "ex:Mission rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ex:kind ] .",
            "ex:Mission rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ex:other ] .",
            Level.MAJOR,
        ),
        ("", "[] a owl:AllDisjointClasses ; owl:members ( ex:Mission ex:Post ) .", Level.MAJOR),
        ("[] a owl:AllDisjointClasses ; owl:members ( ex:Mission ex:Post ) .", "", Level.MAJOR),
        (
            "",
            "[] a owl:Axiom ; owl:annotatedSource ex:kind ; rdfs:comment 'by ISO' ;"
            "owl:annotatedProperty rdfs:label ; owl:annotatedTarget 'kind'@en .",
            Level.PATCH,
        ),
    ],
)
def test_the_weight_follows_the_policy(old, new, level):
    found = semver.reasons(changes.between(state(ONTOLOGY + old), state(ONTOLOGY + new)))

    assert semver.level(found) is level


def test_a_shape_is_minor_and_data_are_a_patch():
    before, after = state("ex:a ex:p 1 .", Role.SHAPES), state("ex:a ex:p 2 .", Role.SHAPES)
    data = state("ex:a ex:p 1 .", Role.DATA), state("ex:a ex:p 2 .", Role.DATA)

    assert semver.level(semver.reasons(changes.between(before, after))) is Level.MINOR
    assert semver.level(semver.reasons(changes.between(*data))) is Level.PATCH


def test_a_version_that_was_raised_enough_is_not_overdue():
    old = state(ONTOLOGY)
    new = state(ONTOLOGY.replace("1.0.0", "1.1.0") + "ex:Post a owl:Class .")

    assert semver.not_raised(old, new, Level.MINOR) == []
    assert semver.not_raised(old, new, Level.MAJOR) == [
        "<https://e.org/> has version 1.1.0 but needs 2.0.0"
    ]


def state(text: str, role: Role = Role.ONTOLOGY, prefixes: str = PREFIXES) -> Project:
    content = (prefixes + text).encode()
    file = ProjectFile(Path("x.ttl"), role, "https://e.org/graph/x", "turtle", content)
    return Project((file,), "https://e.org/", "1")


def test_a_changed_blank_node_is_shown_as_what_it_is_and_leaves_others_alone():
    same = "ex:x ex:p [ ex:q 1 ; ex:r [ ex:s 2 ] ] , ( ex:a ex:b ) ."

    found = changes.between(
        state(f"{same} ex:a ex:p [ ex:q 1 ; ex:r ( 1 2 ) ] ."),
        state(f"ex:a ex:p [ ex:q 1 ; ex:r ( 1 3 ) ] . {same}"),
    )

    (change,) = found.subjects[Role.ONTOLOGY]
    assert change.subject == "<https://e.org/a>"
    number = r'"\1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    before = "[ <https://e.org/q> 1 ; <https://e.org/r> ( 1 2 ) ]"
    assert [each.value for each in change.removed] == [re.sub(r"\b(\d)\b", number, before)]
    assert (found.added, found.removed) == (1, 1)


def test_a_list_of_a_blank_node_that_nothing_refers_to_is_written_as_a_list():
    axiom = "[] a owl:AllDisjointClasses ; owl:members ( ex:a ex:b ex:c ) ."

    found = changes.between(state(axiom), state(axiom.replace("ex:c", "ex:d")))

    (change,) = found.subjects[Role.ONTOLOGY]
    (removed,), (added,) = change.removed, change.added
    assert removed.value == "( <https://e.org/a> <https://e.org/b> <https://e.org/c> )"
    assert added.value == "( <https://e.org/a> <https://e.org/b> <https://e.org/d> )"


def test_of_a_single_file_in_a_project_only_that_file_is_compared(place):
    write(place, "data/all.ttl", DATA + "ex:b a ex:Mission .\n")
    write(place, "ontology/terms.ttl", ONTOLOGY + "ex:Post a owl:Class .\n")

    data = run("HEAD:data/all.ttl", "data/all.ttl")
    ontology = run("HEAD:ontology/terms.ttl", "ontology/terms.ttl")

    assert data.exit_code == Level.PATCH.exit_code
    assert "ex:Post" not in data.stdout
    assert "1 statement added, 0 removed, 1 subject changed." in data.stdout
    assert "ex:b: ex:kind is missing" in data.stdout  # judged by the shapes of the project
    assert "queries" not in data.stdout
    assert ontology.exit_code == Level.MINOR.exit_code
    assert "ex:b" not in ontology.stdout.split("Findings")[0]


def test_ctrl_c_ends_a_comparison_quietly(tmp_path):
    nodes = range(40)
    clique = " ".join(f"_:n{a} <urn:p> _:n{b} ." for a in nodes for b in nodes if a != b)
    for name, more in (("old", ""), ("new", " <urn:a> <urn:b> <urn:c> .")):
        (tmp_path / f"{name}.ttl").write_text(clique + more)
    process = subprocess.Popen(
        [sys.executable, "-m", "kg_server", "diff", "old.ttl", "new.ttl"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    (guarded,) = children.of(process.pid)
    assert children.of(guarded)  # which tells the blank nodes apart

    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "Traceback" not in errors


def test_a_graph_that_cannot_be_put_in_order_ends_at_the_limit():
    nodes = range(40)
    clique = " ".join(f"_:n{a} ex:p _:n{b} ." for a in nodes for b in nodes if a != b)

    with pytest.raises(ProjectFault, match="could not be told apart within 1 seconds"):
        changes.between(state(clique), state(clique + " ex:a ex:b ex:c ."), timeout_s=1)


terms = st.sampled_from(["ex:a", "ex:b", "_:x", "_:y", "_:z"])
graphs = st.lists(
    st.tuples(terms, st.sampled_from(["ex:p", "ex:q"]), terms | st.sampled_from(["1", '"x"@en'])),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs, st.randoms())
def test_other_names_of_blank_nodes_and_another_order_are_no_change(triples, chance):
    lines = [f"{' '.join(each)} ." for each in triples]
    renamed = [re.sub(r"_:(\w)", r"_:other\1", line) for line in lines]
    chance.shuffle(renamed)

    found = changes.between(state("\n".join(lines)), state("\n".join(renamed)))

    assert (found.added, found.removed) == (0, 0)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs)
def test_one_more_triple_is_the_one_that_is_shown(triples):
    text = "\n".join(f"{' '.join(each)} ." for each in triples)

    found = changes.between(state(text), state(f"{text}\nex:new ex:p ex:a ."))

    (change,) = found.subjects[Role.ONTOLOGY]
    assert (change.subject, change.removed, change.known) == ("<https://e.org/new>", (), False)
    assert [each.value for each in change.added] == ["<https://e.org/a>"]


def test_files_are_compared_outside_of_a_project_and_no_queries_are_asked(tmp_path):
    ontology = """@prefix w: <https://wood.example/ns#> .
        @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        <https://wood.example/ns> a owl:Ontology ; owl:versionInfo "1.0.0" .
        w:Tree a owl:Class . w:Oak a owl:Class ; rdfs:subClassOf w:Tree . """
    (tmp_path / "old.ttl").write_text(ontology + "w:Elm a owl:Class .")
    (tmp_path / "new.ttl").write_text(ontology)
    command = [sys.executable, "-m", "kg_server", "diff", "old.ttl", "new.ttl", "--no-findings"]

    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ended.returncode == 12, ended.stderr
    assert "queries" not in ended.stdout
    assert "has version 1.0.0 but needs 2.0.0" in ended.stdout


WOOD = """@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix w: <https://wood.example/ns#> .
<https://wood.example/ns> a owl:Ontology ; owl:versionInfo "1.0.0" .
w:Oak a owl:Class ; rdfs:subClassOf w:Tree .
w:Tree a owl:Class ; rdfs:label "tree"@en .
"""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("w:Elm a owl:Class .", "", 12),
        ("", "w:Elm a owl:Class .", 11),
        ("w:Tree rdfs:comment 'x' .", "w:Tree rdfs:comment 'y' .", 10),
        ("", "w:Oak rdfs:subClassOf w:Shrub .", 12),
        ("", "w:one a w:Oak .", 10),
        ("w:one a w:Oak .", "w:S a sh:NodeShape ; sh:targetClass w:Oak . w:one a w:Oak .", 11),
        ("w:c a skos:Concept . w:d a skos:Concept .", "w:c a skos:Concept .", 12),
    ],
)
def test_two_files_are_weighed_by_what_they_contain(tmp_path, monkeypatch, old, new, code):
    monkeypatch.chdir(tmp_path)
    for name, text in (("old.ttl", old), ("new.ttl", new)):
        (tmp_path / name).write_text(WOOD + text)

    ended = run("old.ttl", "new.ttl", "--no-findings")

    assert ended.exit_code == code, ended.stdout
    assert "queries have different results" not in ended.stdout


def test_a_long_blank_node_takes_a_line_a_statement(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    person = "[ a w:Person ; rdfs:label 'a name ; long' ; rdfs:seeAlso <https://e.org/somewhere> ]"
    (tmp_path / "old.ttl").write_text(WOOD)
    (tmp_path / "new.ttl").write_text(WOOD + f"w:Oak w:by {person} .")

    ended = run("old.ttl", "new.ttl", "--no-findings")

    assert max(map(len, ended.stdout.splitlines())) < 100
    assert '"a name ; long"' in ended.stdout
