"""With the sieve in front, pySHACL finds what it finds alone: finding by finding."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from kg_server.errors import ProjectFault
from kg_server.project import ProjectFile, Role
from kg_server.rdf import terms
from kg_server.validation import graphs as loading
from kg_server.validation import pyshacl_engine
from kg_server.validation.prefilter import data as reading
from kg_server.validation.prefilter import view
from kg_server.validation.prefilter.select import Sieve
from kg_server.validation.report import Finding

PREFIXES = """@prefix ex: <https://e.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def file(role: Role, text: str) -> ProjectFile:
    name = role.value
    return ProjectFile(
        Path(f"{name}.ttl"), role, f"https://e.org/{name}", "turtle", (PREFIXES + text).encode()
    )


def both(data: str, shapes: str) -> tuple[set[Finding], set[Finding], bool]:
    """Return the findings with the sieve and without, and whether it held any node back."""
    files = (file(Role.DATA, data),)
    by = loading.read((file(Role.SHAPES, shapes),), "shapes")
    facts = reading.read(files)
    sieve = Sieve(facts, by, pyshacl_engine.targeted(by))
    aims = {
        task.shape: None if task.whole else [terms.to_rdflib(n) for n in sieve.suspects(task)]
        for task in sieve.tasks
    }
    try:
        alone = set(pyshacl_engine.findings(loading.read(files, "data"), by))
    except ProjectFault:  # pySHACL cannot put a blank node in order
        reject()
    sieved = set(pyshacl_engine.findings(view.graph(facts), pyshacl_engine.aimed(by, aims)))
    suspects = sum(len(nodes) for nodes in aims.values() if nodes is not None)
    return sieved, alone, suspects < len(sieve.focus_nodes())


NODES = ("ex:a", "ex:b", "ex:c", "_:d")
LITERALS = (
    *(
        '"x"',
        '"xyz"',
        '"x"@en',
        '"y"@en',
        '"x"@en-CA',
        '"x"@bn',
        '""',
        '"x\\n"',
        "1",
        "01",
        "2",
        "1.0",
    ),
    *(
        "1.50",
        "1e0",
        "true",
        '"1"^^xsd:boolean',
        '"2004-02-29"^^xsd:date',
        '"2005-02-29"^^xsd:date',
    ),
    *('"2004-03-01Z"^^xsd:date', '"2004"^^xsd:gYear', '"one"^^xsd:integer', '"1"^^xsd:string'),
    *('"-0"^^xsd:integer', '"+3"^^xsd:integer', '"2004-02"^^xsd:gYearMonth', '"a b"^^xsd:anyURI'),
)
PREDICATES = ("ex:p", "ex:q")
CLASSES = ("ex:T", "ex:U", "ex:V")

