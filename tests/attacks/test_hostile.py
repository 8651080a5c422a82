"""A project whose every text attacks its readers: terminals, logs, parsers of reports, pages.

The commands, their formats and the routes are read from the program: what is added is tried, too.
"""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import select
import subprocess
import sys
import traceback
import xml.etree.ElementTree as ET
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import click
import html5rdf
import pyoxigraph as ox
import pytest
from lxml import html
from markdown_it import MarkdownIt

from kg_server import formats
from kg_server import project as projects
from kg_server.cli import diff, init, probe, publish, query, serve, validate
from kg_server.cli import test as test_command
from kg_server.cli.main import commands, main
from kg_server.config import Settings
from kg_server.formats import Kind
from kg_server.web.app import create_app
from kg_server.web.context import Context

from ..conftest import described_store

_IMPORTED = (diff, init, probe, publish, query, serve, validate, test_command)
"""A forked child need not import them again."""

CONTROLS = "".join(
    map(
        chr,
        (
            *range(1, 32),
            *range(127, 160),
            *(0x61C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F)),
            *(*range(0x2066, 0x206A), 0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB, 0xFFFE, 0xFFFF),
        ),
    )
)
MARKUP = (
    "\n``` ````\n::error::pwned\n  ::add-mask::x\n##[error]pwned\n]]>--><evil-tag evil-attr='1'>"
    "&evil;</evil-tag></title></textarea></script><script>evil()</script>\r\nX-Evil: 1\r\n\r\n"
    "=cmd|' /C calc'!A1 [evil](https://evil.example) ![evil](https://evil.example/i.png) @evil "
    "\x1b[31m\x1b]8;;https://evil.example\x07evil\x1b]8;;\x07\x1b]52;c;ZXZpbA==\x07 %0A::error::x "
    "\" evil-attr=\"1\" ' evil-attr='1'"
)
TEXT = CONTROLS + MARKUP
IN_IRI = "\u202e\u2028\u2066\u200f'evil-attr='()::error::"
"""Characters that an IRI may have (RFC 3987 §2.2)."""
NAME = "\x1b[31m\u202e\u009b ::error::\n::add-mask::<evil-tag evil-attr='1'>`[evil](x)"
"""Characters that the name of a file may have."""


def escaped(text: str) -> str:
    """Return a text for a literal of Turtle, or a string of TOML or JSON."""
    return "".join(f"\\u{ord(each):04x}" for each in text)


