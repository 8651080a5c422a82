"""Rules derive triples at loading: to a fixpoint, each into a named graph of its own."""

from __future__ import annotations

import pytest

from kg_server import formats
from kg_server import project as projects
from kg_server.errors import ProjectFault
from kg_server.formats import Kind
from kg_server.project import Role, rules
from kg_server.sparql.query import Query
from kg_server.store import open_store
from kg_server.validation import validate

DATA = """@prefix ex: <https://e.org/> .
ex:a ex:parent ex:b . ex:b ex:parent ex:c . ex:c ex:parent ex:d . ex:a ex:lives [] .
"""
PREFIX = "PREFIX ex: <https://e.org/>\n"
ANCESTOR = PREFIX + "CONSTRUCT { ?x ex:ancestor ?y } WHERE { ?x ex:parent ?y }"
CHAIN = PREFIX + "CONSTRUCT { ?x ex:ancestor ?z } WHERE { ?x ex:parent ?y . ?y ex:ancestor ?z }"
SHAPES = """@prefix ex: <https://e.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:ancestor ; sh:property ex:P .
ex:P a sh:PropertyShape ; sh:path ex:ancestor ; sh:maxCount 2 ; sh:message "at most two" .
"""


@pytest.fixture
def root(tmp_path):
    for name, text in (("data/a.ttl", DATA), ("ontology/shapes/s.ttl", SHAPES)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "ontology" / "rules").mkdir()
    (tmp_path / "kg.toml").write_text('base-iri = "https://e.org/"\n')
    return tmp_path


def load(root, **texts: str):
    for name, text in texts.items():
        (root / "ontology" / "rules" / f"{name}.rq").write_text(text)
    return projects.load([root])


def ask(project, text: str) -> list[str]:
    answer = open_store(project).query(Query(text, formats.named("csv", Kind.BINDINGS)))
    return answer.read().decode().split()[1:]


def test_rules_run_until_nothing_new_comes(root):
    project = load(root, ancestor=ANCESTOR, chain=CHAIN)

    assert ask(project, PREFIX + "SELECT ?y { ex:a ex:ancestor ?y } ORDER BY ?y") == [
        "https://e.org/b",
        "https://e.org/c",
        "https://e.org/d",
    ]


def test_what_a_rule_derives_first_is_in_its_own_named_graph(root):
    project = load(root, ancestor=ANCESTOR, chain=CHAIN, again=ANCESTOR)
    text = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?x ex:ancestor ?y } } GROUP BY ?g ORDER BY ?g"

    found = ask(project, PREFIX + text)

    # "again" is the same rule as "ancestor", and its name comes first.
    graph = "https://e.org/graph/derived/"
    assert found == [f"{graph}again,3", f"{graph}chain,3"]


def test_shapes_see_what_is_derived(root):
    report = validate(load(root, ancestor=ANCESTOR, chain=CHAIN), use_cache=False)

    assert [each.message for each in report.findings if each.focus_node == "<https://e.org/a>"]


def test_a_rule_that_changes_is_another_version(root):
    before = load(root, ancestor=ANCESTOR).version

    assert load(root, ancestor=ANCESTOR + "\n").version != before


def test_rules_do_not_see_the_shapes(root):
    text = "CONSTRUCT { ?x <https://e.org/seen> true } WHERE { ?x a ?class }"

    assert not load(root, seen=text).of_role(Role.DERIVED)


ENDLESS = """CONSTRUCT { ?x ex:p ?y } WHERE {
  { ?x ex:parent [] } UNION { [] ex:p ?x }
  BIND(IRI(CONCAT(STR(?x), "x")) AS ?y)
}"""
MAKES_NODES = "CONSTRUCT { ?x ex:home [] } WHERE { ?x ex:parent ?y }"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# a comment\nSELECT * { ?s ?p ?o }", "r.rq:1: a rule is a CONSTRUCT query"),
        ("INSERT DATA { <urn:a> <urn:b> 1 }", "r.rq:1: a rule is a CONSTRUCT query"),
        ("DESCRIBE <urn:a>", "r.rq:1: a rule is a CONSTRUCT query"),
        ("\nCONSTRUCT { ?x ex:a 1 }\nWHERE { ?x ex:b 1 }", "r.rq:2:16: The prefix ex: is not"),
        ("CONSTRUCT WHERE { GRAPH ?g { ?s ?p ?o } }", "r.rq:1: a rule sees the default graph"),
        ("\nCONSTRUCT { ?s ?p 1 } WHERE { ?s ?p ?o SERVICE <urn:x> {} }", "r.rq:2: a rule sees"),
        ("CONSTRUCT { ?s ?p ?n } WHERE { ?s ?p ?o BIND(NOW() AS ?n) }", "no RAND, NOW, UUID"),
        (PREFIX + MAKES_NODES, "r.rq:2: derives a triple with a blank node"),
        (PREFIX + "CONSTRUCT { ?y ex:home ?x } WHERE { ?x ex:lives ?y }", "FILTER(!isBlank(?x))"),
    ],
)
def test_what_is_no_rule_is_refused_with_file_and_line(root, text, message):
    with pytest.raises(ProjectFault) as caught:
        load(root, r=text)

    assert message in str(caught.value)


def test_a_rule_without_end_is_refused(root, monkeypatch):
    monkeypatch.setattr(rules, "ROUNDS", 30)

    with pytest.raises(ProjectFault, match=r"b.rq:2: has no end: round 30 still derives new"):
        load(root, a=ANCESTOR, b=PREFIX + ENDLESS)


def test_rules_that_derive_too_much_are_refused(root, monkeypatch):
    monkeypatch.setattr(rules, "MOST_TRIPLES", 5)

    with pytest.raises(ProjectFault, match=r"b.rq:2: the rules derive more than 5 triples"):
        load(root, b=PREFIX + ENDLESS)


def test_a_rule_that_takes_too_long_is_stopped(root, monkeypatch):
    monkeypatch.setattr(rules, "DEADLINE_S", 0.5)
    (root / "data" / "b.ttl").write_text(
        "".join(f"<https://e.org/{n}> <https://e.org/p> {n} .\n" for n in range(3000))
    )
    slow = (
        "CONSTRUCT { ?a ex:q 1 } WHERE { ?a ex:p ?x . ?b ex:p ?y . ?c ex:p ?z FILTER(?x+?y+?z<0) }"
    )

    with pytest.raises(ProjectFault, match=r"b.rq:2: was still running when the rules had taken"):
        load(root, a=ANCESTOR, b=PREFIX + slow)


def test_two_rules_cannot_have_one_name(root):
    (root / "ontology" / "rules" / "more").mkdir()
    (root / "ontology" / "rules" / "more" / "a.rq").write_text(ANCESTOR)

    with pytest.raises(ProjectFault, match="another rule is called 'a' already"):
        load(root, a=ANCESTOR)
