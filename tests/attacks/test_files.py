"""Files of strangers: what they cannot do to the command line."""

from __future__ import annotations

import gzip
import os
import re
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from kg_server import project as projects
from kg_server.cli.query import query
from kg_server.cli.validate import validate
from kg_server.competency import expected
from kg_server.errors import ProjectFault
from kg_server.formats import Kind
from kg_server.project import parsing

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


def test_a_command_keeps_the_memory_limit_that_its_shell_set(tmp_path):
    (tmp_path / "bomb.rdf").write_text(bomb(10))

    ended = subprocess.run(
        ["bash", "-c", f"ulimit -v 4000000; {sys.executable} -m kg_server dump bomb.rdf"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr == "kg-server: bomb.rdf:7: the entity &a5; stands for more than 64 kB\n"


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


@pytest.mark.parametrize(
    "command",
    [
        ("dump", "slow.ttl"),
        ("describe", "urn:x", "--project", "slow.ttl"),
        ("diff", "slow.ttl", "slow.ttl"),
        ("test", "."),
        ("validate", "slow.ttl"),
    ],
    ids=lambda command: command[0],
)
def test_every_command_ends_at_its_deadline_with_a_message(tmp_path, command):
    os.mkfifo(tmp_path / "slow.ttl")  # nobody ever writes
    (tmp_path / "kg.toml").write_text('data = ["slow.ttl"]\nshapes = []\nontology = []\n')
    slack = (
        "import kg_server.cli.validate as v; v._SLACK_S = 0.0;" if command[0] == "validate" else ""
    )
    code = f"{slack}import sys; from kg_server.cli.main import main; main()"

    ended = subprocess.run(
        [sys.executable, "-c", code, *command, "--timeout", "0.3"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == (
        "kg-server: the command was stopped at its deadline; --timeout SECONDS gives it more time"
    )
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("seconds", ["nan", "-1", "0", "inf", "1e30", "soon"])
@pytest.mark.parametrize("command", [query, validate])
def test_a_deadline_that_no_timer_can_have_is_one_message(command, seconds):
    ended = CliRunner().invoke(command, ["ASK {}", f"--timeout={seconds}"])

    assert ended.exit_code == 2
    assert "Invalid value for '--timeout'" in ended.output


def test_a_diff_that_is_stopped_leaves_no_temporary_folder(tmp_path):
    (tmp_path / "tmp").mkdir()
    os.mkfifo(tmp_path / "slow.ttl")
    (tmp_path / "a.ttl").write_text("<urn:a> <urn:b> <urn:c> .")
    for words in ("init -q", "add a.ttl", "-c user.name=x -c user.email=x@x.example commit -qm 1"):
        subprocess.run(["git", *words.split()], cwd=tmp_path, check=True)

    ended = run(
        tmp_path,
        *("diff", "HEAD:a.ttl", "slow.ttl", "--timeout", "1"),
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
    )

    assert "at its deadline" in ended.stderr
    assert list((tmp_path / "tmp").iterdir()) == []


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


DEEP = 20_000


def read(path):
    (file,) = projects.load([path]).files
    return list(parsing.parsed(file))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"@context":' + '{"p":{"@id":"urn:p","@context":' * DEEP + "{}" + "}}" * DEEP,
            "500 deep",
        ),
        ('{"@context":' + "[" * DEEP + "{}" + "]" * DEEP + "}", r"a\.jsonld:1:512: .*500 deep"),
        ('\n{"urn:p":' * DEEP + '"[{"' + "}" * DEEP, r"a\.jsonld:502:1: .*500 deep"),
        ('{"@id":"urn:a\\"","@graph":' + '[{"@graph":' * DEEP + "[]" + "}]" * DEEP, "500 deep"),
        ('{"\\"' * DEEP, None),
        (
            '\n{"@context":{'
            + ",".join(f'"t{n}":{{"@id":"t{n + 1}"}}' for n in range(DEEP))
            + f',"t{DEEP}":"urn:x"}},"t0":1}}',
            r"a\.jsonld:2: more than 500 terms",
        ),
        (
            '{"@context":{' + ",".join(f'"t{n}":"t{n - 1}:x"' for n in range(DEEP)) + '},"t0":1}',
            "more than 500 terms",
        ),
    ],
    ids=["scoped", "contexts", "objects", "graphs", "open", "terms", "prefixes"],
)
def test_json_ld_that_is_nested_without_end_is_refused_with_its_place(tmp_path, text, message):
    (tmp_path / "a.jsonld").write_text(text)

    with pytest.raises(ProjectFault, match=message):
        read(tmp_path / "a.jsonld")


def test_json_ld_of_five_hundred_levels_is_read(tmp_path):
    (tmp_path / "a.jsonld").write_text('{"urn:p":' * 500 + "1" + "}" * 500)

    assert len(read(tmp_path / "a.jsonld")) == 500


def test_namespaces_without_end_are_refused_before_each_element_looks_through_them(tmp_path):
    declared = " ".join(f'xmlns:p{n}="urn:{n}:"' for n in range(1_001))
    (tmp_path / "wide.rdf").write_text(f"{HEAD}<e:x {declared}/></rdf:RDF>")

    with pytest.raises(ProjectFault, match=r"wide\.rdf:1:\d+: .* more than 1,000 namespaces"):
        projects.load([tmp_path / "wide.rdf"])


@pytest.mark.parametrize("kind", ["ttl", "trig", "nt", "nq"])
@pytest.mark.parametrize(
    ("begin", "end"), [("<<( <urn:a> <urn:b> ", " )>>"), ("<< <urn:a> <urn:b> ", ">>")]
)
def test_triple_terms_that_are_nested_without_end_are_refused_with_their_place(
    tmp_path, kind, begin, end
):
    nested = begin * DEEP + "<urn:c>" + end * DEEP
    (tmp_path / f"a.{kind}").write_text(f"# <<\n<urn:s> <urn:p> {nested} .\n")

    with pytest.raises(ProjectFault, match=rf"a\.{kind}:2:\d+: .* more than 500 deep"):
        read(tmp_path / f"a.{kind}")


def test_signs_of_triple_terms_in_texts_are_no_triple_terms(tmp_path):
    texts = ' "<<" , \'<<\' , """<<\n"<<""" , "\\"<<" , <urn:\u00e9> ; # <<\n <urn:q>'
    (tmp_path / "a.ttl").write_text(f"<urn:s> <urn:p>{texts * 300} 1 .\n")

    assert len(read(tmp_path / "a.ttl")) == 1501


@pytest.mark.parametrize("term", ["<<( <urn:a> <urn:b> 1 )>>", "1 {| <urn:a> 1 |}", "1 ~ <urn:r>"])
def test_a_triple_term_cannot_be_validated_and_its_place_is_told(tmp_path, term):
    (tmp_path / "a.ttl").write_text(f'<urn:a> <urn:b> "~{{|" .\n<urn:s> <urn:p> {term} .\n')

    with pytest.raises(ProjectFault, match=r"a\.ttl:2:1\d: triple terms .* cannot be validated"):
        read(tmp_path / "a.ttl")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n" + ".".join("a" * DEEP) + " = 1", "2:1: this key has more than 32 parts"),
        (f"[{'.'.join('a' * DEEP)}]", "1:2: this key has more than 32 parts"),
        ("data = " + "[" * DEEP, "1:40: values are nested more than 32 deep"),
        ("data = " + "{a=" * DEEP, "1:104: values are nested more than 32 deep"),
        ("title = " + "9" * DEEP, "1:9: this number has more than 1,000 digits"),
        ("#" + "x" * (1 << 20), " this file is larger than 1,048,576 bytes"),
        ('title = "x"\ndata = ["' + "**/" * 500 + '*"]', "2: data: a pattern with more than 100"),
    ],
    ids=["key", "table", "lists", "tables", "number", "bytes", "pattern"],
)
def test_a_kg_toml_without_end_is_refused_with_its_place(tmp_path, text, message):
    (tmp_path / "kg.toml").write_text(text)

    with pytest.raises(ProjectFault, match=rf"kg\.toml:{message}"):
        projects.load([tmp_path])


def test_a_kg_toml_of_a_thousand_queries_and_long_texts_is_read(tmp_path):
    text = "a.b " * 100
    queries = '[[home]]\nquery = "x"\n' * 3_000
    (tmp_path / "data.ttl").write_text("<urn:a> <urn:b> 1 .")
    (tmp_path / "kg.toml").write_text(
        f"data = ['data.ttl']\ntitle = \"{text}\"\ndescription = '''{text}\n[[[\"'''\n{queries}"
    )

    profile = projects.load([tmp_path]).profile

    assert [each.line for each in profile.home] == [*range(5, 6005, 2)]


def test_a_query_of_a_file_that_is_nested_without_end_is_refused_with_its_place(tmp_path):
    text = "#+ title: x\n\nASK { FILTER" + "(" * DEEP + "1" + ")" * DEEP + " }"

    with pytest.raises(ProjectFault, match=r"x\.rq:3:\d+: The query is nested too deeply"):
        parsing.check_query(text, tmp_path / "x.rq")


@pytest.mark.parametrize("key", ["sh:sparql", "sh:target"])
def test_a_query_of_a_shape_that_is_nested_without_end_is_a_finding(tmp_path, key):
    (tmp_path / "data.ttl").write_text("<urn:a> <urn:b> 1 .")
    (tmp_path / "shapes.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n<urn:S> a sh:NodeShape ; "
        f'sh:targetNode <urn:a> ; {key} [ a sh:SPARQLTarget ;\nsh:select "SELECT $this {{ FILTER'
        f'{"(" * DEEP}1{")" * DEEP} }}" ] .'
    )

    ended = CliRunner().invoke(
        validate, [str(tmp_path / "data.ttl"), "--shapes", str(tmp_path / "shapes.ttl")]
    )

    assert "nested too deeply" in ended.output
    assert "shapes.ttl:3:" in ended.output


@pytest.mark.parametrize(
    ("suffix", "text", "message"),
    [
        ("ttl", "<< <urn:a> <urn:b> " * DEEP, "500 deep"),
        ("csv", '"' + "x" * 200_000, "larger than field limit"),
    ],
)
def test_an_expected_answer_without_end_is_told_with_its_file(tmp_path, suffix, text, message):
    (tmp_path / f"x.{suffix}").write_text(text)
    kind = Kind.GRAPH if suffix == "ttl" else Kind.BINDINGS

    with pytest.raises(ProjectFault, match=rf"x\.{suffix}.*{message}"):
        expected.difference(tmp_path / f"x.{suffix}", b"", kind, ordered=False)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ("sh:or ( " + "[ sh:or ( " * 400 + "ex:x" + " ) ]" * 400 + " )", "Shapes are nested"),
        (
            "sh:node ex:s0 . " + "".join(f"ex:s{n} sh:node ex:s{n + 1} . " for n in range(2000)),
            "Shapes are nested",
        ),
        (
            "sh:property [ sh:path ex:p ; " * 300 + "sh:minCount 1" + " ]" * 300,
            "Shapes are nested",
        ),
        (
            "sh:property [ sh:path " + "[ sh:inversePath " * 3000 + "ex:p" + " ]" * 3000 + " ]",
            "The path is nested more than 100 deep.",
        ),
        ("sh:property [ sh:path ( " + "ex:p " * 3000 + ") ]", "The path has too many steps"),
        (
            "sh:property [ sh:path _:p0 ] . "
            + "".join(f"_:p{n} sh:alternativePath ( _:p{n + 1} _:p{n + 1} ) . " for n in range(40)),
            "The path has too many steps",
        ),
    ],
    ids=["or", "node", "property", "path", "sequence", "doubled alternatives"],
)
def test_shapes_and_paths_without_end_are_findings_with_their_place(tmp_path, shapes, message):
    (tmp_path / "data.ttl").write_text("<https://e.example/a> <https://e.example/p> 1 .")
    (tmp_path / "shapes.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <https://e.example/> .\n"
        "ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:nodeKind sh:Literal .\n"
        f"ex:T a sh:NodeShape ; sh:targetNode ex:a ;\n{shapes.rstrip(' .')} ."
    )

    ended = CliRunner().invoke(
        validate, [str(tmp_path / "data.ttl"), "--shapes", str(tmp_path / "shapes.ttl")]
    )

    assert message in ended.output
    assert re.search(r"shapes\.ttl:[34]:\d+: VIOLATION", ended.output)
    assert ":S (NodeKind)" in ended.output, "other shapes are checked"
    assert ended.exit_code == 1