DATA = f"""@prefix ex: <https://e.example/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix e-vil.x: <https://e.example/{IN_IRI}#> .
# {MARKUP.replace(chr(10), " ").replace(chr(13), " ")}
ex:a a ex:Thing , e-vil.x:Class ; rdfs:label "{escaped(TEXT)}"@en , "{escaped(TEXT)}"@x-evil ;
    ex:code "{escaped(TEXT)}" , "{escaped(MARKUP)}"^^e-vil.x:type ;
    e-vil.x:p <https://e.example/id/{IN_IRI}> ;
    ex:long "{"x" * 200_000}" ; ex:typed "evil"^^<javascript:evil()> ;
    ex:tagged "evil"@x{"-evil" * 200} ;
    rdfs:seeAlso <javascript:evil()> , <data:text/html,evil> ;
    ex:html "<evil-tag evil-attr='1'>"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#HTML> .
<https://e.example/id/{IN_IRI}> a ex:Thing ; rdfs:label "{escaped(TEXT)}" ; ex:part ex:a .
"""
SHAPES = f"""@prefix ex: <https://e.example/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<https://e.example/{IN_IRI}#Shape> a sh:NodeShape ; sh:targetClass ex:Thing ; sh:sparql [
    sh:message "{escaped(TEXT)} {{?value}}" ;
    sh:select "SELECT $this ?value {{ $this <https://e.example/code> ?value }}" ] ;
  sh:property [ sh:path <https://e.example/{IN_IRI}#p> ; sh:maxCount 0 ;
    sh:name "{escaped(TEXT)}" ] ;
  sh:property [ sh:path ex:html ; sh:maxCount 0 ; sh:message "{escaped(MARKUP)}" ;
    sh:severity sh:Info ] .
ex:Thing a rdfs:Class ; rdfs:label "{escaped(TEXT)}" ; rdfs:comment "{escaped(TEXT)}" .
"""
ONE_LINE = re.sub(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029;]", " ", TEXT)
QUERY = f"""#+ title: {ONE_LINE}
#+ description: {ONE_LINE}
#+ result: {ONE_LINE}
#+ tags: {ONE_LINE.replace(",", " ")}
#+ param thing: iri; {ONE_LINE}; example https://e.example/a

# {ONE_LINE}
SELECT ?o WHERE {{ $thing ?p ?o }} ORDER BY ?o
"""
MANIFEST = f"""base-iri = "https://e.example/"
data = ["data"]
ontology = []
shapes = ["shapes"]
licence = "{escaped(TEXT)}"
[title]
en = "{escaped(TEXT)}"
[description]
en = "{escaped(TEXT)}"
[columns]
"o" = {{ en = "{escaped(TEXT)}" }}
[topics]
"evil" = {{ en = "{escaped(TEXT)}" }}
[[home]]
query = "evil"
parameters = {{ thing = "https://e.example/a" }}
title = {{ en = "{escaped(TEXT)}" }}
"""


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@x.example", "-c", "core.quotepath=off")
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile") / NAME.replace("/", "")
    for folder in (f"data/{NAME}", "shapes", "queries", "tests"):
        (root / folder).mkdir(parents=True)
    (root / "kg.toml").write_text(MANIFEST)
    (root / "data" / NAME / f"{NAME}.ttl").write_text(
        DATA.replace("ex:Thing ,", "ex:Thing , ex:Old ,")
    )
    (root / "shapes" / "shapes.ttl").write_text(SHAPES)
    (root / "queries" / "evil.rq").write_text(QUERY)
    for name in ("-evil", "--output=text=evil", "::error::evil", "$(evil)", "'evil-attr='1'"):
        (root / "queries" / f"{name}.rq").write_text(QUERY)
        (root / "data" / f"{name}.nt").write_text("<urn:a> <urn:b> <urn:c> .\n")
    (root / "tests" / f"{NAME}.rq").write_text("SELECT ?o { ?s <https://e.example/code> ?o }")
    (root / "tests" / f"{NAME}.csv").write_text(f"o\r\n{MARKUP}\r\n")
    git(root, "init", "-q", "-b", "evil\u202e\u009b\u2028`::error::".replace(":", ""))
    git(root, "add", "-A")
    git(root, "commit", "-qm", TEXT)
    (root / "data" / NAME / f"{NAME}.ttl").write_text(DATA)
    (root / "data" / "new.nt").write_text(
        f'<https://e.example/b> <https://e.example/code> "{escaped(TEXT)}" .\n'
    )
    return root


CANNED = ("--canned", "evil", "--param", "thing=https://e.example/a")
GRAPH_QUERY = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(STRLEN(STR(?o)) < 10000) }"
CALLS: dict[str, list[tuple[str, ...]]] = {
    "init": [("new",)],
    "validate": [(), ("--list-rules",)],
    "test": [(), ("--junit", "report.xml")],
    "diff": [("HEAD",)],
    "query": [
        ("SELECT ?s ?p ?o { ?s ?p ?o FILTER(STRLEN(STR(?o)) < 10000) }",),
        CANNED,
        (*CANNED, "--explain"),
        ("--list",),
        (GRAPH_QUERY,),
    ],
    "describe": [(f"https://e.example/id/{IN_IRI}",), ("https://e.example/a",)],
    "dump": [()],
    "probe": [("http://127.0.0.1:1/",)],
    "publish": [("--endpoint", "http://127.0.0.1:1/", "--dialect", "oxigraph")],
    "serve": [(), ("--allow-invalid", "--port", "1", "--host", "192.0.2.1")],
}
"""Arguments of each command."""


