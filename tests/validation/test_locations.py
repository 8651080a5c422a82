"""Every triple of every syntax with lines has its place, and the place is right."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from pyoxigraph import NamedNode
from rdflib import SH, XSD, BNode, Graph, Literal, URIRef

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
        ("absent", "p", None, (1, 1, "@prefix")),
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
def test_values_in_lines_have_places(suffix):
    text = TRIPLES.replace(" .\n", f" <{EX}g> .\n") if suffix == ".nq" else TRIPLES
    given = file(text, suffix)
    blank = next(o for _, _, o in graphs.triples(given, {}) if isinstance(o, BNode))

    assert place_of(given, f"<{EX}a>", f"<{EX}p>", '"x"')[:2] == (2, 37)
    assert place_of(given, f"<{EX}a>", f"<{EX}p>", blank.n3())[:2] == (4, 39)
    assert place_of(given, blank.n3(), f"<{EX}p>", '"last"')[:2] == (5, 23)


def test_trig_has_places_inside_and_outside_of_graphs():
    given = file(
        "@prefix ex: <https://e.org/> .\nex:a ex:p 1 .\nex:g {\n  ex:b ex:p 2 .\n}\n", ".trig"
    )

    assert place_of(given, f"<{EX}a>")[:2] == (2, 1)
    assert place_of(given, f"<{EX}b>", f"<{EX}p>", Literal(2).n3())[:2] == (4, 13)


RDF_XML = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [ <!ENTITY e "https://e.org/"> ]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:ex="&e;">
  <ex:T rdf:about="&e;a" ex:attribute="1">
    <ex:p>one</ex:p>
    <ex:q><ex:U><ex:p>two</ex:p></ex:U></ex:q>
    <ex:p rdf:resource="&e;b"/>
    <ex:list rdf:parseType="Collection"><ex:U rdf:about="&e;c"/><ex:U rdf:about="&e;d"/></ex:list>
    <ex:r rdf:parseType="Resource"><ex:p>three</ex:p></ex:r>
    <ex:xml rdf:parseType="Literal"><ex:p>four</ex:p></ex:xml>
  </ex:T>
</rdf:RDF>
"""
JSON = """{
  "@context": {"ex": "https://e.org/", "p": "ex:p", "q": {"@id": "ex:q", "@type": "@id"}},
  "@graph": [
    {"@id": "ex:a", "@type": "ex:T",
     "p": ["one", 2],
     "q": "ex:b",
     "ex:r": {"p": "three"}},
    {"@id": "https://e.org/c", "p": true}
  ]
}
"""


@pytest.mark.parametrize(
    ("suffix", "text", "about", "expected"),
    [
        (".rdf", RDF_XML, ("a", "p", '"one"'), (5, "<ex:p")),
        (".rdf", RDF_XML, ("a", "p", "<https://e.org/b>"), (7, "<ex:p")),
        (".rdf", RDF_XML, ("a", "attribute", '"1"'), (4, "<ex:T")),
        (".rdf", RDF_XML, ("a", "absent", None), (4, "<ex:T")),
        (".rdf", RDF_XML, ("d", None, None), (8, "<ex:U")),
        (".rdf", RDF_XML, ("nowhere", None, None), (1, "<?xml")),
        (".jsonld", JSON, ("a", "p", '"one"'), (5, '"one"')),
        (".jsonld", JSON, ("a", "q", "<https://e.org/b>"), (6, '"ex:b"')),
        (".jsonld", JSON, ("a", "r", None), (7, '"ex:r"')),
        (".jsonld", JSON, ("c", "absent", None), (8, "{")),
        (".jsonld", JSON, ("nowhere", None, None), (1, "{")),
    ],
)
def test_elements_and_keys_have_places(suffix, text, about, expected):
    subject, path, value = about

    line, _, shown = place_of(
        file(text, suffix), f"<{EX}{subject}>", path and f"<{EX}{path}>", value
    )

    assert (line, shown[: len(expected[1])]) == expected


SCOPED = """{"@context": {"@vocab": "https://e.org/", "nest": "@nest",
  "T": {"@context": {"own": "p"}}, "below": {"@context": {"own": "p"}}},
"@id": "https://e.org/a", "@type": "T",
"own": "of the type",
"below": {"@id": "https://e.org/b",
"own": "of the property"},
"nest": {
"q": "nested"}}"""


@pytest.mark.parametrize(
    ("subject", "path", "value", "line"),
    [("a", "p", "of the type", 4), ("b", "p", "of the property", 6), ("a", "q", "nested", 8)],
)
def test_contexts_of_types_and_properties_and_nested_keys_have_places(subject, path, value, line):
    about = f"<{EX}{subject}>", f"<{EX}{path}>", f'"{value}"'

    assert place_of(file(SCOPED, ".jsonld"), *about)[0] == line