triples = st.one_of(
    st.tuples(st.sampled_from(NODES), st.just("a"), st.sampled_from(CLASSES)),
    st.tuples(
        st.sampled_from(NODES), st.sampled_from(PREDICATES), st.sampled_from(NODES + LITERALS)
    ),
    st.just(("ex:V", "rdfs:subClassOf", "ex:T")),
)
graphs = st.lists(triples, min_size=2, max_size=14).map(
    lambda found: "ex:a a ex:T . " + " ".join(f"{' '.join(each)} ." for each in found)
)
paths = st.sampled_from(
    (
        *("ex:p", "ex:q", "( ex:p ex:q )", "[ sh:inversePath ex:p ]", "[ sh:zeroOrMorePath ex:p ]"),
        *("[ sh:alternativePath ( ex:p ex:q ) ]", "[ sh:oneOrMorePath ex:q ]"),
        *("[ sh:zeroOrOnePath ex:p ]", "( [ sh:inversePath ex:q ] rdf:type )"),
    )
)
VALUES = (
    *("sh:class ex:T", "sh:datatype xsd:integer", "sh:datatype xsd:date", "sh:datatype xsd:string"),
    *("sh:datatype rdf:langString", "sh:datatype xsd:boolean", "sh:datatype xsd:decimal"),
    *("sh:datatype xsd:gYear", "sh:datatype xsd:anyURI", "sh:nodeKind sh:IRI"),
    *("sh:nodeKind sh:BlankNodeOrLiteral", "sh:nodeKind sh:Literal", 'sh:in ( "x" 1 ex:b )'),
    *("sh:in ( ex:a ex:b )", 'sh:in ( "x"@en "xyz" )', "sh:hasValue ex:b", 'sh:hasValue "x"'),
    *(
        "sh:hasValue 1",
        "sh:hasValue 1.50",
        'sh:pattern "^x"',
        'sh:pattern "^x$"',
        'sh:pattern "[0-9]+"',
    ),
    *('sh:pattern "^X" ; sh:flags "i"', "sh:minLength 1", "sh:maxLength 2", "sh:minInclusive 2"),
    *("sh:maxExclusive 2", 'sh:minInclusive "2004-03-01"^^xsd:date', 'sh:languageIn ( "en" )'),
    *("sh:node ex:Inner", "sh:node ex:Named", "sh:property ex:InnerProperty"),
)
SETS = (
    *("sh:minCount 1", "sh:maxCount 1", "sh:minCount 2", "sh:maxCount 2", "sh:uniqueLang true"),
    *("sh:equals ex:q", "sh:disjoint ex:q", "sh:lessThan ex:q", "sh:lessThanOrEquals ex:q"),
    "sh:qualifiedValueShape ex:Inner ; sh:qualifiedMinCount 1",
    "sh:qualifiedValueShape ex:Named ; sh:qualifiedMaxCount 1",
)


def first_word(constraint: str) -> str:
    return constraint.split()[0]


anonymous = st.sampled_from(VALUES).map(lambda each: f"[ {each} ]")
nested = st.one_of(
    st.tuples(
        st.sampled_from(("or", "and", "xone")), st.lists(anonymous, min_size=1, max_size=3)
    ).map(lambda each: f"sh:{each[0]} ( {' '.join(each[1])} )"),
    anonymous.map(lambda each: f"sh:not {each}"),
)
constraints = st.lists(
    st.one_of(st.sampled_from(VALUES), st.sampled_from(SETS), nested),
    min_size=1,
    max_size=3,
    unique_by=first_word,
)
on_nodes = st.lists(st.one_of(st.sampled_from(VALUES), nested), max_size=2, unique_by=first_word)
targets = st.sampled_from(
    (
        "sh:targetClass ex:T",
        "sh:targetSubjectsOf ex:p",
        "sh:targetObjectsOf ex:q",
        "sh:targetNode ex:a",
    )
)
CLOSED = "sh:closed true ; sh:ignoredProperties ( rdf:type )"


@st.composite
def shapes_graphs(draw):
    extra = draw(st.sampled_from(("", f"; {CLOSED}", "; sh:deactivated true")))
    own = "".join(f" ; {each}" for each in draw(on_nodes))
    inner = " ; ".join(draw(constraints))
    return (
        f"ex:S a sh:NodeShape ; {draw(targets)} ; sh:property ex:P{own}{extra} .\n"
        f"ex:P a sh:PropertyShape ; sh:path {draw(paths)} ; {inner} .\n"
        "ex:Inner a sh:NodeShape ; sh:property [ sh:path ex:q ; sh:minCount 1 ] .\n"
        "ex:Named a sh:NodeShape ; sh:nodeKind sh:IRI .\n"
        "ex:InnerProperty a sh:PropertyShape ; sh:path ex:q ; sh:maxCount 1 ."
    )


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs, shapes_graphs())
def test_random_shapes_find_the_same_in_random_data(data, shapes):
    sieved, alone, _ = both(data, shapes)

    assert {named(each) for each in sieved} == {named(each) for each in alone}


def named(finding: Finding) -> tuple[object, ...]:
    return (
        *(finding.severity, finding.focus_node, finding.path, finding.value),
        *(
            finding.source_shape if finding.source_shape.startswith("<") else None,
            finding.component,
        ),
    )
