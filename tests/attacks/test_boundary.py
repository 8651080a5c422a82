"""The boundary of a project: files of the machine that its authors cannot have read and shown."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess

import pytest
from click.testing import CliRunner

from kg_server import project as projects
from kg_server.cli.init import init
from kg_server.cli.main import commands
from kg_server.config import Settings
from kg_server.errors import ProjectFault
from kg_server.server.listener import free_port

TEXT = "root:x:0:0:Secret of the machine\nanother line\n"


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text(TEXT)
    place = tmp_path / "project"
    for folder in ("data", "queries", "tests"):
        (place / folder).mkdir(parents=True)
    (place / "kg.toml").write_text('data = ["data"]\nontology = []\nshapes = []\n')
    (place / "data" / "a.ttl").write_text("<urn:a> <urn:b> 1 .")
    monkeypatch.chdir(place)
    return place


def run(*arguments):
    ended = CliRunner().invoke(commands, arguments)
    assert not ended.exception or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, ended.output


def question(root, name, made):
    (root / "tests" / "q.rq").write_text("SELECT ?s { ?s ?p ?o }")
    made(root / "tests" / name)


@pytest.mark.parametrize("kind", ["csv", "tsv", "txt", "srj"])
def test_an_expected_answer_that_is_a_link_out_of_the_project_is_not_read(root, kind):
    question(root, f"q.{kind}", lambda path: path.symlink_to("../../secret"))

    code, said = run("test")

    assert code == 2
    assert f"q.{kind}: this is a link that leads out" in said
    assert "Secret" not in said


@pytest.mark.parametrize("command", [("validate",), ("dump",), ("query", "--list"), ("test",)])
@pytest.mark.parametrize("name", ["queries/q.rq", "data/b.ttl", "data/b.json"])
def test_links_out_of_a_project_are_not_read(root, command, name):
    question(root, "q.csv", lambda path: path.write_text("s\r\nurn:a\r\n"))
    (root / name).symlink_to("../../secret" if name != "data/b.json" else "/dev/zero")

    code, said = run(*command)

    assert code == 2
    assert "this is a link that leads out of" in said
    assert "Secret" not in said


@pytest.mark.parametrize("command", ["validate", "dump"])
def test_what_is_imported_from_elsewhere_and_is_no_rdf_is_not_shown(root, command):
    (root / "data" / "a.ttl").write_text(
        "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        f"<urn:a> a owl:Ontology ; owl:imports <file://{root.parent}/secret> ."
    )

    code, said = run(command)

    assert code == 2
    assert "outside of the project is no RDF that can be read" in said
    assert "Secret" not in said


def test_an_ontology_that_is_imported_from_elsewhere_is_read(root):
    (root.parent / "other.ttl").write_text("<urn:c> <urn:d> 2 .")
    (root / "data" / "a.ttl").write_text(
        "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        f"<urn:a> a owl:Ontology ; owl:imports <file://{root.parent}/other.ttl> ."
    )

    assert "<urn:c>" in run("dump")[1]


@pytest.mark.parametrize("key", ["data", "ontology", "shapes", "queries", "tests"])
@pytest.mark.parametrize("entry", ["../secret", "data/../../secret", ".."])
def test_a_kg_toml_names_nothing_outside_of_its_folder(root, key, entry):
    (root / "kg.toml").write_text(f'{key} = ["data", "{entry}"]\n')

    code, said = run("dump")

    assert code == 2
    assert re.search(rf"kg\.toml:1: {key}: '{re.escape(entry)}' leads out of the folder", said)


def test_an_import_of_kg_toml_is_in_its_folder(root):
    (root / "kg.toml").write_text('[imports]\n"https://e.example/o" = "../secret"\n')

    assert "kg.toml:2: imports: '../secret' leads out" in run("dump")[1]


def test_an_example_includes_only_files_of_the_project(root):
    (root / "tests" / "valid-a.ttl").write_text("# include: ../../secret\n<urn:a> <urn:b> 1 .")

    code, said = run("test")

    assert code == 1
    assert re.search(r"# include: .*secret leads out of the project", said)


def test_a_folder_of_the_project_may_be_a_link_to_a_larger_disk(root):
    (root / "data").rename(root.parent / "disk")
    (root / "data").symlink_to("../disk")

    assert "<urn:a>" in run("dump")[1]


@pytest.mark.parametrize("name", ["data/x.ttl", "queries/x.rq"])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: socket.socket(1).bind(str(path))])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_pipe_or_a_socket_in_a_folder_is_told_and_not_waited_for(root, name, make):
    make((root / name).relative_to(root))

    code, said = run("validate")

    assert code == 2
    assert f"{name}: this is a device, a pipe or a socket: remove it" in said


@pytest.mark.parametrize("context", ["../../../../../../../../dev/zero", "pipe"])
def test_a_context_that_has_no_end_is_not_read(root, context):
    os.mkfifo(root / "data" / "pipe")
    (root / "data" / "a.jsonld").write_text(json.dumps({"@context": context, "@id": "urn:a"}))

    assert f"a.jsonld:1: the context {context} is no file" in run("dump")[1]


def test_half_a_surrogate_pair_in_a_context_is_one_message(root):
    (root / "data" / "c.json").write_text('{"@context": {"b": "urn:b"}}')
    (root / "data" / "a.jsonld").write_text(
        '{"@context": ["c.json", {"x\\udc00": "urn:x"}], "@id": "urn:a", "b": 1}'
    )

    code, said = run("dump")

    assert code == 2
    assert re.search(r"a\.jsonld:1:\d+: .*surrogate", said)


NOT_UTF8 = os.fsdecode(b"\xff")


@pytest.mark.parametrize("name", ["data/{}.ttl", "data/{}/x.ttl", "queries/{}.rq", "tests/{}.rq"])
@pytest.mark.parametrize(
    "command",
    [
        ("validate",),
        ("dump",),
        ("test",),
        ("query", "--list"),
        ("diff", "data/a.ttl"),
    ],
    ids=lambda command: command[0],
)
def test_a_name_that_is_not_utf8_is_one_message(root, command, name):
    path = root / name.format(NOT_UTF8)
    path.parent.mkdir(exist_ok=True)
    path.write_text("<urn:a> <urn:b> 1 ." if path.suffix == ".ttl" else "ASK {}")
    path.with_suffix(".txt").write_text("true")

    if "tests/" in name and command[0] != "test":
        command = ("test",)
    code, said = run(*command)

    assert code == 2
    assert f"{NOT_UTF8}" in said.encode("utf-8", "surrogateescape").decode() or r"\udcff" in said
    assert "this path is not UTF-8 text: rename it" in said


def test_a_project_in_a_folder_whose_name_is_not_utf8_is_one_message(tmp_path, monkeypatch):
    folder = tmp_path / NOT_UTF8
    folder.mkdir()
    (folder / "a.ttl").write_text("<urn:a> <urn:b> 1 .")
    monkeypatch.chdir(folder)

    code, said = run("init")

    assert code == 2
    assert "this path is not UTF-8 text: rename it" in said
    assert not (folder / "kg.toml").exists()


@pytest.mark.parametrize("name", ["a\x7fb", "a\nb", "a\u202eb", "'''", '"\\'])
def test_the_kg_toml_of_a_folder_with_an_odd_name_can_be_read(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "a.ttl").write_text("<urn:a> <urn:b> 1 .")

    ended = CliRunner().invoke(init, [str(folder)])

    assert ended.exit_code == 0, ended.output
    assert len(projects.load([folder]).files) == 1
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", ended.output)


def test_the_name_of_a_file_adds_no_line_to_a_message(root):
    (root / "data" / "a\nkg-server: all is well\nb.ttl").write_text("<urn:a> .")

    for command in ("dump", "validate"):
        assert not re.search(r"(?m)^kg-server: all is well", run(command)[1])


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\x7fb", "a\x9bb"])
def test_a_base_iri_has_no_control_character(root, name):
    written = json.dumps(f"https://e.example/{name}/").replace("\x7f", "\\u007f")
    (root / "kg.toml").write_text(f'base-iri = {written}\ndata = ["data"]\n')

    with pytest.raises(ProjectFault, match=r"kg\.toml:1: base-iri starts with"):
        projects.load([root])


@pytest.mark.parametrize("command", ["validate", "dump"])
@pytest.mark.usefixtures("root")
def test_a_base_iri_of_the_command_line_that_is_not_utf8_is_one_message(command):
    code, said = run(command, "--base-iri", f"http://{NOT_UTF8}/")

    assert code == 2
    assert "the base IRI 'http://\\udcff/' must be of the web" in said


def test_a_host_that_is_not_utf8_is_one_message():
    with pytest.raises(ProjectFault, match=r"cannot listen on .*: this is no name of a host"):
        free_port(Settings(host=NOT_UTF8))


def test_a_revision_with_a_name_that_is_not_utf8_is_one_message(root):
    (root / "data" / f"{NOT_UTF8}.ttl").write_text("<urn:a> <urn:b> 1 .")
    who = ("-c", "user.name=x", "-c", "user.email=x@x.example")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "one")):
        subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)
    (root / "data" / f"{NOT_UTF8}.ttl").unlink()

    code, said = run("diff", "HEAD", "--no-findings")

    assert code == 2
    assert "this path is not UTF-8 text: rename it" in said
