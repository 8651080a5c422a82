"""Every triple of every syntax with lines has its place, and the place is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.compare import isomorphic

from kg_server.project import SYNTAXES, ProjectFile, Role
from kg_server.rdf import terms
from kg_server.validation import graphs, locations, positions
from kg_server.validation.report import Finding, Severity

EX = "https://e.org/"
TURTLE = '''@prefix ex: <https://e.org/> .
# a comment with ex:a ex:p ex:b .

ex:a a ex:T ;
\tex:p "plain" , 'two' ,
        """many
lines; "quoted", and ex:c .""" ;
    ex:q [ ex:r 1 ; ex:s ( 2 true ) ] .
<https://e.org/b> ex:p "ভাষা"@bn , 1.50 , "x"^^ex:D .
_:n ex:p ex:a .
'''


MANY_LINES = terms.n_triples(Literal('many\nlines; "quoted", and ex:c .'))


def file(text: str, suffix: str = ".ttl") -> ProjectFile:
    path = Path(f"/somewhere/file{suffix}")
    return ProjectFile(path, Role.DATA, EX + "graph", SYNTAXES[suffix], text.encode())


def finding(subject: str, path: str | None = None, value: str | None = None) -> Finding:
    shape, component = f"<{EX}S>", f"<{EX}C>"
    return Finding(Severity.VIOLATION, subject, path, value, shape, None, component, "wrong")


def place_of(given: ProjectFile, *about: str | None) -> tuple[int, int, str] | None:
    (found,) = locations.Places([given]).located([finding(*about)])
    place = found.place
    if place is None:
        return None
    return place.line, place.column, place.excerpt[place.column - 1 : place.end_column - 1]


@pytest.mark.parametrize(
    ("subject", "path", "value", "expected"),
    [
        ("a", "p", '"plain"', (5, 7, '"plain"')),
        ("a", "p", '"two"', (5, 17, "'two'")),
        (
            "a",
            "p",
            terms.n_triples(Literal('many\nlines; "quoted", and ex:c .')),
            (6, 9, '"""many'),
        ),
        ("a", "p", '"absent"', (5, 7, '"plain"')),
        ("a", "q", None, (8, 10, "[")),
        ("a", "absent", '"plain"', (4, 1, "ex:a")),
        ("a", "absent", None, (4, 1, "ex:a")),
        ("a", None, None, (4, 1, "ex:a")),
        ("b", "p", '"ভাষা"@bn', (9, 24, '"ভাষা"@bn')),
        ("b", "p", '"x"^^<https://e.org/D>', (9, 43, '"x"^^ex:D')),
        ("absent", "p", None, None),
    ],
)
def test_a_finding_in_turtle_is_placed_at_its_object_or_its_subject(subject, path, value, expected):
    found = place_of(file(TURTLE), f"<{EX}{subject}>", path and f"<{EX}{path}>", value)

    assert found == expected


def test_blank_nodes_are_found_by_what_is_said_of_them():
    given = file(TURTLE)
    graph = Graph()
    graphs.parse_into(graph, given)

    (inner,) = graph.objects(URIRef(EX + "a"), URIRef(EX + "q"))
    (named,) = graph.subjects(URIRef(EX + "p"), URIRef(EX + "a"))

    assert place_of(given, inner.n3(), f"<{EX}r>", Literal(1).n3()) == (8, 17, "1")
    assert place_of(given, named.n3()) == (10, 1, "_:n")


TRIPLES = """# first
<https://e.org/a> <https://e.org/p> "x" .

  <https://e.org/a> <https://e.org/p> _:n .
_:n <https://e.org/p> "last" .
"""


@pytest.mark.parametrize("suffix", [".nt", ".nq"])
def test_a_line_syntax_has_a_place_a_line(suffix):
    text = TRIPLES.replace(" .\n", f" <{EX}g> .\n") if suffix == ".nq" else TRIPLES
    given = file(text, suffix)
    blank = next(o for _, _, o in graphs.triples(given, {}) if isinstance(o, BNode))

    assert place_of(given, f"<{EX}a>", f"<{EX}p>", '"x"')[:2] == (2, 1)
    assert place_of(given, f"<{EX}a>", f"<{EX}p>", blank.n3())[:2] == (4, 3)
    assert place_of(given, blank.n3(), f"<{EX}p>", '"last"')[:2] == (5, 1)


def test_trig_has_places_inside_and_outside_of_graphs():
    given = file(
        "@prefix ex: <https://e.org/> .\nex:a ex:p 1 .\nex:g {\n  ex:b ex:p 2 .\n}\n", ".trig"
    )

    assert place_of(given, f"<{EX}a>")[:2] == (2, 1)
    assert place_of(given, f"<{EX}b>", f"<{EX}p>", Literal(2).n3())[:2] == (4, 13)


def test_a_syntax_without_lines_gives_no_place():
    given = file('{"@id": "https://e.org/a", "https://e.org/p": 1}', ".jsonld")

    assert place_of(given, f"<{EX}a>") is None


def test_every_shipped_triple_has_a_place_and_the_graph_is_the_same(project):
    total = 0
    for given in project.files:
        found, graph = positions.index(given), Graph()
        graphs.parse_into(graph, given)

        assert len(found.triples) == len(graph)
        assert isomorphic(found.graph, graph)
        for (_, _, value), offset in found.triples.items():
            if isinstance(value, URIRef):
                rest = found.text[offset : offset + 200]
                last = re.split(r"[/#]", value.rstrip("/#"))[-1]
                implied = ("<", "a ", "(", "[", "_:")  # or the value of a list's last rdf:rest
                assert rest.startswith(implied) or last in (*re.split(r"[\s;,.:/]", rest), "nil")
        total += len(graph)
    assert total > 4000