@pytest.mark.parametrize(("suffix", "text"), [(".rdf", RDF_XML), (".jsonld", JSON)])
def test_blank_nodes_of_elements_and_keys_have_places(suffix, text):
    given = file(text, suffix)
    blanks = {str(o): s for s, _, o in graphs.triples(given, {}) if isinstance(s, BNode)}

    line = place_of(given, blanks["three"].n3(), f"<{EX}p>", '"three"')[0]

    assert "three" in text.splitlines()[line - 1]


ALL_OF_JSON = """{
  "@context": [
    {"ex": "https://e.org/", "id": "@id", "type": "@type", "@base": "https://e.org/"},
    {"list": {"@id": "ex:list", "@container": "@list"},
     "texts": {"@id": "ex:texts", "@container": "@language"},
     "link": {"@id": "ex:link", "@type": "@id"}}
  ],
  "@graph": [
    {"id": "ex:a", "type": "ex:T",
     "ex:p": [
       {"ex:n": "one",
        "ex:z": {"ex:y": "deep"}},
       {"ex:n": "one"},
       {"ex:n": "two",
        "ex:m": 1.5}
     ],
     "ex:q": {"id": "b",
              "ex:n": "three"},
     "list": ["x",
              {"ex:n": "four"},
              {"@value": "y", "@language": "en"}],
     "texts": {"en": "hello",
               "de": ["hallo",
                      "tag"]},
     "link": ["c",
              "ex:d"]},
    {"ex:n": "five",
     "@reverse": {"ex:rev": {"id": "ex:c",
                             "ex:n": "six"}}},
    {"id": "_:label",
     "ex:n": "seven"},
    {"id": "ex:d",
     "ex:p": {"id": "_:label"},
     "ex:o": {"@list": []}},
    {"ex:n": "eight",
     "ex:self": {"ex:n": "nine"}}
  ]
}
"""
ALL_OF_XML = """<?xml version="1.0"?>
<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="https://e.org/"
       xmlns:e="https://e.org/">
  <T r:about="https://e.org/a">
    <p><r:Description>
      <n>one</n>
      <z><r:Description><y>deep</y></r:Description></z>
    </r:Description></p>
    <p r:parseType="Resource">
      <n>one</n>
      <m>1.5</m>
    </p>
    <q>
      <U r:about="https://e.org/b"
         e:n="three"/>
    </q>
    <list r:parseType="Collection">
      <r:Description><n>four</n></r:Description>
      <r:Description r:nodeID="label"/>
    </list>
    <link r:resource="https://e.org/d"/>
    <empty e:n="five"/>
  </T>
  <r:Description r:nodeID="label"><n>seven</n></r:Description>
  <r:Bag r:about="https://e.org/bag">
    <r:li>x</r:li>
    <r:li xml:lang="en">hello</r:li>
  </r:Bag>
</r:RDF>
"""


@pytest.mark.parametrize(("suffix", "text"), [(".jsonld", ALL_OF_JSON), (".rdf", ALL_OF_XML)])
def test_every_text_of_nested_nodes_is_placed_in_its_line(suffix, text):
    given = file(text, suffix)
    found = list(positions.placed(given, text))
    lines = text.splitlines()

    assert len(found) > 20
    for (subject, _, value), node, at in found:
        assert node is not None, subject
        assert at is not None, value
        written = getattr(value, "value", "")
        if hasattr(value, "datatype") and written not in ("one", "three"):
            line = lines[text.count("\n", 0, at)]
            assert written.replace("1.5E0", "1.5") in line
    ones = [at for (_, _, value), _, at in found if getattr(value, "value", "") == "one"]
    assert len({text.count("\n", 0, at) for at in ones}) == 2


@pytest.mark.parametrize(
    ("focus", "path", "value", "expected"),
    [
        ('"plain"', None, None, (5, 7)),
        (f"<{EX}b>", f"[ <{SH.inversePath}> <{EX}p> ]", None, (9, 1)),
        (f"<{EX}a>", f"( <{EX}q> <{EX}r> )", f'"1"^^<{XSD.integer}>', (8, 17)),
        (f'"1"^^<{XSD.integer}>', None, None, (8, 17)),
    ],
)  # fmt: skip
def test_literals_and_values_behind_a_path_have_places(focus, path, value, expected):
    assert place_of(file(TURTLE), focus, path, value)[:2] == expected


def test_each_of_too_many_values_has_a_place():
    given = file("@prefix ex: <https://e.org/> .\nex:a ex:p 1 ,\n  2 ,\n  3 .\n")

    (found,) = locations.Places([given]).located([finding("<https://e.org/a>", f"<{EX}p>")])

    assert [each.line for each in (found.place, *found.related)] == [2, 3, 4]


