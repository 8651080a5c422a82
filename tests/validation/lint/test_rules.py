"""Each rule finds its slip at its place, and leaves alone what is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from kg_server import project, validation
from kg_server.cli.main import commands
from kg_server.errors import ProjectFault
from kg_server.validation import lint, reports

ROOT = Path(__file__).resolve().parents[3]
PREFIXES = """@prefix ex: <https://e.org/ns#> .
@prefix id: <https://e.org/id/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def term(name: str, kind: str = "owl:Class", more: str = "") -> str:
    return (
        f'ex:{name} a {kind} ; rdfs:label "{name}"@en , "{name}"@bn ; '
        f'skos:definition "A {name}."@en ; rdfs:isDefinedBy <https://e.org/ns> ; {more} .\n'
    )


ONTOLOGY = "<https://e.org/ns> a owl:Ontology .\n" + "".join(
    (term("Mission"), term("Post"), term("kind", "owl:ObjectProperty"))
)
SHAPES = (
    "ex:S a sh:NodeShape ; sh:targetClass ex:Mission ; "
    "sh:property [ sh:path ex:kind ; sh:nodeKind sh:IRI ] .\n"
    "ex:PostShape a sh:NodeShape ; sh:targetClass ex:Post ; sh:nodeKind sh:IRI .\n"
)
DATA = (
    "id:a a ex:Mission ; ex:kind id:embassies .\nid:embassies rdfs:label 'x' .\n"
    "id:mine a ex:Post .\n"
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "project"
    monkeypatch.chdir(tmp_path)

    def write(ontology: str = "", data: str = "", shapes: str = "", manifest: str = "") -> Path:
        root.mkdir()
        if manifest:
            (root / "kg.toml").write_text(manifest)
        for name, text in (
            ("data/all.ttl", DATA + data),
            ("ontology/terms.ttl", ONTOLOGY + ontology),
            ("ontology/shapes/all.ttl", SHAPES + shapes),
        ):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PREFIXES + text)
        return root

    return write


def reported(root: Path, **options) -> list[str]:
    """Return each finding as its first two lines, its excerpt and its rule."""
    loaded = project.load([root])
    text = reports.text(validation.validate(loaded, **options), loaded)
    return text.split("\n\n")[:-1]


def test_a_clean_project_has_no_findings(place):
    assert reported(place()) == []


