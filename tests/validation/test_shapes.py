"""Shapes that would silently check nothing are findings; shapes that check something are not."""

from __future__ import annotations

import itertools
import os
import pickle
import re
from pathlib import Path

import pyshacl
import pytest
from rdflib import RDFS, Graph, Literal, URIRef

from kg_server.errors import ProjectFault
from kg_server.project import Project, ProjectFile, Role
from kg_server.validation import graphs, ill_formed, pyshacl_engine
from kg_server.validation import shapes as shapes_lint
from kg_server.validation.corrections import shapes_graph

PREFIXES = """@prefix ex: <https://e.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
TARGETED = "ex:S a sh:NodeShape ; sh:targetClass ex:T ; "


def shapes_file(text: str) -> ProjectFile:
    content = (PREFIXES + text).encode()
    return ProjectFile(Path("shapes.ttl"), Role.SHAPES, "https://e.org/g", "turtle", content)


def faults(text: str) -> list[str]:
    shapes = shapes_graph.read([shapes_file(text)])
    shapes_lint.check(shapes)
    return [each.message for each in ill_formed.take_out(shapes)]


@pytest.mark.parametrize(
    "text",
    [
        f"{TARGETED} sh:property [ sh:path ex:p ; sh:maxCount 1 ; sh:uniqueLang true ] .",
        f"{TARGETED} sh:property [ sh:path ( ex:p [ sh:inversePath ex:q ] ) ; sh:minCount 1 ] .",
        f"{TARGETED} sh:or ( [ sh:class ex:U ] [ sh:nodeKind sh:IRI ] ) .",
        f"{TARGETED} sh:not ex:N . ex:N a sh:NodeShape ; sh:class ex:U .",
        f"{TARGETED} sh:and ( ex:N ) . ex:N a sh:NodeShape ; sh:class ex:U .",
        f"{TARGETED} sh:property ex:P . ex:P a sh:PropertyShape ; sh:path ex:p ; sh:in ( 1 2 ) .",
        "ex:S a sh:NodeShape , rdfs:Class ; sh:nodeKind sh:IRI .",
        "ex:S a sh:NodeShape , owl:Class ; sh:closed true ; sh:ignoredProperties ( ex:p ) .",
        "ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:p ; sh:nodeKind sh:IRI .",
        "ex:S a sh:NodeShape ; sh:targetObjectsOf ex:p ; sh:nodeKind sh:IRI .",
        "ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:nodeKind sh:IRI .",
    ],
)
def test_sound_shapes_pass(text):
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{TARGETED} sh:property [ sh:path ex:p ; sh:maxCuont 1 ] .", "mean sh:maxCount"),
        ("ex:S a sh:NodeShape ; sh:targetclass ex:T .", "mean sh:targetClass"),
        (f"{TARGETED} sh:nodeKind sh:Iri .", "mean sh:IRI"),
        (f"{TARGETED} sh:property ex:Nowhere .", "which is not defined"),
        (f"{TARGETED} sh:property [ sh:path [ sh:inversepath ex:p ] ] .", "mean sh:inversePath"),
        (f"{TARGETED} a sh:Nodeshape .", "mean sh:NodeShape"),
        (f'{TARGETED} sh:sparql [ sh:select "SELECT $this FROM <urn:g> {{}}" ] .', "use FROM"),
    ],
)
def test_unsound_shapes_are_named(text, message):
    assert message in faults(text)[0]


def test_a_file_without_shapes_has_none():
    with pytest.raises(ProjectFault, match="these are no shapes"):
        faults("ex:S ex:p ex:o .")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'{TARGETED} sh:property [ sh:path ex:p ; sh:minCount "one" ] .', "a whole number"),
        (f"{TARGETED} sh:property [ sh:path ex:p ; sh:minCount -1 ] .", "a whole number"),
        (f"{TARGETED} sh:property [ sh:path ex:p ; sh:maxLength 1.5 ] .", "a whole number"),
        (f'{TARGETED} sh:closed "yes" .', "true or false"),
        (f"{TARGETED} sh:property [ sh:path ex:p ; sh:in ex:a ] .", "a list in parentheses"),
        (f"{TARGETED} sh:or ex:a .", "a list in parentheses"),
        (f'{TARGETED} sh:class "ex:U" .', "an IRI"),
        (f'{TARGETED} sh:property [ sh:path ex:p ; sh:pattern "[a" ] .', "a regular expression"),
        (f"{TARGETED} sh:property [ sh:minCount 1 ] .", "needs a sh:path"),
        (f"{TARGETED} sh:property [ sh:path ex:p , ex:q ] .", "sh:path takes one value"),
        (f'{TARGETED} sh:property [ sh:path "ex:p" ] .', "sh:path takes an IRI"),
        (f"{TARGETED} sh:property [ sh:path () ] .", "sh:path takes an IRI"),
        (f"{TARGETED} sh:property [ sh:path ( ex:p ) ] .", "a list of two or more"),
        (f"{TARGETED} sh:property [ sh:path [ ex:inverse ex:p ] ] .", "sh:path takes an IRI"),
        (
            f"{TARGETED} sh:property [ sh:path _:p ] . _:p sh:inversePath _:p .",
            "not this blank node",
        ),
        (f"{TARGETED} sh:path ex:p ; sh:minLength 1 .", "not a sh:NodeShape"),
        (f"{TARGETED} sh:minCount 1 .", "needs a property shape"),
        (f"{TARGETED} sh:lessThan ex:p .", "needs a property shape"),
        (f"{TARGETED} sh:or () .", "at least one shape"),
        (f"{TARGETED} sh:xone ( ex:Nowhere ) .", "which is not defined"),
        (f'{TARGETED} sh:and ( "a" ) .', "which is not defined"),
        (f"{TARGETED} sh:message ex:m .", "takes a text"),
        (f'{TARGETED} sh:sparql [ sh:ask "ASK {{}}" ] .', "needs a sh:select"),
        (f'{TARGETED} sh:sparql [ sh:select "ASK {{}}" ] .', "must be a SELECT query"),
        (f'{TARGETED} sh:sparql [ sh:select "SELECT ?x {{ ?x ?y ?z }}" ] .', "select $this"),
        (
            f'{TARGETED} sh:sparql [ sh:select "SELECT * {{ $this ?y ?z MINUS {{ }} }}" ] .',
            "not use MINUS",
        ),
        (
            f'{TARGETED} sh:sparql [ sh:prefixes ex:o ; sh:select "SELECT * {{ $this ?y ?z }}" ] . '
            'ex:o sh:declare [ sh:prefix "ex" ] .',
            "one sh:namespace",
        ),
        ("ex:C a sh:ConstraintComponent ; sh:parameter [ sh:name 'p' ] .", "IRI as its sh:path"),
        (f"{TARGETED} sh:targetSubjectsOf 'p' .", "an IRI"),
        (f"{TARGETED} sh:targetNode [] .", "an IRI or a literal"),
        (f"{TARGETED} sh:nodeKind ex:Kind .", "sh:IRI, sh:Literal"),
        (f"{TARGETED} sh:pattern 5 .", "a string"),
        (f"{TARGETED} sh:languageIn ( 1 ) .", "language tags"),
        (f"{TARGETED} sh:closed true ; sh:ignoredProperties ( 'p' ) .", "takes IRIs"),
        (f"{TARGETED} sh:in _:l . _:l rdf:first 1 ; rdf:rest (), ( 2 ) .", "a list"),
        (f"{TARGETED} sh:node ex:P . ex:P sh:path ex:p .", "takes a node shape"),
        (f"{TARGETED} sh:minInclusive ex:a .", "a literal"),
        (f"{TARGETED} sh:equals 1 .", "an IRI"),
        (f"{TARGETED} sh:property [ sh:path ex:p ; sh:lessThan 5 ] .", "an IRI"),
        (
            f"{TARGETED} sh:property [ sh:path [ sh:inversePath ex:p ; ex:more ex:q ] ] .",
            "sh:path takes",
        ),
    ],
)
def test_what_is_ill_formed_is_found_once_and_taken_out(text, message):
    shapes = shapes_graph.read([shapes_file(text)])

    (found,) = ill_formed.take_out(shapes)

    assert message in found.message
    assert ill_formed.take_out(shapes) == ()


PARAMETERS = (
    *(
        "and",
        "class",
        "closed",
        "datatype",
        "deactivated",
        "disjoint",
        "equals",
        "flags",
        "hasValue",
    ),
    *(
        "ignoredProperties",
        "in",
        "languageIn",
        "lessThan",
        "lessThanOrEquals",
        "maxCount",
        "message",
    ),
    *("maxExclusive", "maxInclusive", "maxLength", "minCount", "minExclusive", "minInclusive"),
    *("minLength", "node", "nodeKind", "not", "or", "path", "pattern", "property", "severity"),
    *("qualifiedMaxCount", "qualifiedMinCount", "qualifiedValueShape", "targetClass", "targetNode"),
    *("qualifiedValueShapesDisjoint", "targetObjectsOf", "targetSubjectsOf", "uniqueLang", "xone"),
)
VALUES = (
    *("ex:a", "[]", "'text'", "'text'@en", "1", "true", "()", "( ex:a )", "( 1 )", "ex:P0"),
    *("ex:a , ex:b", "1 , 2", "true , false", "[ sh:class ex:T ]"),
)


def test_all_that_the_shapes_for_shapes_find_is_found():
    path = Path(pyshacl.__file__).parent / "assets" / "shacl-shacl.pickle"
    store, identifier = pickle.loads(path.read_bytes())  # noqa: S301  # a file of pySHACL
    shapes_for_shapes = graphs.graph()
    shapes_for_shapes += Graph(store, identifier)
    both = list(enumerate(itertools.product(PARAMETERS, VALUES)))
    text = "".join(
        f"ex:N{number} a sh:NodeShape ; sh:{name} {value} .\n"
        f"ex:P{number} a sh:PropertyShape ; sh:path ex:p ; sh:{name} {value} .\n"
        for number, (name, value) in both
    )

    theirs = pyshacl_engine.findings(shapes_graph.read([shapes_file(text)]), shapes_for_shapes)
    ours = ill_formed.take_out(shapes_graph.read([shapes_file(text)]))

    wrong = {each.focus_node for each in theirs if re.search(r"/[NP]\d+>", each.focus_node)}
    assert len(wrong) > len(both)
    assert wrong - {each.focus_node for each in ours} == set()


def test_the_shipped_shapes_pass(project: Project):
    files = project.of_role(Role.SHAPES)

    assert len(files) > 20
    assert ill_formed.take_out(shapes_graph.read(files)) == ()


def changed(project: Project) -> Graph:
    """Return the shipped shapes with a triple more, so that the package does not know them."""
    shapes = shapes_graph.read(project.of_role(Role.SHAPES))
    shapes.add((URIRef("urn:s"), RDFS.comment, Literal("changed")))
    return shapes


def test_the_package_knows_its_own_shapes_and_they_pass_the_shapes_for_shapes(project):
    """When the shapes change, write the new ``digest_of`` into ``shapes_checked.txt``."""
    shapes = shapes_graph.read(project.of_role(Role.SHAPES))
    copy = graphs.graph()
    copy += shapes
    pyshacl_engine.prepare()

    assert pyshacl_engine.check_shapes(copy) == ()
    recorded = Path(shapes_lint.__file__).with_name("shapes_checked.txt").read_text()
    assert recorded.split() == [shapes_lint.digest_of(shapes)]


def test_shapes_found_good_are_known_again_until_they_change(tmp_path, monkeypatch, project):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shapes = changed(project)
    assert not shapes_lint.known_good(shapes)

    shapes_lint.remember(shapes)

    assert shapes_lint.known_good(shapes)
    shapes.remove(next(iter(shapes)))
    assert not shapes_lint.known_good(shapes)


def test_the_same_parameters_on_other_blank_nodes_are_other_shapes(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    sound = "[ sh:path ex:p ; sh:minCount 1 ] , [ sh:path ex:q ; sh:maxCount 1 ]"
    one, again, other = (
        graphs.read([shapes_file(f"{TARGETED} sh:property {text} .")], "shapes")
        for text in (
            sound,
            sound,
            "[ sh:path ex:p , ex:q ; sh:minCount 1 ] , [ sh:maxCount 1 ]",
        )
    )

    shapes_lint.remember(one)

    assert shapes_lint.known_good(again)
    assert not shapes_lint.known_good(other)


@pytest.mark.parametrize("place", ["/proc/nowhere", f"/{300 * 'x'}", ""])
def test_where_nothing_can_be_kept_nothing_is_known(monkeypatch, project, place):
    monkeypatch.setenv("XDG_CACHE_HOME", place)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 12345)  # without a home, as in a container
    shapes = changed(project)

    shapes_lint.remember(shapes)

    assert not shapes_lint.known_good(shapes)


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("!(<urn:q>|^<urn:r>) ?v", True),
        ("!^<urn:q> ?v", True),
        ("!(<urn:q>|<urn:r>) ?v . $this (^<urn:p>|<urn:q>) ?w", False),
        ("<urn:p> ?v FILTER(!('1'^^<urn:d> = ?v))", False),
    ],
)
def test_a_negated_inverse_in_a_query_is_told_and_the_shape_is_used_without_it(path, refused):
    query = f'sh:sparql [ sh:select "SELECT $this {{ $this {path} }}" ]'

    found = faults(f"{TARGETED} sh:nodeKind sh:IRI ; {query} .")

    assert [each.startswith("The query has an inverse in a negated path") for each in found] == [
        True
    ] * refused
