"""The reading of a project's files."""

import gzip
import re
import tracemalloc
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg_server import project, validation
from kg_server.errors import ProjectFault
from kg_server.project import discovery
from kg_server.store import open_store
from kg_server.validation.prefilter import data
from kg_server.validation.report import Severity

LINE = '<https://e.org/s> <https://e.org/p> "সম্পর্ক"@bn .\n'


@pytest.fixture
def large(tmp_path):
    """A file of 4 MB, in which characters lie across every boundary that one may read by."""
    path = tmp_path / "large.nt"
    path.write_text(LINE * (4_000_000 // len(LINE.encode())), encoding="utf-8")
    return path


def test_a_large_file_in_any_script_is_read_as_it_is(large):
    (file,) = project.load([large]).of_role(project.Role.DATA)

    assert file.content == large.read_bytes()


def test_a_byte_that_is_not_utf_8_is_shown_by_its_line_in_a_large_file(large):
    lines = large.read_text(encoding="utf-8").count("\n")
    with large.open("ab") as file:
        file.write(b'<https://e.org/s> <https://e.org/p> "\xff" .\n')

    with pytest.raises(ProjectFault, match="not UTF-8") as caught:
        project.load([large])

    assert caught.value.line == lines + 1


def test_a_character_that_is_cut_off_at_the_end_is_not_utf_8(large):
    with large.open("ab") as file:
        file.write("# ক".encode()[:-1])

    with pytest.raises(ProjectFault, match="not UTF-8"):
        project.load([large])


def test_a_large_file_is_read_without_a_copy_of_it(large):
    tracemalloc.start()
    try:
        project.load([large])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 1.6 * large.stat().st_size


GAUGE = "@prefix t: <https://tide.example/ns#> .\nt:{} a t:Gauge ; t:reading [ t:value {} ] .\n"
SHAPES = """@prefix t: <https://tide.example/ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
t:S a sh:NodeShape ; sh:targetClass t:Gauge ; sh:property t:P .
t:P a sh:PropertyShape ; sh:path ( t:reading t:value ) ; sh:minCount 1 ; sh:maxCount 1 .
"""


@pytest.mark.parametrize(
    "names",
    [
        ("a/points.ttl", "b/points.ttl"),
        ("points.ttl", "points.trig"),
        ("a/points.ttl", "a/b/points.ttl", "c/points.ttl", "c/points.trig"),
        ("shapes/points.ttl", "shapes/a/points.ttl", "ontology/points.ttl"),
    ],
)
def test_blank_nodes_of_files_of_one_name_never_meet(tmp_path, names):
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(GAUGE.format(f"g{number}", number))
    shapes = tmp_path / "tide-shapes.ttl"
    shapes.write_text(SHAPES)

    found = project.load([*(tmp_path / name for name in names), shapes])

    assert len({file.graph_iri for file in found.files}) == len(names) + 1
    points = [file for file in found.files if file.path.stem == "points"]
    terms = {
        term
        for file in points
        for quad in data.quads(file)
        for term in (quad.subject, quad.object)
        if isinstance(term, ox.BlankNode)
    }
    assert len(terms) == len(names)


def test_files_of_one_name_are_validated_each_by_itself(tmp_path):
    for folder, value in (("a", "1"), ("b", "2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "points.ttl").write_text(GAUGE.format(folder, value))
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(SHAPES)
    found = project.load([tmp_path / "a", tmp_path / "b", shapes])

    report = validation.validate(found, use_cache=False)

    assert not report.count(Severity.VIOLATION)


def test_a_file_that_is_named_twice_is_read_once(tmp_path):
    (tmp_path / "a").mkdir()
    points = tmp_path / "a" / "points.ttl"
    points.write_text(GAUGE.format("a", 1))
    (tmp_path / "link.ttl").symlink_to(points)
    again = tmp_path / "a" / ".." / "a" / "points.ttl"

    found = project.load([points, again, tmp_path / "a", tmp_path / "link.ttl"])

    assert [file.path for file in found.of_role(project.Role.DATA)] == [points]


@pytest.mark.parametrize(
    "name", ["a[1] %b #c?.ttl", "line\nbreak \x1b[31m.ttl", "\ue000\uffff.ttl"]
)
def test_a_file_may_have_any_name(tmp_path, name):
    (tmp_path / name).write_text("<https://e.org/a> a <https://e.org/T> .")

    found = project.load([tmp_path / name])

    assert open_store(found).graph_names() == (found.files[0].graph_iri,)


def test_a_link_in_a_project_leads_nowhere_else(tmp_path):
    root = tmp_path / "root"
    for folder in ("data", "ontology", "shared"):
        (root / folder).mkdir(parents=True)
    (tmp_path / "secret.ttl").write_text("SECRET")
    (root / "shared" / "inside.ttl").write_text("<https://e.org/a> a <https://e.org/T> .")
    (root / "data" / "inside.ttl").symlink_to(root / "shared" / "inside.ttl")
    assert [file.path.name for file in project.load([root]).files] == ["inside.ttl"]

    (root / "data" / "secret.ttl").symlink_to(tmp_path / "secret.ttl")

    with pytest.raises(ProjectFault, match=r"secret\.ttl: this is a link that leads out"):
        project.load([root])


def test_where_there_is_no_project_only_a_server_falls_back_on_the_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ProjectFault, match="there is no project here"):
        project.load([])
    assert project.load([], example=True).files


@pytest.mark.parametrize("name", ["loop.ttl", "priv/a.ttl", "a" * 300])
def test_a_path_that_cannot_be_looked_at_is_named(tmp_path, name, request):
    (tmp_path / "loop.ttl").symlink_to(tmp_path / "loop.ttl")
    (tmp_path / "priv").mkdir()
    (tmp_path / "priv").chmod(0)
    request.addfinalizer(lambda: (tmp_path / "priv").chmod(0o700))

    with pytest.raises(ProjectFault, match=r"cannot be read|no such file") as caught:
        project.load([tmp_path / name])

    assert caught.value.path == tmp_path / name


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_file(device):
    with pytest.raises(ProjectFault, match="this is a device, not a file"):
        project.load([Path(device)])


def test_a_link_that_leads_nowhere_is_a_file_that_could_not_be_read(tmp_path):
    (tmp_path / "a.ttl").write_text(LINE, encoding="utf-8")
    (tmp_path / "gone.ttl").symlink_to(tmp_path / "elsewhere.ttl")

    loaded = project.load([tmp_path], lenient=True)

    assert [each.fault.path.name for each in loaded.unread] == ["gone.ttl"]


def test_a_link_to_itself_in_a_directory_is_named(tmp_path):
    (tmp_path / "loop.ttl").symlink_to(tmp_path / "loop.ttl")

    with pytest.raises(ProjectFault, match=r"loop\.ttl: this is a link that leads to itself"):
        project.load([tmp_path])


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("a.ttl", '<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="x"/>', r"looks like \.rdf"),
        ("a.ttl", '{"@context": {}, "@id": "https://e.org/a"}', r"looks like \.jsonld"),
        ("a.nt", "@prefix ex: <https://e.org/> .\nex:a ex:p 1 .", r"looks like \.ttl"),
        ("a.jsonld", "PREFIX ex: <https://e.org/>\nex:a ex:p 1 .", r"looks like \.ttl"),
        ("a.trig", "{ <https://e.org/a> <https://e.org/p> }", "^((?!looks like).)*$"),
    ],
)
def test_a_file_in_another_syntax_than_its_name_says_is_told_so(tmp_path, name, content, hint):
    (tmp_path / name).write_text(content)

    loaded = project.sound(project.load([tmp_path / name]))

    assert re.search(hint, loaded.unread[0].fault.message)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b'<https://e.org/s> <https://e.org/p> "caf\xe9" .', "byte E9.*iconv -f LATIN1"),
        (LINE.encode("utf-16-le"), "UTF-16 text without a byte order mark"),
        (LINE.encode("utf-16-be"), "UTF-16 text without a byte order mark"),
    ],
)
def test_another_encoding_is_refused_with_the_way_out(tmp_path, content, hint):
    (tmp_path / "a.ttl").write_bytes(content)

    with pytest.raises(ProjectFault, match=hint):
        project.load([tmp_path / "a.ttl"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("expanded.json", b'[ { "@id": "https://e.org/a", "https://e.org/p": [] } ]'),
        ("graph.json.gz", gzip.compress(b'{ "@graph": [] }')),
        ("cut.json.gz", gzip.compress(b'{ "@graph": [] }')[:-9]),
        ("latin.xml", '<rdf:RDF xmlns:rdf="…22-rdf-syntax-ns#">é</rdf:RDF>'.encode("cp1252")),
    ],
)
def test_a_file_of_json_or_xml_in_a_folder_counts_if_it_may_be_rdf(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "package.json").write_text('{ "@scope/type": "x" }')
    (tmp_path / "pom.xml").write_bytes(b"<project>\xe9</project>")

    assert [each.name for each in discovery.rdf_files(tmp_path)] == [name]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "s.rdf",
            """<!DOCTYPE rdf:RDF [<!ENTITY w3 "http://www.w3.org/ns/">]>
            <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:sh="&w3;shacl#">
            <sh:NodeShape rdf:about="https://e.org/S"/></rdf:RDF>""",
        ),
        ("s.ttl", "@prefix w: <http://www.w3.org/ns/> . <https://e.org/S> a w:shacl\\#NodeShape ."),
        ("t.ttl", "@base <http://www.w3.org/ns/shacl> . <https://e.org/S> a <#NodeShape> ."),
    ],
)
def test_shapes_are_shapes_however_their_namespace_is_written(tmp_path, name, content):
    (tmp_path / name).write_text(content)

    (file,) = project.load([tmp_path / name]).files

    assert file.role is project.Role.SHAPES