CASES = {
    "undeclared-term": (
        {"data": "id:b a ex:Mision .\n"},
        "project/data/all.ttl:12:8: VIOLATION: id:b\n"
        "    ex:Mision is not declared in the ontology; did you mean ex:Mission?",
    ),
    "undeclared-term in a query": (
        {
            "shapes": 'ex:Q a sh:NodeShape ; sh:targetClass ex:Post ; sh:sparql [ sh:select """'
            "SELECT $this { $this <https://e.org/ns#knid> ?x }"
            '""" ] .\n'
        },
        "    ex:knid is not declared in the ontology; did you mean ex:kind?",
    ),
    "wrong-namespace": (
        {"data": "id:a <https://www.w3.org/2000/01/rdf-schema#label> 'x' .\n"},
        "project/data/all.ttl:12:52: VIOLATION: id:a\n"
        "    <https://www.w3.org/2000/01/rdf-schema#label> has the namespace "
        "https://www.w3.org/2000/01/rdf-schema#; "
        "did you mean http://www.w3.org/2000/01/rdf-schema#label?",
    ),
    "wrong-namespace of an own term": (
        {"data": "id:b a <http://e.org/ns#Mission> .\n"},
        "    <http://e.org/ns#Mission> has the namespace http://e.org/ns#; "
        "did you mean https://e.org/ns#Mission?",
    ),
    "wrong-namespace, no such term": (
        {"data": 'id:a skos:prefLable "x"@en .\n'},
        "project/data/all.ttl:12:21: VIOLATION: id:a\n"
        "    skos:prefLable is no term of that vocabulary; did you mean skos:prefLabel?",
    ),
    "iri-typo": (
        {"data": "id:b a ex:Mission ; ex:kind id:embasies .\n"},
        "project/data/all.ttl:12:29: WARNING: id:b\n"
        "    id:embasies is described nowhere; did you mean id:embassies?",
    ),
    "no-label": (
        {
            "ontology": "ex:Organ a owl:Class ; skos:definition 'An organ.' ; "
            "rdfs:isDefinedBy <https://e.org/ns> ; rdfs:subClassOf ex:Organ2 .\n"
            + term("Organ2", more="rdfs:subClassOf ex:Organ3")
            + term("Organ3", more="owl:disjointWith ex:Organ")
        },
        "project/ontology/terms.ttl:13:1: WARNING: ex:Organ\n"
        "    ex:Organ has no label: add rdfs:label.",
    ),
    "no-definition": (
        {
            "ontology": "ex:Post rdfs:subClassOf ex:Organ . ex:Organ a owl:Class ; "
            "rdfs:label 'o'@en , 'o'@bn ; rdfs:isDefinedBy <https://e.org/ns> .\n"
        },
        "    ex:Organ has no definition: say in a sentence what it means, with skos:definition.",
    ),
    "no-defined-by": (
        {
            "ontology": "ex:Post rdfs:subClassOf ex:Organ . ex:Organ a owl:Class ; "
            "rdfs:label 'o'@en , 'o'@bn ; skos:definition 'o' .\n"
        },
        "    ex:Organ does not say to which ontology it belongs: add rdfs:isDefinedBy.",
    ),
    "missing-language": (
        {
            "ontology": "ex:Post rdfs:subClassOf ex:Organ . ex:Organ a owl:Class ; "
            "rdfs:label 'o'@en ; skos:definition 'o' ; rdfs:isDefinedBy <https://e.org/ns> .\n"
        },
        "    ex:Organ has no label in 'bn', which most terms have.",
    ),
    "missing-translation": (
        {"data": "id:a rdfs:label 'a'@en .\n", "manifest": 'languages = ["en", "fr"]\n'},
        "project/data/all.ttl:12:17: WARNING: id:a\n"
        "    A thing of the class ex:Mission has no rdfs:label in 'fr': id:a.",
    ),
    "unused-setting": (
        {"manifest": '[topics]\ncity = "Cities"\n\n[evidence]\nclaim = "ex:Mision"\n'},
        "project/kg.toml:5:1: WARNING: <http://localhost/>\n    claim: no file uses ex:Mision.",
    ),
    "unused-setting of queries": (
        {"manifest": '[topics]\ncity = "Cities"\n'},
        "project/kg.toml:2:1: WARNING: <http://localhost/>\n"
        "    topics: no canned query has the tag 'city'.",
    ),
    "duplicate-label": (
        {
            "ontology": "ex:Post rdfs:subClassOf ex:Organ .\n"
            + term("Organ").replace('"Organ"@en', '"Post"@en')
        },
        '    ex:Post has the label "Post"@en too, and the same class.',
    ),
    "unused-term": (
        {"ontology": term("Organ")},
        "project/ontology/terms.ttl:13:1: INFO: ex:Organ\n"
        "    ex:Organ is used by no data, shape, query or other term.",
    ),
    "deprecated-term": (
        {"ontology": "ex:Post owl:deprecated true ; dct:isReplacedBy ex:Mission .\n"},
        "project/data/all.ttl:11:11: WARNING: id:mine\n    ex:Post is deprecated: use ex:Mission.",
    ),
    "ill-typed-literal": (
        {"data": 'id:a rdfs:comment "2005-02-29"^^xsd:date .\n'},
        "project/data/all.ttl:12:19: VIOLATION: id:a\n"
        '    "2005-02-29" is not valid for the datatype xsd:date.',
    ),
    "subclass-cycle": (
        {"ontology": "ex:Post rdfs:subClassOf ex:Mission . ex:Mission rdfs:subClassOf ex:Post .\n"},
        "    ex:Mission is its own rdfs:subClassOf, by way of others.",
    ),
    "disjointness-violated": (
        {
            "ontology": "ex:Post owl:disjointWith ex:Mission .\n",
            "data": "id:b a ex:Post , ex:Mission .\n",
        },
        "    id:b is of ex:Mission and of ex:Post, which are disjoint.",
    ),
    "disjointness-violated by a class": (
        {
            "ontology": "[] a owl:AllDisjointClasses ; owl:members ( ex:Post ex:Mission ) .\n"
            + term("Odd", more="rdfs:subClassOf ex:Post , ex:Mission ; skos:note ex:Odd")
        },
        "    ex:Odd is of ex:Mission and of ex:Post, which are disjoint.",
    ),
    "unreached-shape": (
        {"shapes": "ex:Idle a sh:NodeShape ; sh:nodeKind sh:IRI .\n"},
        "ex:Idle has no target and no shape refers to it, so it checks nothing.",
    ),
    "not-checked": (
        {"shapes": "ex:S sh:js [ sh:jsFunctionName 'f' ] .\n"},
        "sh:js is of SHACL-JS, which is not evaluated.",
    ),
    "missing-import": (
        {"ontology": "<https://e.org/ns> owl:imports <https://e.org/other> .\n"},
        "https://e.org/other is imported and not among the files",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_finds_its_slip(place, name):
    files, expected = CASES[name]
    rule = re.match(r"[\w-]+", name)[0]

    blocks = [each for each in reported(place(**files)) if each.endswith(f"    rule   {rule}")]

    assert any(expected in block for block in blocks), blocks


def test_every_rule_has_a_case():
    assert {re.match(r"[\w-]+", name)[0] for name in CASES} == set(lint.RULES)


def test_a_text_where_a_term_belongs_is_no_term(place):
    assert reported(place(ontology='ex:kind rdfs:range "text" ; owl:inverseOf "kind" .\n')) == []


@pytest.mark.parametrize("name", CASES)
def test_a_rule_that_is_off_finds_nothing(place, name):
    rule = re.match(r"[\w-]+", name)[0]

    assert f"rule   {rule}" not in "\n".join(reported(place(**CASES[name][0]), rules={rule: "off"}))


@pytest.mark.parametrize(
    "literal",
    [
        *('"1"^^xsd:integer', '"+01"^^xsd:integer', '"-1.50"^^xsd:decimal', '"1E5"^^xsd:double'),
        *('"INF"^^xsd:double', '"true"^^xsd:boolean', '"2004-02-29"^^xsd:date'),
        *('"-0044-03-15"^^xsd:date', '"2004"^^xsd:gYear', '"2004-12"^^xsd:gYearMonth'),
        *('"2004-01-01T00:00:00Z"^^xsd:dateTime', '"P1Y"^^xsd:duration', '"x y"^^xsd:token'),
        *('"https://e.org/é"^^xsd:anyURI', '"255"^^xsd:unsignedByte', '"x"@en-Latn-CA'),
    ],
)
def test_well_formed_literals_are_left_alone(place, literal):
    assert reported(place(data=f"id:a rdfs:comment {literal} .\n")) == []


def test_a_deprecated_term_that_nothing_uses_is_left_alone(place):
    assert reported(place(ontology=term("Organ", more="owl:deprecated true"))) == []


def test_levels_weigh_and_the_exit_code_follows(place):
    root = place(ontology=term("Organ"))

    def run(*options: str) -> int:
        return CliRunner().invoke(commands, ["validate", str(root), *options]).exit_code

    assert run() == 0
    assert run("--rule", "unused-term=violation") == 1
    assert run("--rule", "unused-term=off", "--fail-on", "info") == 0
    assert run("--fail-on", "info") == 1


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"no-lable": "off"}, "there is no rule 'no-lable'; did you mean no-label?"),
        (
            {"no-label": "error"},
            "the level of rule no-label is one of off, info, warning, violation",
        ),
    ],
)
def test_what_is_no_rule_or_no_level_is_refused(rules, message):
    with pytest.raises(ProjectFault, match=re.escape(message)):
        lint.levels(rules)