def forms(name: str, call: tuple[str, ...]) -> list[str]:
    """Return the formats that a command's option has."""
    command = commands.get_command(click.Context(commands), name)
    (option,) = [each for each in command.params if each.name == "form"] or [None]
    if option is None or {"--list", "--explain", "--list-rules"} & set(call):
        return []
    if isinstance(option.type, click.Choice):
        return list(option.type.choices)
    kind = Kind.GRAPH if name == "describe" or call == (GRAPH_QUERY,) else Kind.BINDINGS
    named = [each.name for each in formats.FORMATS if kind in each.kinds and not each.is_page]
    return [*named, "table"] if kind is Kind.BINDINGS else named


ALL = [
    (name, call, form)
    for name in commands.list_commands(click.Context(commands))
    for call in CALLS[name]
    for form in (forms(name, call) or [""])
]


def run(root: Path, arguments: list[str], *, terminal: bool) -> tuple[int, str, str]:
    """Run a command in a forked child; return its exit code, output and messages."""
    pairs = [pty.openpty()] * 2 if terminal else [os.pipe(), os.pipe()]
    pid = os.fork()
    if pid == 0:
        os.chdir(root)
        for number, (_, theirs) in enumerate(pairs, 1):
            os.dup2(theirs, number)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
        sys.argv = ["kg-server", *arguments]
        try:
            main()
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except BaseException:  # noqa: BLE001  # the parent sees it
            traceback.print_exc()
            code = 99
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    for theirs in {theirs for _, theirs in pairs}:
        os.close(theirs)
    texts = {ours: b"" for ours, _ in pairs}
    left = set(texts)
    while left:
        for each in select.select(list(left), [], [])[0]:
            chunk = b""
            with suppress(OSError):  # the other end of a terminal is closed
                chunk = os.read(each, 1 << 16)
            texts[each] += chunk
            if not chunk:
                left.discard(each)
                os.close(each)
    _, status = os.waitpid(pid, 0)
    out, err = (texts[ours].decode() for ours, _ in pairs)
    return os.waitstatus_to_exitcode(status), out, err


OWN = re.compile(r"\x1b\[[\d;]*m|\x1b\[\?25[hl]|\x1b\[\d*[AK]|\r(?=\n|\x1b\[)|\r\r?\n")
"""Sequences of our own: colours, and the line of progress."""
OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\uffff]"
)


@pytest.mark.parametrize(
    ("name", "call", "form"), ALL, ids=[f"{a} {' '.join(b)[:16]!r} {c}" for a, b, c in ALL]
)
def test_nothing_reaches_a_terminal_that_it_obeys(hostile, name, call, form):
    chosen = ["--format", form] if form else []

    code, out, _ = run(hostile, [name, *call, *chosen], terminal=True)

    assert code != 99, out[-2000:]
    assert "Traceback" not in out
    assert out
    found = OBEYED.search(OWN.sub("", out))
    assert not found, ascii(OWN.sub("", out)[max(0, found.start() - 200) : found.end() + 50])


def no_markup(text: str) -> None:
    """Parse a page; nothing in it comes from the data."""
    parser = html5rdf.HTMLParser()
    parser.parse(text)
    assert parser.errors == []
    for each in html.document_fromstring(text).iter():
        assert each.tag not in ("evil-tag", "img", "iframe"), html.tostring(each)[:300]
        assert not [name for name in each.attrib if name.startswith(("on", "evil"))]
        if each.tag in ("script", "style") and each.get("type") != "application/ld+json":
            assert "evil" not in (each.text or "")
        assert not re.match(r"(?i)\s*(javascript|data):", each.get("href", ""))


def no_links(text: str) -> None:
    """Parse Markdown; it has no HTML, link or image."""
    waiting = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    while waiting:
        token = waiting.pop()
        assert token.type not in ("html_block", "html_inline", "link_open", "image"), token.content
        waiting += token.children or []


def no_commands(text: str) -> None:
    """Read lines as GitHub Actions does; only annotations are commands, and only our own."""
    assert not re.search(r"(?m)^\s*::(?!error |warning |notice )", text)
    others = [line for line in text.split("\n") if not line.startswith("::")]
    assert not any("##[" in line for line in others)


