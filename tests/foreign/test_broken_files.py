"""Files that cannot be read: each is a finding with its place, and all others are checked."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from kg_server.cli.main import commands

PREFIXES = """@prefix g: <https://garden.example/ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
SHAPES = PREFIXES + (
    "g:S a sh:NodeShape ; sh:targetClass g:Bed ; sh:property [ sh:path g:x ; sh:minCount 1 ] .\n"
)
WRONG = PREFIXES + "g:a a g:Bed .\n"
XML = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:g="urn:g:">
%s</rdf:RDF>"""
PROPERTY = XML % '<g:Bed rdf:about="urn:b"><g:x\n%s></g:x></g:Bed>'
UNREADABLE = [
    ("bad.ttl", PREFIXES + "g:b g:x <https://e.org/a b> .", 3),
    ("bad.ttl", PREFIXES + "g:b a undeclared:Bed .", 3),
    ("bad.ttl", "g:b a g:Bed .", 1),
    ("bad.trig", PREFIXES + "g:one { g:b a g:Bed .", 3),
    ("bad.nt", "<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b> <urn:c>\n", 3),
    ("bad.nq", "<urn:a> <urn:b> <urn:c> <urn:g> .\nno quad", 2),
    ("bad.rdf", XML.removesuffix("</rdf:RDF>") % "<g:Bed>", 2),
    ("bad.owl", XML.replace("xmlns:rdf", "xmlns:other") % "", 1),
    ("bad.rdf", XML % "<g:Bed rdf:about='a b'/>", 2),
    ("bad.rdf", XML % "<g:Bed>&nbsp;</g:Bed>", 2),
    ("bad.rdf", XML % "<g:Bed rdf:resource='urn:b'/>", 2),
    ("bad.rdf", PROPERTY % "rdf:about='urn:c'", 2),
    ("bad.rdf", PROPERTY % "rdf:datatype='urn:d' rdf:resource='urn:c'", 2),
    ("bad.rdf", PROPERTY % "rdf:datatype='urn:d' g:y='1'", 2),
    ("bad.rdf", PROPERTY % "rdf:datatype='urn:d'><g:Bed/", 3),
    ("bad.rdf", PROPERTY % "rdf:parseType='Resource'><g:x rdf:about='urn:c'/", 3),
    ("bad.jsonld", '{\n"@id": "urn:a",,\n}', 2),
    ("bad.jsonld", '{\n"@context": "https://e.org/context", "@id": "urn:a"}', 2),
    ("bad.jsonld", '{"@context": "not-there.json", "@id": "urn:a"}', 1),
    ("bad.ttl", b'<urn:a> <urn:b> "caf\xe9" .', 1),
    ("bad.ttl.gz", b"\x1f\x8b\x08\x00broken", 1),
]


@pytest.fixture
def validated(tmp_path, monkeypatch):
    """Return a function that validates the files that it is given, by name and content."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    monkeypatch.chdir(tmp_path)

    def run(files, *options):
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name).write_bytes(data)
        return CliRunner().invoke(commands, ["validate", *files, *options])

    return run


@pytest.mark.parametrize(("name", "content", "line"), UNREADABLE)
def test_a_file_that_cannot_be_read_is_a_finding_and_the_others_are_checked(
    validated, name, content, line
):
    done = validated({"data.ttl": WRONG, name: content, "s.ttl": SHAPES}, "--format", "json")

    found = json.loads(done.stdout)["findings"]
    assert done.exit_code == 2, done.stderr
    assert [(each["place"]["file"], each["place"]["line"]) for each in found] == [
        (name, line),
        ("data.ttl", 3),
    ]
    assert f"{name}:{line}:" in done.stderr


@pytest.mark.parametrize(
    "attributes",
    [
        "rdf:datatype='urn:d' xml:lang='en' rdf:ID='c' xmlns:h='urn:h'",
        "rdf:resource='urn:c' g:y='1'",
        "rdf:parseType='Literal'><g:x rdf:about='urn:c' rdf:datatype='urn:d'/",
        "rdf:parseType='Collection'><g:Bed rdf:about='urn:c'/",
        "rdf:parseType='Resource'><g:x rdf:resource='urn:c'/",
    ],
)
def test_attributes_that_go_together_are_read(validated, attributes):
    done = validated({"data.ttl": WRONG, "good.rdf": PROPERTY % attributes, "s.ttl": SHAPES})

    assert done.exit_code == 1, done.stderr


def test_all_files_that_cannot_be_read_are_told_at_once_in_every_form(validated):
    files = {"data.ttl": WRONG, "s.ttl": SHAPES, "one.ttl": "x", "two.nt": "y", "three.jsonld": "{"}

    text = validated(files)
    sarif = validated(files, "--format", "sarif")

    results = json.loads(sarif.stdout)["runs"][0]["results"]
    assert (text.exit_code, sarif.exit_code) == (2, 2)
    assert "Does not conform (4 violations)" in text.stdout
    assert [name for name in files if f"{name}:" in text.stdout] == [
        "data.ttl",
        "one.ttl",
        "two.nt",
        "three.jsonld",
    ]
    assert all(each["locations"][0]["physicalLocation"] for each in results)


@pytest.mark.parametrize(
    "files",
    [
        {"data.ttl": WRONG + "g:b", "s.ttl": SHAPES},
        {"data.ttl": WRONG, "s.ttl": SHAPES + "g:b"},
        {"data.ttl": "<"},
    ],
)
def test_where_nothing_is_left_to_check_only_the_fault_is_told(validated, files):
    done = validated(files)

    assert done.exit_code == 2
    assert "Does not conform (1 violation)" in done.stdout
    assert "Nothing of this file was checked" in done.stderr


def test_a_fault_that_is_known_does_not_make_the_run_green(validated, tmp_path):
    files = {"data.ttl": WRONG + "g:b", "s.ttl": SHAPES}
    (tmp_path / "known.json").write_text(validated(files, "--format", "json").stdout)

    assert validated(files, "--baseline", "known.json").exit_code == 2
