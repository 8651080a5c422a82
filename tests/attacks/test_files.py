"""Files of strangers: what they cannot do to the command line."""

from __future__ import annotations

import gzip
import os
import re
import signal
import subprocess
import sys

import pytest

from kg_server import project as projects
from kg_server.errors import ProjectFault

HEAD = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="https://e.example/">'
)


def bomb(levels: int, base: str = "ha") -> str:
    declared = [f'<!ENTITY a0 "{base}">']
    for level in range(1, levels):
        declared.append(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">')
    return (
        f"<!DOCTYPE x [\n{chr(10).join(declared)}\n]>\n{HEAD}"
        f'<rdf:Description rdf:about="https://e.example/s"><e:p>&a{levels - 1};</e:p>'
        "</rdf:Description></rdf:RDF>"
    )


def run(place, *arguments, **options):
    command = [sys.executable, "-m", "kg_server", *arguments]
    return subprocess.run(
        command, cwd=place, capture_output=True, text=True, check=False, **options
    )


@pytest.mark.parametrize("command", ["validate", "dump"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (bomb(10), "bomb.rdf:7: the entity &a5; stands for more than 64 kb"),
        ('<!DOCTYPE x [<!ENTITY a "&a;">]>' + HEAD + "</rdf:RDF>", "bomb.rdf:1: the entity &a;"),
        (
            bomb(1, "h" * 60_000).replace("&a0;", "&a0;" * 500),
            "bomb.rdf:1: its entities stand for 28 mb of text",
        ),
    ],
)
def test_entities_that_expand_without_bound_are_refused_with_their_line(
    tmp_path, command, text, message
):
    (tmp_path / "bomb.rdf").write_text(text)

    ended = run(tmp_path, command, "bomb.rdf")

    assert ended.returncode == 2
    # A finding has a column, and begins with a capital letter; a message has neither.
    assert message in re.sub(r"(bomb\.rdf:\d+):\d+:", r"\1:", ended.stderr).lower()


def test_entities_that_shorten_names_are_read(tmp_path):
    text = '<!DOCTYPE x [<!ENTITY e "https://e.example/">]>' + HEAD
    (tmp_path / "a.rdf").write_text(
        text + '<rdf:Description rdf:about="&e;s"><e:p>1</e:p></rdf:Description></rdf:RDF>'
    )

    assert "<https://e.example/s>" in run(tmp_path, "dump", "a.rdf", "--format", "nt").stdout


@pytest.mark.parametrize("name", ["big.ttl.gz", "big.nt.gz"])
def test_what_needs_more_memory_than_there_is_ends_in_one_message(tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress(b"# " + b" " * (600 << 20), 9))
    code = (
        "import kg_server.cli.guard as guard, sys; guard.free_bytes = lambda: 400 << 20;"
        "from kg_server.cli.main import main; sys.argv = ['kg-server', 'dump', sys.argv[1]]; main()"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code, name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert "more memory than" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_that_takes_too_long_to_read_is_given_up_at_the_deadline(tmp_path):
    depth = 60_000
    nested = "<e:p><e:x>" * depth + "</e:x></e:p>" * depth
    (tmp_path / "deep.rdf").write_text(f"{HEAD}<e:x>{nested}</e:x></rdf:RDF>")
    (tmp_path / "s.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . <urn:s> a sh:NodeShape ; "
        "sh:targetClass <https://e.example/x> ; sh:nodeKind sh:Literal ."
    )

    ended = run(
        tmp_path, "validate", "deep.rdf", "--shapes", "s.ttl", "--timeout", "1", timeout=120
    )

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert "--timeout" in ended.stderr or "nested" in ended.stderr or "given up" in ended.stderr


def test_ctrl_c_ends_a_guarded_command_quietly(tmp_path):
    os.mkfifo(tmp_path / "slow.ttl")
    command = [sys.executable, "-m", "kg_server", "dump", "slow.ttl"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as running:
        writer = os.open(tmp_path / "slow.ttl", os.O_WRONLY)  # it has begun to read
        os.killpg(running.pid, signal.SIGINT)
        said = running.communicate(timeout=60)[1]
        os.close(writer)

    assert running.returncode == 130
    assert b"Traceback" not in said


def test_elements_that_are_nested_without_end_are_refused_before_they_are_parsed(tmp_path):
    depth = 3_000
    nested = "<e:p><e:x>\n" * depth + "</e:x></e:p>" * depth
    (tmp_path / "deep.rdf").write_text(f"{HEAD}<e:x>{nested}</e:x></rdf:RDF>")

    with pytest.raises(ProjectFault, match=r"deep\.rdf:1000:\d+: .* more than 2,000 deep"):
        projects.load([tmp_path / "deep.rdf"])


def test_namespaces_without_end_are_refused_before_each_element_looks_through_them(tmp_path):
    declared = " ".join(f'xmlns:p{n}="urn:{n}:"' for n in range(1_001))
    (tmp_path / "wide.rdf").write_text(f"{HEAD}<e:x {declared}/></rdf:RDF>")

    with pytest.raises(ProjectFault, match=r"wide\.rdf:1:\d+: .* more than 1,000 namespaces"):
        projects.load([tmp_path / "wide.rdf"])