def as_json(text: str):
    """Parse JSON by the letter of RFC 8259; names are unique."""

    def members(pairs):
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    def refuse(word):
        raise ValueError(word)

    return json.loads(text, object_pairs_hook=members, parse_constant=refuse)


RELATIVE = re.compile(r"(?![/.])(?:[A-Za-z0-9._~!$&'()*+,;=@/-]|%[0-9A-F]{2})+")
"""A path of a relative reference (RFC 3986 §4.2), in the project."""


def sarif(text: str) -> None:
    """Check what SARIF 2.1.0 requires of the parts that a report has."""
    document = as_json(text)
    (run,) = document["runs"]
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert document["version"] == "2.1.0"
    assert run["columnKind"] in ("unicodeCodePoints", "utf16CodeUnits")
    assert len({rule["id"] for rule in rules}) == len(rules) > 0
    assert results
    for each in results:
        assert rules[each["ruleIndex"]]["id"] == each["ruleId"]
        assert each["level"] in ("none", "note", "warning", "error")
        assert not re.search(r"(?<!\\)[\[\]]", each["message"]["text"])
        places = (*each["locations"], *each.get("relatedLocations", ()))
        for physical in (place["physicalLocation"] for place in places):
            region = physical["region"]
            assert RELATIVE.fullmatch(physical["artifactLocation"]["uri"])
            assert 1 <= region["startColumn"] <= region["endColumn"]
            assert region["startLine"] >= 1
    marks = [each["partialFingerprints"]["finding/v1"] for each in results]
    assert len(set(marks)) == len(marks)


