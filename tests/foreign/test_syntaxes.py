"""Syntaxes and odd names: each file's blank nodes are its own, and any name has a verdict."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from kg_server import project as projects
from kg_server import validation

PREFIX = "@prefix t: <https://t.org/> .\n"
SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix t: <https://t.org/> .
t:S a sh:NodeShape ; sh:targetClass t:G ;
  sh:property [ sh:path ( t:reading t:value ) ; sh:minCount 1 ; sh:maxCount 1 ] .
"""


def turtle(name: str, value: int | None) -> str:
    said = "" if value is None else f" _:r t:value {value} ."
    return f"{PREFIX}t:{name} a t:G ; t:reading _:r .{said}"


def quads(name: str, value: int | None) -> str:
    subject, graph = f"<https://t.org/{name}>", "<urn:g>"
    kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://t.org/G>"
    said = "" if value is None else f'_:r <https://t.org/value> "{value}" <urn:other> .\n'
    return f"{subject} {kind} {graph} .\n{subject} <https://t.org/reading> _:r {graph} .\n{said}"


def json_ld(name: str, value: int | None) -> str:
    part = {"@id": "_:r"} | ({} if value is None else {"value": value})
    context = {"@vocab": "https://t.org/"}
    return json.dumps(
        {"@context": context, "@id": f"https://t.org/{name}", "@type": "G", "reading": part}
    )


def rdf_xml(name: str, value: int | None) -> str:
    said = "" if value is None else f"<t:value>{value}</t:value>"
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns:t="https://t.org/"><t:G rdf:about="https://t.org/{name}">'
        '<t:reading rdf:nodeID="r"/></t:G>'
        f'<rdf:Description rdf:nodeID="r">{said}</rdf:Description></rdf:RDF>'
    )


@pytest.fixture
def wrong(tmp_path, monkeypatch):
    """Return a function that validates files, and gives the names of the nodes that are wrong."""
    monkeypatch.chdir(tmp_path)
    Path("shapes.ttl").write_text(SHAPES)

    def run(**files):
        for name, text in files.items():
            path = Path(name)
            path.parent.mkdir(exist_ok=True)
            content = text.encode()
            path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        project = projects.load([*map(Path, files), Path("shapes.ttl")])
        report = validation.validate(project, jobs=1, use_cache=False)
        return sorted(each.focus_node.removeprefix("<https://t.org/") for each in report.findings)

    return run


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("p.ttl", turtle),
        ("p.ttl.gz", turtle),
        ("p.trig", turtle),
        ("p.nq", quads),
        ("p.jsonld", json_ld),
        ("p.rdf", rdf_xml),
        ("p.owl", rdf_xml),
    ],
)
def test_blank_nodes_of_files_of_one_name_never_meet(wrong, name, write):
    texts = {f"a/{name}": write("a", 1), f"b/{name}": write("b", 2), f"c/{name}": write("c", None)}

    assert wrong(**texts) == ["c>"]


def test_blank_nodes_of_files_that_differ_in_their_suffix_never_meet(wrong):
    files = {"p.ttl": turtle("a", 1), "p.trig": turtle("b", 2), "p.nq": quads("c", None)}

    assert wrong(**files) == ["c>"]


def test_any_name_that_turtle_allows_has_a_verdict(wrong):
    names = {
        *(r"a\.b\.", r"a\,b", "a%41", r"\_x", r"a\(b\)", r"a\'b", r"x\/y", r"a\#b"),
        *("a:b", "1a", "a.b.c", "é", r"a\;b", r"a\=b\&c"),
    }
    data = "".join(f"t:{name} a t:G .\n" for name in sorted(names))

    assert len(wrong(**{"d.ttl": PREFIX + data})) == len(names)
    assert len(wrong(**{"d.trig": f"{PREFIX}t:g {{ {data} }}"})) == len(names)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("d.ttl", "@base <https://t.org/> . <x> a <G> ."),
        ("d.ttl", "@base <https://t.org/> .\r\n<x> a <G> .\r\n"),
        ("d.ttl", "PREFIX t: <https://t.org/>\rt:x a <https://t.org/\\u0047> ."),
        (
            "d.jsonld",
            '{"@context": {"@base": "https://t.org/", "@vocab": "https://t.org/"}, '
            '"@id": "x", "@type": "G"}',
        ),
        (
            "d.rdf",
            '<t:G xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
            'xml:base="https://t.org/" xmlns:t="https://t.org/" rdf:about="x"/>',
        ),
    ],
)
def test_a_base_of_the_document_counts(wrong, name, text):
    assert wrong(**{name: text}) == ["x>"]
