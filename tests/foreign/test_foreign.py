"""Files of somebody else: what they are counted as, and that nothing of ours is mixed in."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kg_server import project as projects
from kg_server.cli.main import commands
from kg_server.description import void
from kg_server.project import parsing
from kg_server.store import open_store

PREFIXES = """@prefix g: <https://garden.example/ns#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
SHAPES = PREFIXES + "g:S a sh:NodeShape ; sh:targetClass g:Bed ; sh:property g:S1 .\n"
SHAPES += "g:S1 a sh:PropertyShape ; sh:path g:x ; sh:minCount 1 .\n"
WRONG = PREFIXES + "g:a a g:Bed .\n"
ONTOLOGY = PREFIXES + "<https://garden.example/ns> a owl:Ontology .\ng:Bed a owl:Class .\n"
THESAURUS = PREFIXES + 'g:mint a skos:Concept ; skos:prefLabel "mint"@en ; skos:inScheme g:all .\n'
RDF_XML = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:g="https://garden.example/ns#">
  <g:Bed rdf:about="https://garden.example/ns#a"/>
</rdf:RDF>
"""
JSON = '{"@id": "https://garden.example/ns#a", "@type": "https://garden.example/ns#Bed"}'


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A directory that is in no project."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def kg():
    return lambda *arguments: CliRunner().invoke(commands, [str(each) for each in arguments])


def write(here: Path, **files: str) -> None:
    for name, text in files.items():
        (here / f"{name}.ttl").write_text(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate"],
        ["test"],
        ["diff", "HEAD"],
        ["dump"],
        ["query", "ASK {}"],
        ["describe", "https://e.org/a"],
    ],
)
def test_outside_of_a_project_a_command_ends_with_2_and_says_what_to_do(kg, arguments):
    done = kg(*arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert "kg-server init" in done.stderr or "no Git repository" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", [THESAURUS, ONTOLOGY, WRONG])
def test_a_file_of_somebody_else_stands_alone(kg, here, text):
    write(here, file=text)

    dumped = kg("dump", "file.ttl", "--format", "nt").stdout
    counted = kg("query", "--project", "file.ttl", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").stdout

    assert "diplomacy" not in dumped
    assert int(counted.splitlines()[1]) == text.count(" a ") + text.count(" ; ")


@pytest.mark.parametrize(
    ("files", "counted", "code"),
    [
        ({"one": WRONG, "two": SHAPES}, "data: one.ttl; shapes: two.ttl", 1),
        ({"both": WRONG + SHAPES}, "data: both.ttl; shapes: both.ttl", 1),
        (
            {"a": WRONG, "b": ONTOLOGY + SHAPES},
            "data: a.ttl; ontology: b.ttl; shapes: b.ttl",
            1,
        ),
        ({"a": WRONG, "my-shapes": PREFIXES + "g:b a g:Tree ."}, "data: a.ttl, my-shapes.ttl", 2),
        ({"a": ONTOLOGY}, "ontology: a.ttl", 0),
        ({"a": THESAURUS}, "ontology: a.ttl", 0),
        ({"a": WRONG, "b": ONTOLOGY}, "data: a.ttl; ontology: b.ttl", 0),
        ({"a": WRONG, "b": ONTOLOGY, "c": SHAPES}, "ontology: b.ttl; shapes: c.ttl", 1),
    ],
)
def test_the_first_line_says_what_was_counted_as_what(kg, here, files, counted, code):
    write(here, **files)

    done = kg("validate", *(f"{name}.ttl" for name in files))

    assert done.stderr.splitlines()[0].endswith(counted)
    assert done.exit_code == code, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("shapes", "data"),
    [
        ("g:Bed a rdfs:Class , sh:NodeShape ; sh:property [ sh:path g:x ; sh:minCount 1 ] .", ""),
        (
            "g:Bed a owl:Class , sh:NodeShape ; rdfs:label 'bed' ; sh:closed true ;"
            "sh:property [ sh:path g:x ; sh:minCount 1 ] , [ sh:path rdf:type ] .",
            "g:b a g:Small . g:Small rdfs:subClassOf g:Bed . g:b g:x 1 .",
        ),
    ],
)
def test_a_class_that_is_a_shape_says_nothing_of_the_properties_there_are(kg, here, shapes, data):
    write(here, data=WRONG + data, shapes=PREFIXES + shapes)

    done = kg("validate", "data.ttl", "shapes.ttl", "--format", "json")

    found = json.loads(done.stdout)["findings"]
    wrong = [each["component"] for each in found if each["severity"] == "Violation"]
    assert wrong == ["<http://www.w3.org/ns/shacl#MinCountConstraintComponent>"]


def test_literals_that_the_engine_alters_are_looked_at(kg, here):
    write(here, data=PREFIXES + 'g:a g:x "007"^^xsd:integer .')
    write(here, shapes=PREFIXES + "g:S a sh:NodeShape ; sh:targetObjectsOf g:x ; sh:maxLength 1 .")

    done = kg("validate", "data.ttl", "shapes.ttl")

    assert done.exit_code == 1, done.stderr
    assert "1 node by 1 shape" in done.stdout


def test_an_option_says_what_a_file_is_whatever_it_contains(kg, here):
    write(here, one=SHAPES, two=SHAPES.replace("g:Bed", "sh:NodeShape"), data=WRONG)

    as_data = kg("validate", "one.ttl", "--shapes", "two.ttl")
    other = kg("validate", "--data", "data.ttl", "--shapes", "one.ttl")

    assert as_data.stderr.splitlines()[0].endswith("data: one.ttl; shapes: two.ttl")
    assert (as_data.exit_code, other.exit_code) == (1, 1)
    assert "VIOLATION: g:S" in as_data.stdout


S = "g:S a sh:NodeShape ; sh:targetClass g:Bed ; "
BY_SCRIPT = """g:C a sh:ConstraintComponent ; sh:parameter [ sh:path g:p ] ;
  sh:validator [ a sh:JSValidator ; sh:jsFunctionName "f" ] ."""


@pytest.mark.parametrize(
    "shapes",
    [
        f"{S} sh:deactivated true ; sh:nodeKind sh:Literal .",
        f"{S} sh:property [ sh:path g:x ; sh:minCount 1 ; sh:deactivated true ] .",
        f"{S} sh:property [ sh:path g:x ] .",
        f"{S} sh:property [ sh:path g:x ; sh:qualifiedMinCount 1 ] .",
        f"{S} sh:node g:T . g:T sh:node g:S .",
        f"{S} sh:js [ sh:jsFunctionName 'f' ] .",
        f"{S} g:p 1 . {BY_SCRIPT}",
        "g:S a sh:NodeShape ; sh:targetClass g:bed ; sh:nodeKind sh:Literal .",
        "g:S a sh:NodeShape ; sh:targetClass <http://garden.example/ns#Bed> ; sh:closed true .",
        "g:S a sh:NodeShape ; sh:targetSubjectsOf g:y ; sh:nodeKind sh:Literal .",
    ],
)
def test_shapes_that_check_nothing_are_never_green(kg, here, shapes):
    write(here, data=WRONG, shapes=PREFIXES + shapes)

    done = kg("validate", "data.ttl", "shapes.ttl")

    assert done.exit_code == 2, done.stdout
    assert "nothing would be checked" in done.stderr


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_shapes_without_a_node_to_look_at_are_named(kg, here, form):
    more = "g:Typo a sh:NodeShape ; sh:targetClass g:Bde ; sh:nodeKind sh:IRI .\n"
    write(here, data=WRONG, shapes=SHAPES + more)

    once, again = (kg("validate", "data.ttl", "shapes.ttl", "--format", form) for _ in range(2))

    assert "Typo" in once.stdout
    assert "Typo" in again.stdout


@pytest.mark.parametrize(
    ("regime", "inference", "code"),
    [
        ("<http://www.w3.org/ns/entailment/RDFS>", "none", 1),
        ("<http://www.w3.org/ns/entailment/RDFS>", "rdfs", 0),
        ("<https://garden.example/own>", "rdfs", 1),
    ],
)
def test_an_entailment_regime_that_is_not_applied_is_found(kg, here, regime, inference, code):
    write(here, data=PREFIXES + "g:a a g:Bed ; g:x 1 .")
    write(here, shapes=SHAPES + f"g: sh:entailment {regime} .")

    done = kg("validate", "data.ttl", "shapes.ttl", "--inference", inference)

    assert done.exit_code == code, done.stdout
    assert ("is not applied" in done.stdout) is (code == 1)


@pytest.mark.parametrize("options", [[], ["--advanced"]])
@pytest.mark.parametrize(
    "script", ["sh:target [ a sh:JSTarget ; %s ]", "sh:rule [ a sh:JSRule ; %s ]"]
)
def test_a_target_or_rule_in_javascript_is_told_and_all_else_is_checked(kg, here, options, script):
    more = script % "sh:jsFunctionName 'f'"
    write(here, data=WRONG, shapes=SHAPES + f"g:S {more} .")

    done = kg("validate", "data.ttl", "shapes.ttl", "--format", "json", *options)

    found = json.loads(done.stdout)["findings"]
    assert [each["severity"] for each in found] == ["Violation", "Warning"]
    assert "SHACL-JS" in found[1]["message"]


@pytest.mark.parametrize(("options", "code"), [([], 1), (["--advanced"], 0)])
def test_a_function_of_the_shapes_needs_advanced_features(kg, here, options, code):
    function = """g:long a sh:SPARQLFunction ; sh:returnType xsd:boolean ;
      sh:parameter [ sh:path g:text ] ; sh:ask "ASK { FILTER(STRLEN($text) > 90) }" ."""
    query = "SELECT $this { $this a ?t FILTER(<https://garden.example/ns#long>(STR(?t))) }"
    write(here, data=PREFIXES + "g:a a g:Bed ; g:x 1 .")
    write(here, shapes=SHAPES + f"{function} g:S sh:sparql [ sh:select '{query}' ] .")

    done = kg("validate", "data.ttl", "shapes.ttl", *options)

    assert done.exit_code == code, done.stdout
    assert ("which needs --advanced" in done.stdout) is (code == 1)


def test_a_constraint_in_javascript_is_told_and_all_others_are_checked(kg, here):
    write(here, data=WRONG, shapes=SHAPES + f"g:S g:p 1 . {BY_SCRIPT}")

    done = kg("validate", "data.ttl", "shapes.ttl", "--format", "json")

    found = {
        each["component"].rpartition("#")[2]: each for each in json.loads(done.stdout)["findings"]
    }
    assert "MinCountConstraintComponent>" in found
    (other,) = [each for each in found.values() if each["severity"] == "Warning"]
    assert "SHACL-JS" in other["message"]


@pytest.mark.parametrize(
    ("ontology", "counted"),
    [
        (
            "g: a owl:Ontology ; sh:declare [ a sh:PrefixDeclaration ; sh:prefix 'g' ;"
            "sh:namespace 'https://garden.example/ns#' ] .",
            "data: data.ttl; ontology: more.ttl; shapes: shapes.ttl",
        ),
        ("g:all sh:shapesGraph g: .", "data: data.ttl, more.ttl; shapes: shapes.ttl"),
    ],
)
def test_prefixes_for_queries_are_no_shapes(kg, here, ontology, counted):
    write(here, data=WRONG, more=PREFIXES + ontology, shapes=SHAPES)

    done = kg("validate", "data.ttl", "more.ttl", "shapes.ttl")

    assert done.stderr.splitlines()[0].endswith(counted)


@pytest.mark.parametrize("only", [WRONG, SHAPES])
def test_data_without_shapes_or_shapes_without_data_are_never_green(kg, here, only):
    write(here, one=only)

    done = kg("validate", "one.ttl")

    assert done.exit_code == 2
    assert "nothing would be checked" in done.stderr
    assert "--shapes" in done.stderr


def test_targets_that_only_advanced_features_know_are_never_green(kg, here):
    target = '[ a sh:SPARQLTarget ; sh:select "SELECT ?this { ?this a g:Bed }" ]'
    write(here, data=WRONG, shapes=SHAPES.replace("sh:targetClass g:Bed", f"sh:target {target}"))

    done = kg("validate", "data.ttl", "shapes.ttl")

    assert done.exit_code == 2
    assert "--advanced" in done.stderr
    assert "shapes.ttl:8:32: sh:target is a target" in done.stderr


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("sh:js [ sh:jsFunctionName 'f' ]", ["sh:js is of SHACL-JS"]),
        ("sh:expression [ sh:path g:x ]", ["sh:expression", "--advanced"]),
        (
            "sh:property [ sh:path g:x ; sh:singleLine true ; sh:memberShape g:T ]",
            ["sh:singleLine is of SHACL 1.2", "sh:memberShape is of SHACL 1.2"],
        ),
    ],
)
def test_each_constraint_that_is_not_evaluated_is_named_with_its_line(
    kg, here, constraint, expected
):
    shapes = f"{PREFIXES}\n\ng:S a sh:NodeShape ; sh:targetClass g:Bed ;\n  {constraint} ."
    write(here, data=WRONG, shapes=shapes)

    done = kg("validate", "data.ttl", "shapes.ttl")

    assert done.exit_code == 2
    for each in expected:
        assert any(
            each in line and line.startswith("  shapes.ttl:11:")
            for line in done.stderr.splitlines()
        )


def test_shapes_without_a_target_are_named_with_their_line(kg, here):
    untargeted = SHAPES.replace(" sh:targetClass g:Bed ;", "")
    write(here, data=WRONG, shapes=untargeted)

    done = kg("validate", "data.ttl", "shapes.ttl")

    assert done.exit_code == 2
    assert "shapes.ttl:8:1: g:S has no target and no shape refers to it" in done.stderr


def test_rules_check_an_ontology_beside_data_that_no_shape_looks_at(kg, here):
    untargeted = SHAPES.replace(" sh:targetClass g:Bed ;", "")
    write(here, data=WRONG, shapes=untargeted, ontology=ONTOLOGY)

    done = kg("validate", "data.ttl", "shapes.ttl", "ontology.ttl", "--format", "json")

    rules = {each["source_shape"].split(":")[-1] for each in json.loads(done.stdout)["findings"]}
    assert done.exit_code == 2
    assert "No shape has a node of the data to look at: only the rules were applied" in done.stderr
    assert {"unreadable-file>", "no-label>", "unreached-shape>"} <= rules


def test_what_declares_prefixes_for_queries_is_no_data(kg, here):
    declared = 'g:prefixes sh:declare [ sh:prefix "g" ; sh:namespace "urn:g:"^^xsd:anyURI ] .'
    write(here, data=WRONG, shapes=SHAPES + declared)

    done = kg("validate", "data.ttl", "shapes.ttl")

    assert done.stderr.splitlines()[0].endswith("data: data.ttl; shapes: shapes.ttl")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.owl", RDF_XML),
        ("a.owl", WRONG),
        ("a.rdf", RDF_XML),
        ("a.rdf", WRONG),
        ("a.rdfs", RDF_XML),
        ("a.xml", RDF_XML),
        ("a.n3", WRONG),
        ("a.ttl", WRONG),
        ("a.TTL", WRONG),
        ("a.json", JSON),
        ("a.jsonld", JSON),
        ("a.nt", "<https://garden.example/ns#a> a <https://garden.example/ns#Bed> ."),
        ("a.trig", PREFIXES + "g:one { g:a a g:Bed }"),
        ("a", WRONG),
        ("a.txt", RDF_XML),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_read_by_what_it_holds(kg, here, name, content, packed):
    write(here, shapes=SHAPES)
    content = content.replace("> a <", "> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <")
    path = here / (name + ".gz" if packed else name)
    data = b"\xef\xbb\xbf" + content.encode()
    path.write_bytes(gzip.compress(data) if packed else data)

    query = "ASK { <https://garden.example/ns#a> a <https://garden.example/ns#Bed> }"
    done = kg("query", "--project", path.name, query)

    assert done.stdout.strip() == "true", done.stderr


def test_text_in_another_encoding_is_read_as_its_declaration_says(kg, here):
    text = RDF_XML.replace('"1.0"', '"1.0" encoding="ISO-8859-1"').replace("#a", "#é")
    (here / "a.rdf").write_bytes(text.encode("latin-1"))

    done = kg("query", "--project", "a.rdf", "ASK { <https://garden.example/ns#é> a ?x }")

    assert done.stdout.strip() == "true", done.stderr


@pytest.mark.parametrize("name", ["picture.png", "notes", "table.csv"])
def test_a_file_that_is_no_rdf_is_said_to_be_none(kg, here, name):
    (here / name).write_text("one,two\n")

    done = kg("validate", name)

    assert done.exit_code == 2
    assert "ot a kind of RDF file" in done.stderr


def test_a_directory_gives_its_rdf_files_and_leaves_the_others(kg, here):
    write(here, data=WRONG, shapes=SHAPES)
    (here / "package.json").write_text('{"name": "x", "type": "module"}')
    (here / "context.json").write_text('{"@context": {"x": "https://garden.example/ns#x"}}')
    (here / "catalog.xml").write_text("<catalog/>")
    (here / ".hidden.ttl").write_text("no RDF")
    (here / "deep" / "er").mkdir(parents=True)
    (here / "deep" / "er" / "b.owl").write_text(RDF_XML.replace("#a", "#b"))

    done = kg("validate", here, "--format", "json")

    assert json.loads(done.stdout)["counts"]["Violation"] == 2
    assert f"data: {here}" not in done.stderr
    assert "data: data.ttl, b.owl" in done.stderr or "data: b.owl, data.ttl" in done.stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data.ttl", PREFIXES + "<> a owl:Ontology .\n<#a> a g:Bed ."),
        ("data.rdf", RDF_XML.replace("https://garden.example/ns#a", "#a")),
        ("data.jsonld", JSON.replace("https://garden.example/ns#a", "#a")),
        ("data.trig", "<#a> a <https://garden.example/ns#Bed> ."),
    ],
)
def test_relative_iris_are_the_same_for_every_command(kg, here, name, text):
    write(here, shapes=SHAPES)
    (here / name).write_text(text)

    (finding,) = json.loads(kg("validate", name, "shapes.ttl", "--format", "json").stdout)[
        "findings"
    ]
    asked = kg("query", "--project", name, "SELECT ?s { ?s a <https://garden.example/ns#Bed> }")
    iri = asked.stdout.splitlines()[1]

    assert finding["focus_node"] == f"<{iri}>"
    assert iri in kg("dump", name, "--format", "nt").stdout
    assert iri in kg("describe", iri, "--project", name, "--format", "nt").stdout


@pytest.mark.parametrize(
    "context",
    [
        '"context.json"',
        '["context.json", {"y": "https://garden.example/ns#y"}]',
        '"./context.json"',
        '{"@import": "context.json"}',
        '[{"@version": 1.1, "@import": "context.json", "y": "https://garden.example/ns#y"}]',
    ],
)
def test_a_json_ld_context_beside_the_file_is_read(kg, here, context):
    write(here, shapes=SHAPES)
    vocabulary = {"@context": {"@vocab": "https://garden.example/ns#"}}
    (here / "context.json").write_text(json.dumps(vocabulary))
    (here / "data.jsonld").write_text(f'{{"@context": {context},\n"@id": "urn:a", "@type": "Bed"}}')

    done = kg("validate", "data.jsonld", "shapes.ttl")

    assert done.exit_code == 1, done.stderr


def test_a_context_on_the_web_is_read_from_the_file_that_the_project_names(kg, here):
    (here / "kg.toml").write_text(
        'data = ["data"]\nshapes = ["shapes.ttl"]\n'
        '[imports]\n"https://garden.example/context.jsonld" = "vendor/all.jsonld"\n'
    )
    write(here, shapes=SHAPES)
    contexts = {"all": ["base.jsonld", {"x": "g:x"}], "base": {"g": "https://garden.example/ns#"}}
    for folder in ("vendor", "data"):
        (here / folder).mkdir()
    for name, context in contexts.items():
        (here / "vendor" / f"{name}.jsonld").write_text(json.dumps({"@context": context}))
    (here / "data" / "only.jsonld").write_text('{"@context": {"x": "urn:x"}}')
    (here / "data" / "bed.jsonld").write_text(
        '{"@context": "https://garden.example/context.jsonld", "@id": "g:a",\n"@type": "g:Bed"}'
    )

    done = kg("validate")

    assert done.exit_code == 1
    assert "data/bed.jsonld:1:1: VIOLATION: g:a" in done.stdout
    assert done.stderr.splitlines()[0].endswith("data: bed.jsonld; shapes: shapes.ttl")


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ("https://garden.example/context.json", "nothing is fetched"),
        ("missing.json", "no such file beside this one"),
        ("/etc/passwd", "nothing is fetched"),
        ("shapes.ttl", "is not JSON"),
        ("data.jsonld", "data.jsonld"),
    ],
)
def test_a_json_ld_context_that_is_not_here_is_one_message_with_its_line(kg, here, context, said):
    write(here, shapes=SHAPES)
    (here / "data.jsonld").write_text(f'{{\n"@context": "{context}",\n"@id": "urn:a"}}')

    done = kg("validate", "data.jsonld", "shapes.ttl")

    assert done.exit_code == 2
    assert said in done.stderr
    assert "data.jsonld:2" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_imported_is_found_by_a_catalog_or_the_manifest_and_never_fetched(kg, here):
    importing = (
        "<https://garden.example/o> a owl:Ontology ; owl:imports <https://garden.example/%s> ."
    )
    (here / "vendor").mkdir()
    (here / "kg.toml").write_text(
        'data = []\nontology = ["one.ttl"]\nshapes = []\n'
        '[imports]\n"https://garden.example/two" = "vendor/two.ttl"\n'
    )
    write(here, one=PREFIXES + importing % "two" + " g:Bed rdfs:subClassOf g:Place .")
    two = importing.replace("/o>", "/two>") % "three" + " g:Place a owl:Class ."
    (here / "vendor" / "two.ttl").write_text(PREFIXES + two)
    (here / "vendor" / "three.owl").write_text(RDF_XML.replace("#a", "#three"))
    (here / "catalog-v001.xml").write_text(
        '<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog"><group xml:base="vendor/">'
        '<uri name="https://garden.example/odd" uri="http://[x" xml:base="//[y"/>'
        '<uri name="https://garden.example/three" uri="three.owl"/></group></catalog>'
    )

    done = kg("query", "ASK { ?s a <https://garden.example/ns#Bed> . ?t a owl:Class }")

    assert done.stdout.strip() == "true", done.stderr
    assert "3 files" in done.stderr or "three.owl" in done.stderr


@pytest.mark.parametrize(
    "name", ["https://rail.example/ns#g1", "urn:x:%5B", "http://[::1]/g#a/b", "https://e.org/a;b#é"]
)
def test_a_graph_of_any_name_is_described_and_can_be_served(here, name):
    (here / "graphs.trig").write_text(f"<{name}> {{ <urn:a> <urn:b> 1 . }}")
    loaded = projects.load([here / "graphs.trig"])

    store = open_store(loaded)
    for graph_iri, ntriples in void.described(store, loaded):
        store.add_graph(graph_iri, ntriples)

    assert name in store.graph_names()


XML_LITERAL = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [ <!ENTITY g "https://garden.example/ns#"> ]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:g="&g;">
  <g:Bed rdf:about="&g;a"><g:note %s>%s</g:note></g:Bed>
</rdf:RDF>
"""


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            'x <b xmlns="http://www.w3.org/1999/xhtml">bold</b>',
            'x <b xmlns="http://www.w3.org/1999/xhtml">bold</b>',
        ),
        ("<g:b/>&lt;", '<g:b xmlns:g="https://garden.example/ns#"></g:b>&lt;'),
        ("a &amp; b", "a &amp; b"),
        ("<b c='2' a='1'>\n</b>", '<b a="1" c="2">\n</b>'),
        ("<![CDATA[a<b]]><?p x?><!-- c -->", "a&lt;b<?p x?><!-- c -->"),
        ("<g:b xmlns='urn:d'/><c/>", '<g:b xmlns:g="https://garden.example/ns#"></g:b><c></c>'),
    ],
)
def test_an_xml_literal_is_exclusive_canonical_xml(here, content, expected):
    (here / "data.rdf").write_text(XML_LITERAL % ('rdf:parseType="Literal"', content))

    (file,) = projects.load([here / "data.rdf"]).files
    values = [quad.object.value for quad in parsing.parsed(file)]

    assert expected in values


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<b>x</b><i xmlns=''/>", '<b xmlns="urn:d">x</b><i></i>'),
        ("<b><i xmlns=''/></b>", '<b xmlns="urn:d"><i xmlns=""></i></b>'),
    ],
)
def test_an_xml_literal_has_the_default_namespace_around_it(here, content, expected):
    text = XML_LITERAL.replace("xmlns:g=", 'xmlns="urn:d" xmlns:g=')
    (here / "data.rdf").write_text(text % ('rdf:parseType="Literal"', content))

    (file,) = projects.load([here / "data.rdf"]).files

    assert expected in [quad.object.value for quad in parsing.parsed(file)]


