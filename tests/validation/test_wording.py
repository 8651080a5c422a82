"""Every finding has a message in plain words: the shape's own in one language, or a sentence."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from rdflib import Graph, Literal

from kg_server import project as projects
from kg_server import validation
from kg_server.cli.main import commands
from kg_server.validation import paths, reports, wording

PREFIXES = """@prefix ex: <https://e.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""
DATA = """
ex:a a ex:T ;
  ex:from 5 , 9 ;
  ex:to 3 , 7 , ex:never ;
  ex:name "A"@en , "B"@en , "C"@de , "D"@de ;
  ex:kind ex:k1 ;
  ex:one 1 , 2 , 3 ;
  ex:same 1 ; ex:other 2 ;
  ex:dis 4 ; ex:joint 4 ;
  ex:part [ ex:sub 1 ; ex:deep [ ex:x 1 , 2 ] ] ;
  ex:date "2023-02-30"^^xsd:date , ex:b , "x" , "y"@en ;
  ex:text "abcd" ;
  ex:bad 1 .
ex:k1 a ex:U .
"""
SHAPES = """
ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:closed true ;
  sh:ignoredProperties ( rdf:type ex:to ex:other ex:joint ) ;
  sh:property [ sh:path ex:from ; sh:lessThan ex:to ; sh:name "start"@en , "Beginn"@de ] ,
    [ sh:path ex:name ; sh:uniqueLang true ] ,
    [ sh:path ex:kind ; sh:hasValue ex:k2 ; sh:class ex:U , ex:V ] ,
    [ sh:path ex:one ; sh:maxCount 1 ; sh:in ( 1 3 ) ; sh:minInclusive "2020-01-01"^^xsd:date ] ,
    [ sh:path ex:same ; sh:equals ex:other ] ,
    [ sh:path ex:dis ; sh:disjoint ex:joint ] ,
    [ sh:path ( ex:part ex:deep ex:x ) ; sh:maxCount 1 ] ,
    [ sh:path ( ex:part ex:none ) ; sh:minCount 1 ] ,
    [ sh:path [ sh:alternativePath ( ex:same ex:dis ) ] ; sh:minCount 3 ] ,
    [ sh:path ex:date ; sh:datatype xsd:date ; sh:nodeKind sh:Literal ] ,
    [ sh:path ex:text ; sh:minLength 5 ; sh:maxLength 1 ; sh:pattern "^\\\\d+$" ;
      sh:languageIn ( "en" "de" ) ] ,
    [ sh:path ex:part ; sh:node ex:Part ; sh:or ( [ sh:class ex:U ] [ sh:nodeKind sh:IRI ] ) ;
      sh:not [ sh:nodeKind sh:BlankNode ] ;
      sh:qualifiedValueShape [ sh:class ex:V ] ; sh:qualifiedMinCount 2 ] .
ex:Part a sh:NodeShape ; sh:property [ sh:path ex:sub ; sh:minInclusive 5 ] .
ex:Q a sh:NodeShape ; sh:targetClass ex:T ; sh:message "of the shape" ; sh:sparql
  [ sh:message "Frage {?value}"@de , "query {?value}"@en ;
    sh:select "SELECT $this ?value { $this <https://e.org/bad> ?value }" ] ,
  [ sh:select "SELECT $this { $this <https://e.org/one> 2 }" ] .
ex:R a sh:NodeShape ; sh:targetClass ex:T ;
  sh:sparql [ sh:select "SELECT $this { $this <https://e.org/one> 2 }" ] .
"""