def test_other_forms_name_the_rule(place):
    root = place(ontology=term("Organ"))

    for form, expected in (
        ("sarif", '"ruleId": "rule:unused-term"'),
        ("json", '"source_shape": "<urn:x-kg-server:rule:unused-term>"'),
        ("github", "title=rule%3Aunused-term"),
        ("turtle", "sh:sourceConstraintComponent <urn:x-kg-server:rule:unused-term>"),
    ):
        said = CliRunner().invoke(commands, ["validate", str(root), "--format", form]).output
        assert expected in said, said


def test_the_documentation_has_each_rule_with_its_level():
    text = (ROOT / "docs" / "validation.md").read_text()

    rows = re.findall(r"(?m)^\| `([\w-]+)` \| (\w+) \| (.+) \|$", text)

    assert rows == [(each.name, each.level, each.finds) for each in lint.RULES.values()]


def test_the_list_of_rules_has_each():
    listed = CliRunner().invoke(commands, ["validate", "--list-rules"]).output

    assert [line.split()[0] for line in listed.splitlines()] == list(lint.RULES)


@pytest.mark.parametrize(
    ("literal", "is_wrong"),
    [
        ('"inf"^^xsd:double', True),
        ('"200"^^xsd:byte', True),
        ('" 1"^^xsd:integer', True),
        ('"44"^^xsd:gYear', True),
        ('"24:00:00"^^xsd:time', False),
        ('"-0044-03-15"^^xsd:date', False),
        ('"0000-01-01"^^xsd:date', False),
        ('"12023-02-03"^^xsd:date', False),
        ('"7"^^xsd:nonNegativeInteger', False),
    ],
)
def test_literals_are_judged_as_they_are_written_not_as_the_engine_keeps_them(
    place, literal, is_wrong
):
    findings = reported(place(data=f"id:a rdfs:comment {literal} .\n"))

    assert any("ill-typed-literal" in each for each in findings) is is_wrong