DOCUMENTS = [
    "ex:s ex:p ( [ ex:a 1 ; ex:b 2 ] [ ex:a 3 ] ) , ( ( [ ex:a 4 ] ) ) , ( ( ) 5 ) , ( ( 6 7 ) ) .",
    "ex:s ex:p [ ex:p ( [ ex:p 1 ] ) ] . ( [ ex:p 2 ] 3 ) ex:p 4 . ( ( 5 ) ) ex:p ( 6 ( ) [ ] ) .",
    "ex:a ex:p [ ex:q 1 ; ex:r [ ex:s 2 ] ] , 3 ; ex:t ( 1 [ ex:u 2 ] ( 3 ) ) .",
    "[ ex:p 1 ] ex:q 2 . ( 1 2 3 ) ex:p 4 . [] ex:p () . [ ex:p 5 ] .",
    "( [ ex:p 1 ] [ ex:p 2 ] ( 3 ) 4 ) ex:p ( ( 5 ) ( ( 6 7 ) ) ) .",
    'ex:a\\.\\. ex:p ex:b\\. , "a\\"b"@en-US , "x.y"^^ex:d , -1.5e3 , true .',
    "ex:a ex:p 'it''s' .".replace("''", "\\'")
    + " # ex:no ex:p 1 .\n_:a.b ex:p _:c . ex:é ex:p ex:%2F .",
    'ex:a ex:p """one " two "" three""" , <http://x/\\u00e9> ;; ex:q 1 ; .',
    "PREFIX f: <urn:f:>\nBASE <http://b/>\nf:a f:b <c#d> .",
]


@pytest.mark.parametrize("text", DOCUMENTS)
def test_the_places_are_in_the_order_of_the_triples(text):
    given = file("@prefix ex: <https://e.org/> .\n" + text)

    found = list(positions.placed(given, given.content.decode()))

    assert found
    assert all(each.value is not None for each in found)
    source = given.content.decode()
    for (_, predicate, value), _, offset in found:
        written = getattr(value, "value", "")
        if predicate.value.startswith(EX) and written.isdigit():
            assert source.startswith(written, offset)


FORMS = (
    *('"{0}"', '"{0}"@en-GB', "{0}", '"{0}"^^ex:t', "'{0}'", '"""{0}"""^^<urn:t>'),
    *("ex:{0}", "<https://e.org/{0}>", "{0}.5", "'{0}'^^ex:t # \"]\n"),
)


def test_a_name_that_is_no_iri_has_no_place_and_does_no_harm():
    text = '{"@id": "http://[x", "urn:p": [{"@id": "//[y"}, {"@id": "urn:z", "urn:p": "//[z"}]}'
    given = file(text, ".jsonld")

    assert place_of(given, "<urn:z>", "<urn:p>", '"//[z"')[:2] == (1, text.index('"//[z"') + 1)


def some_nodes(draw: random.Random, numbers: Iterator[int], depth: int = 0) -> str:
    """Return the statements of a node, with values that are all different."""

    def value() -> str:
        number, kind = next(numbers), draw.randrange(len(FORMS) + 4 if depth < 4 else len(FORMS))
        if kind < len(FORMS):
            return FORMS[kind].format(number)
        if kind == len(FORMS):
            return f"[ {some_nodes(draw, numbers, depth + 1)} ]"
        return f"( {' '.join(value() for _ in range(draw.randrange(4)))} )"

    lists = (" , ".join(value() for _ in range(draw.randint(1, 3))) for _ in range(3))
    return " ;\n ".join(f"ex:p{place} {each}" for place, each in enumerate(lists))


@pytest.mark.parametrize("suffix", [".ttl", ".trig"])
def test_the_places_of_any_nesting_are_right(suffix):
    draw = random.Random(7)  # noqa: S311  # not for secrets
    values = 0
    for _ in range(60):
        numbers = itertools.count(100)
        begin, end = ("ex:g {", "}") if suffix == ".trig" else ("", "")
        body = f"ex:s {some_nodes(draw, numbers)} .\n[ {some_nodes(draw, numbers)} ] ."
        text = f"@prefix ex: <https://e.org/> .\n{begin}\n{body}\n{end}"

        for (_, _, value), _, offset in positions.placed(file(text, suffix), text):
            assert offset is not None
            written = re.search(r"(?<![0-9])[1-9][0-9]{2,}(?:\.5)?$", getattr(value, "value", ""))
            if written and not isinstance(value, ox.BlankNode):
                assert written[0] in text[offset : offset + 20].split()[0], body
                values += 1
    assert values > 1000


def test_every_shipped_triple_has_a_place(project):
    total = 0
    for given in project.files:
        text = given.content.decode()
        for (_, _, value), subject, offset in positions.placed(given, text):
            assert subject is not None
            assert offset is not None
            if isinstance(value, NamedNode) and given.syntax == "turtle":
                rest = text[offset : offset + 200]
                last = re.split(r"[/#]", value.value.rstrip("/#"))[-1]
                implied = ("<", "a ", "(", "[", "_:", ")")  # or where a list goes on
                assert rest.startswith(implied) or last in (*re.split(r"[\s;,.:/]", rest), "nil")
            total += 1
    assert total > 4000