SHAPES_WITH_QUERIES = """
ex:Loop a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [
  sh:message "{?value} has {?text} and {$none}"@en , "{?value} hat {?text}"@de ;
  sh:select '''SELECT $this ?value ?text { $this <https://e.org/next> ?value .
    ?value <https://e.org/text> ?text }''' ] .
ex:May a sh:ConstraintComponent ; sh:parameter [ sh:path ex:may ] ; sh:validator [
  a sh:SPARQLAskValidator ; sh:message "not {$may}, {?value}"@en , "nicht {$may}"@de ;
  sh:ask "ASK { FILTER($value = $may) }" ] .
ex:Must a sh:ConstraintComponent ; sh:parameter [ sh:path ex:must ] ; sh:validator [
  a sh:SPARQLAskValidator ; sh:ask "ASK { FILTER($value = $must) }" ] .
ex:S a sh:NodeShape ; sh:targetClass ex:T ;
  sh:property [ sh:path ex:next ; ex:may ex:a ; ex:must ex:a ] .
"""


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            [
                *("ex:b has a\\d\\g<0> and {$none}", "ex:c has 0 and {$none}"),
                *("not ex:a, ex:b", "not ex:a, ex:c"),
                *("This node does not satisfy ex:Must.",) * 2,
            ],
        ),
        (
            "de",
            [
                *("ex:b hat a\\d\\g<0>", "ex:c hat 0", "nicht ex:a", "nicht ex:a"),
                *("This node does not satisfy ex:Must.",) * 2,
            ],
        ),
    ],
)
def test_the_variables_of_a_message_have_values_of_that_result_alone(tmp_path, language, expected):
    data = r"""ex:x a ex:T ; ex:next ex:b . ex:y a ex:T ; ex:next ex:c .
    ex:b ex:text "a\\d\\g<0>" . ex:c ex:text 0 ."""
    (tmp_path / "data.ttl").write_text(PREFIXES + data)
    (tmp_path / "shapes.ttl").write_text(PREFIXES + SHAPES_WITH_QUERIES)
    project = projects.load([tmp_path])

    report = validation.validate(project, use_cache=False, language=language, jobs=1)

    document = json.loads(reports.FORMS["json"](report, project))
    assert sorted(each["message"] for each in document["findings"]) == sorted(expected)


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    root = tmp_path_factory.mktemp("faults")
    (root / "data.ttl").write_text(PREFIXES + DATA)
    (root / "shapes.ttl").write_text(PREFIXES + SHAPES)
    project = projects.load([root])
    return validation.validate(project, use_cache=False, language="en"), project


@pytest.mark.parametrize(
    "message",
    [
        "The value 5 of start (ex:from) must be less than 3, the value of ex:to.",
        "The value 9 of start (ex:from) must be less than 3, the value of ex:to.",
        "The value 9 of start (ex:from) must be less than 7, the value of ex:to.",
        "The value 9 of start (ex:from) must be less than ex:never, the value of ex:to, but cannot "
        "be compared with it.",
        "ex:name has 2 values in the language de: only one is allowed.",
        "ex:name has 2 values in the language en: only one is allowed.",
        "ex:kind must have the value ex:k2: it has ex:k1.",
        "The value ex:k1 of ex:kind is not an instance of ex:V, but of ex:U.",
        "ex:one has 3 values: at most 1 is allowed.",
        "The value 2 of ex:one is not one of 1 or 3.",
        'The value 1 of ex:one must be at least "2020-01-01"^^xsd:date, but cannot be compared '
        "with it.",
        "ex:same has the value 1, which ex:other has not: both must be equal.",
        "ex:other has the value 2, which ex:same has not: both must be equal.",
        "The value 4 of ex:dis is a value of ex:joint, too: they must have no value in common.",
        "ex:part/ex:deep/ex:x has 2 values: at most 1 is allowed.",
        "ex:part/ex:none is missing: at least 1 is needed.",
        "ex:same|ex:dis has 2 values: at least 3 are needed.",
        'The value "2023-02-30"^^xsd:date of ex:date is not a valid xsd:date.',
        'The value "x" of ex:date has the datatype xsd:string: xsd:date is needed.',
        'The value "y"@en of ex:date has a language tag: a literal of datatype xsd:date is needed.',
        "The value ex:b of ex:date is an IRI: a literal of datatype xsd:date is needed.",
        "The value ex:b of ex:date is an IRI: it must be a literal.",
        'The value "abcd" of ex:text has 4 characters: at least 5 are needed.',
        'The value "abcd" of ex:text has 4 characters: at most 1 is allowed.',
        'The value "abcd" of ex:text does not match the pattern "^\\d+$".',
        'The value "abcd" of ex:text has no language: en or de is needed.',
        "A value of ex:part does not conform to ex:Part.",
        "A value of ex:part conforms to none of [ sh:class ex:U ] and [ sh:nodeKind sh:IRI ].",
        "A value of ex:part must not conform to [ sh:nodeKind sh:BlankNode ].",
        "ex:part has fewer than 2 values that conform to [ sh:class ex:V ].",
        "ex:bad with the value 1 is not allowed: the shape is closed, and does not name it.",
        "query 1",
        "of the shape",
        "The query of the shape finds this node.",
    ],
)
def test_a_finding_says_what_was_found_and_what_is_needed(judged, message):
    document = json.loads(reports.FORMS["json"](*judged))

    assert [each["message"] for each in document["findings"]].count(message) == 1


def test_no_sentence_is_of_pyshacl(judged):
    report, project = judged
    text = reports.FORMS["text"](report, project)

    for words in (
        "Less than",
        "More than",
        "does not conform to shape",
        "Literal(",
        "->",
        " Node ",
    ):
        assert words not in text
    assert len({(each.message, each.value, each.kind) for each in report.findings}) == len(
        report.findings
    )