@pytest.mark.parametrize(
    ("attributes", "content", "column"),
    [
        ('rdf:resource="urn:r" rdf:nodeID="n"', "", 27),
        ('rdf:resource="urn:r"', "text", 56),
        ('rdf:nodeID="1a"', "", 27),
        ('rdf:ID="1a"', "x", 27),
        ('rdf:aboutEach="urn:r"', "", 27),
        ('rdf:ID="b"', '<g:Bed rdf:about="urn:a b"/>', 46),
        ("", '<g:Bed rdf:about="x" rdf:ID="y"/>', 36),
        ("", "<rdf:li/>", 36),
    ],
)
@pytest.mark.parametrize("command", ["query", "validate"])
def test_what_is_no_rdf_xml_has_a_place(kg, here, command, attributes, content, column):
    (here / "data.rdf").write_text(XML_LITERAL % (attributes, content))
    write(here, shapes=SHAPES)

    done = (
        kg("validate", "data.rdf", "shapes.ttl")
        if command == "validate"
        else kg("query", "--project", "data.rdf", "ASK {}")
    )

    assert done.exit_code == 2
    assert f"data.rdf:4:{column}: " in done.stderr


def test_a_relative_base_is_resolved(kg, here):
    text = RDF_XML.replace("xmlns:rdf", 'xml:base="deep/er/" xmlns:rdf').replace(
        "https://garden.example/ns#a", "../b"
    )
    (here / "data.rdf").write_text(text)

    done = kg("query", "--project", "data.rdf", "SELECT ?s { ?s a ?c }")

    assert done.stdout.splitlines()[1].endswith("/graph/deep/b"), done.stderr


@pytest.mark.parametrize("kind", ["Literal", "Resource", "Collection"])
@pytest.mark.parametrize("other", ['rdf:datatype="urn:d"', 'rdf:resource="urn:r"', 'g:x="1"'])
def test_parse_type_takes_no_other_attributes(kg, here, kind, other):
    (here / "data.rdf").write_text(XML_LITERAL % (f'rdf:parseType="{kind}" {other}', ""))

    done = kg("query", "--project", "data.rdf", "ASK {}")

    assert done.exit_code == 2
    assert "data.rdf:4:27: " in done.stderr


def test_a_prefix_that_turtle_cannot_have_is_left_out(kg, here):
    (here / "data.jsonld").write_text(
        '{"@context": {"a b": "https://garden.example/ns#", "c,d": "https://e.org/"},'
        ' "@id": "https://garden.example/ns#a", "@type": "https://garden.example/ns#Bed"}'
    )
    write(here, shapes=SHAPES)

    judged = kg("validate", "data.jsonld", "shapes.ttl")
    dumped = kg("dump", "data.jsonld", "--format", "turtle")

    assert judged.exit_code == 1, judged.stderr
    assert "@prefix a b" not in dumped.stdout
    assert "@prefix c,d" not in dumped.stdout