def test_a_term_longer_than_the_parser_takes_is_a_fault_of_its_file(tmp_path):
    (tmp_path / "a.ttl").write_text(f'<urn:a> <urn:b> 1 .\n<urn:a> <urn:b> "{"x" * (1 << 24)}" .')
    loaded = project.load([tmp_path / "a.ttl"])

    (unread,) = project.sound(loaded).unread

    assert (unread.fault.path, unread.fault.line) == (tmp_path / "a.ttl", 2)
    assert "longer than 16 MiB" in unread.fault.message
    with pytest.raises(ProjectFault, match="longer than 16 MiB"):  # no store has what no dump has
        open_store(loaded)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.owl", "Prefix(:=<https://e.org/>)\nOntology(<https://e.org/o>)", "OWL functional"),
        ("a.owl", "Prefix: : <https://e.org/>\nOntology: <https://e.org/o>", "Manchester"),
        (
            "a.owl",
            '<?xml version="1.0"?><Ontology xmlns="http://www.w3.org/2002/07/owl#" name=""/>',
            "OWL/XML",
        ),
        ("a.owl", "format-version: 1.2\nontology: x\n", "OBO"),
        ("a.ttl", "<!DOCTYPE html>\n<html></html>", "HTML"),
        ("a.ttl", "version https://git-lfs.github.com/spec/v1\noid x", "git lfs pull"),
    ],
)
def test_a_file_in_another_language_is_called_by_its_name(tmp_path, name, content, expected):
    (tmp_path / name).write_text(content)

    (unread,) = project.sound(project.load([tmp_path / name], lenient=True)).unread

    assert expected in unread.fault.message