def test_a_nested_finding_is_told_with_its_place(judged):
    text = reports.FORMS["text"](*judged)
    (block,) = [each for each in text.split("\n\n") if "(Node)" in each]
    (cause,) = [line.strip() for line in block.splitlines() if line.strip().startswith("cause")]

    assert "The value 1 of ex:sub must be at least 5. (" in cause
    assert "data.ttl:14:20)" in cause
    for form in ("sarif", "junit", "github", "markdown", "html", "gitlab"):
        assert "must be at least 5" in reports.FORMS[form](*judged)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("LessThan", [(8, 9), (8, 9), (8, 13), (8, 17), (8, 17)]),
        ("UniqueLang", [(9, 20), (9, 38)]),
        ("Disjoint", [(13, 23)]),
        ("Equals", [(12, 11), (12, 24)]),
    ],
)
def test_the_other_values_are_related_places(judged, kind, expected):
    report, _ = judged
    found = [each for each in report.findings if each.kind == kind]

    assert (
        sorted((place.line, place.column) for each in found for place in each.related) == expected
    )


@pytest.mark.parametrize("form", [form for form in reports.FORMS if form not in ("json", "turtle")])
def test_every_form_shortens_iris(judged, form):
    written = reports.FORMS[form](*judged)

    for line in written.splitlines():
        assert "https://e.org/" not in line or "SELECT" in line


@pytest.mark.parametrize(
    ("chosen", "project", "expected"),
    [
        ("de", (), "deutsch"),
        ("de-AT", (), "deutsch"),
        ("fr", (), "english"),
        (None, ("bn", "de"), "deutsch"),
        ("pt", (), "português"),
    ],
)
def test_a_message_is_in_one_language(monkeypatch, chosen, project, expected):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    texts = [
        Literal("deutsch", lang="de"),
        Literal("english", lang="en"),
        Literal("português", lang="pt-BR"),
    ]

    assert str(wording.best(texts, validation.languages(chosen, project))) == expected


def test_a_shape_with_messages_in_several_languages_keeps_one_of_them():
    shapes = Graph().parse(
        data=PREFIXES + 'ex:S sh:message "a"@en , "b"@de . ex:R sh:message "c"@fr .',
        format="turtle",
    )

    kept = wording.with_one_message(shapes, ("de", "en"))

    assert sorted(map(str, kept.objects())) == ["b", "c"]
    assert len(shapes) == 3


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {}, "nichts"),
        ([], {"LANG": "en_GB.UTF-8"}, "nothing"),
        (["--lang", "de"], {"LANG": "en_GB.UTF-8"}, "nichts"),
        (["--lang", "fr"], {"LANG": "C.UTF-8"}, "nichts"),
    ],
)
def test_the_language_is_chosen_or_that_of_the_locale_or_of_the_project(
    tmp_path, monkeypatch, arguments, environment, expected
):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "kg.toml").write_text('languages = ["de"]\ndata = ["d.ttl"]\nshapes = ["s.ttl"]\n')
    (tmp_path / "d.ttl").write_text(PREFIXES + "ex:a a ex:T .")
    (tmp_path / "s.ttl").write_text(
        PREFIXES + "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:p ; "
        'sh:minCount 1 ; sh:message "nichts"@de , "nothing"@en ] .'
    )

    done = CliRunner().invoke(commands, ["validate", str(tmp_path), "--jobs", "1", *arguments])

    assert done.exit_code == 1, done.output
    assert [word for word in ("nichts", "nothing") if word in done.stdout] == [expected]


@pytest.mark.parametrize(
    ("turtle", "expected"),
    [
        ("<urn:p>", "<urn:p>"),
        ("( <urn:p> <urn:q> )", "<urn:p>/<urn:q>"),
        ("[ <http://www.w3.org/ns/shacl#inversePath> <urn:p> ]", "^<urn:p>"),
        (
            "( [ <http://www.w3.org/ns/shacl#zeroOrMorePath> ( <urn:p> <urn:q> ) ] "
            "[ <http://www.w3.org/ns/shacl#alternativePath> ( <urn:r> <urn:s> ) ] )",
            "(<urn:p>/<urn:q>)*/(<urn:r>|<urn:s>)",
        ),
        ("no path", "no path"),
        ("( <urn:p>", "( <urn:p>"),
    ],
)
def test_a_path_is_shown_as_in_sparql(turtle, expected):
    assert paths.shown(turtle) == expected