def test_texts_that_lack_a_language_of_the_project_are_told_each_at_its_place(place):
    root = place(
        data="id:a rdfs:label 'a'@en . id:mine rdfs:label 'm'@en , 'm'@fr-CA .\n",
        manifest='base-iri = "https://e.org/"\nlanguages = ["en", "fr"]\ntitle = "T"\n'
        '[columns]\ncity = { fr = "ville" }\n',
    )
    query = "#+ title: Q\n#+ title@fr: Q\n#+ description: D\n#+ result: R\n#+ result@fr: R\n"
    (root / "queries").mkdir()
    (root / "queries" / "q.rq").write_text(query + "SELECT ?a { ?a a ?class }\n")

    findings = [
        tuple(each.splitlines()[:2])
        for each in reported(root)
        if "missing-translation" in each and "terms.ttl" not in each
    ]

    assert sorted(findings) == [
        (
            "project/data/all.ttl:12:17: WARNING: id:a",
            "    A thing of the class ex:Mission has no rdfs:label in 'fr': id:a.",
        ),
        (
            "project/kg.toml:3:1: WARNING: <https://e.org/>",
            "    title has no text in 'fr'.",
        ),
        (
            "project/queries/q.rq:3:1: WARNING: <https://e.org/queries/q>",
            "    The query's header has no description in 'fr': add 'description@fr'.",
        ),
    ]


def test_texts_of_imported_files_are_translated_by_their_own_project(place):
    root = place(
        ontology="<https://e.org/ns> owl:imports <https://other.example/> .\n",
        manifest='languages = ["en", "fr"]\n[imports]\n"https://other.example/" = "other.ttl"\n',
    )
    (root / "other.ttl").write_text(
        "<https://other.example/T> a <http://www.w3.org/2002/07/owl#Class> ;\n"
        "  <http://www.w3.org/2000/01/rdf-schema#label> 'theirs'@en .\n"
    )

    assert not [each for each in reported(root) if "other.ttl" in each]


def test_a_project_of_one_language_lacks_no_translation(place):
    root = place(data="id:a rdfs:label 'a'@en .\n", manifest='languages = ["en"]\ntitle = "T"\n')

    assert not [each for each in reported(root) if "missing-translation" in each]