def gitlab(text: str) -> None:
    """Check what GitLab requires of a code quality report."""
    issues = as_json(text)
    assert issues
    assert len({each["fingerprint"] for each in issues}) == len(issues)
    for each in issues:
        assert isinstance(each["description"], str)
        assert isinstance(each["check_name"], str)
        assert each["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not re.match(r"/|\.\.|[A-Za-z]:", each["location"]["path"])
        assert each["location"]["lines"]["begin"] >= 1


def junit(text: str) -> None:
    (suite,) = ET.fromstring(text)  # noqa: S314  # our own
    assert int(suite.get("tests", "")) == len(suite) > 0
    assert int(suite.get("failures", "")) == len(suite.findall(".//failure"))
    for each in suite.iter():
        assert each.tag in ("testsuite", "testcase", "failure", "system-out", "system-err")
        assert set(each.attrib) <= {
            *("name", "tests", "failures", "errors", "skipped", "time", "timestamp"),
            *("classname", "file", "line", "type", "message"),
        }


COMMAND = re.compile(r"::(?:error|warning|notice)( \w+=[^:,\n]*(?:,\w+=[^:,\n]*)*)?::[^\n]+")


def annotations(text: str) -> None:
    """Read workflow commands as GitHub's runner does: names, values, and a message on one line."""
    lines = text.removesuffix("\n").split("\n")
    assert lines
    for line in lines:
        assert COMMAND.fullmatch(line), ascii(line[:300])
        names = re.findall(r"[ ,](\w+)=", line.split("::")[1])
        assert set(names) <= {"title", "file", "line", "col", "endColumn", "endLine"}


def xml(text: str) -> None:
    assert len(list(ET.fromstring(text).iter())) > 1  # noqa: S314  # our own


def graph(form: str):
    syntax = {"turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG}
    syntax |= {"ntriples": ox.RdfFormat.N_TRIPLES, "nquads": ox.RdfFormat.N_QUADS}
    syntax |= {"jsonld": ox.RdfFormat.JSON_LD, "rdfxml": ox.RdfFormat.RDF_XML}
    short = {"ttl": "turtle", "nt": "ntriples", "nq": "nquads"}
    chosen = syntax[short.get(form, form)]
    return lambda text: next(iter(ox.parse(text.encode(), format=chosen)))


def rows(text: str, delimiter: str = ",") -> None:
    usual = csv.field_size_limit(len(text) + 1)
    (width,) = {len(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter)}
    csv.field_size_limit(usual)
    assert width


PARSERS = {
    "json": as_json,
    "sarif": sarif,
    "gitlab": gitlab,
    "junit": junit,
    "github": annotations,
    "xml": xml,
    **{form: graph(form) for form in ("turtle", "ttl", "ntriples", "nt", "nquads", "nq")},
    **{form: graph(form) for form in ("trig", "jsonld", "rdfxml")},
    "csv": rows,
    "tsv": lambda text: {line.count("\t") for line in text.split("\n")[:-1]}.pop(),
    "markdown": no_links,
    "html": no_markup,
    **dict.fromkeys(("text", "table", ""), no_commands),
}
"""What reads a format."""


@pytest.mark.parametrize(
    ("name", "call", "form"), ALL, ids=[f"{a} {' '.join(b)[:16]!r} {c}" for a, b, c in ALL]
)
def test_what_is_written_to_a_pipe_can_be_parsed_and_has_nothing_of_the_authors_making(
    hostile, name, call, form, monkeypatch
):
    if form in ("text", "github"):
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
    new = ["elsewhere"] if name == "init" else call

    code, out, err = run(
        hostile, [name, *new, *(["--format", form] if form else [])], terminal=False
    )

    assert code != 99, err[-2000:]
    assert "Traceback" not in err
    no_commands(err)
    assert not OBEYED.search(err), ascii(err)
    if code == 2 or name in ("publish", "serve"):
        assert re.search("which XML cannot have|127.0.0.1:1|192.0.2.1:1|VIOLATION", err), err
    elif "::stop-commands::" in out:
        token = re.findall("::stop-commands::(.+)", out)[0]
        before, _, rest = out.partition(f"::stop-commands::{token}\n")
        no_commands(before + rest.partition(f"::{token}::\n")[2])
    else:
        PARSERS[form](out)


@pytest.fixture(scope="module")
def site(hostile):
    loaded = projects.load([hostile])
    return create_app(Context(described_store(loaded), loaded, Settings()))


def paths(site) -> list[str]:
    """Return a path for each route, with names that the project has and others that it has not."""
    found = [f"/doc?iri={quote('https://e.example/id/' + IN_IRI)}", "/queries/evil?thing=a"]
    found += [f"/{each}?q={quote(MARKUP)}" for each in ("search", "search/suggest")]
    for rule in site.url_map.iter_rules():
        parts = re.fullmatch(r"(.*?)(?:<(?:(\w+):)?\w+>(.*))?", rule.rule)
        values = ("a", quote(NAME)) if parts[2] == "path" else ("evil", "ttl", "json", "csv", "1")
        found += [f"{parts[1]}{each}{parts[3]}" for each in values] if parts[3] is not None else []
        found += [] if "<" in rule.rule else [rule.rule]
    return found


OF_MEDIA = {
    "text/html": no_markup,
    "text/csv": rows,
    "text/turtle": graph("turtle"),
    "application/n-triples": graph("ntriples"),
    "application/trig": graph("trig"),
    "application/rdf+xml": xml,
    "application/xml": xml,
    "application/opensearchdescription+xml": xml,
    "image/svg+xml": xml,
}


@pytest.mark.parametrize(
    "accept",
    ["*/*", *sorted({form.media_type for form in formats.FORMATS} | {"text/html"})],
)
def test_every_route_of_a_hostile_project_answers_in_the_form_that_it_says(site, accept):
    client = site.test_client()
    asked = [(path, client.get(path, headers={"Accept": accept})) for path in paths(site)]

    assert len(asked) > 60
    for path, answer in asked:
        assert answer.status_code in (*range(200, 500), 503), path
        sent = "\n".join(f"{name}: {value}" for name, value in answer.headers)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]|^X-Evil", sent), path
        if answer.mimetype.endswith("json"):
            as_json(answer.text)
        elif answer.mimetype in OF_MEDIA and answer.data:
            OF_MEDIA[answer.mimetype](answer.text)
