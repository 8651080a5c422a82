"""A project says in kg.toml, or in pyproject.toml, where its parts are."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from kg_server import canned, validation
from kg_server import project as projects
from kg_server.errors import ProjectFault
from kg_server.project import Role, manifest
from kg_server.project.profile import Evidence, in_language

SHAPES = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <https://e.org/> . "
SHAPES += "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:nodeKind sh:IRI ."
DATA = "@prefix ex: <https://e.org/> . ex:a a ex:T ."


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, text in (
        ("facts/all.ttl", DATA),
        ("model/terms.ttl", "@prefix ex: <https://e.org/> . ex:T ex:note 'a class' ."),
        ("model/all-shapes.ttl", SHAPES),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


WHOLE = """base-iri = "https://e.org/"
data = ["facts"]
ontology = ["model/*.ttl"]
shapes = ["model/*-shapes.ttl"]

[rules]
no-label = "off"
"""


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kg_server", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)


def test_the_parts_are_where_the_manifest_says(root):
    (root / "kg.toml").write_text(WHOLE)

    loaded = projects.load([root])

    assert [(file.path.name, file.role) for file in loaded.files] == [
        ("all.ttl", Role.DATA),
        ("terms.ttl", Role.ONTOLOGY),
        ("all-shapes.ttl", Role.SHAPES),
    ]
    assert (loaded.base_iri, loaded.rules) == ("https://e.org/", {"no-label": "off"})


PROFILE = """
licence = "https://e.org/licence"
languages = ["fr", "en"]
title.fr = "Musées"
title.en = "Museums"
description = "Of one city."

[columns]
city = { fr = "ville" }

[evidence]
claim = "ex:Claim"
stated-in = "http://www.w3.org/ns/prov#wasDerivedFrom"

[[home]]
query = "by-year"
parameters = { year = "1990" }
view = "bars year count"

[topics]
years = { en = "By year" }
"""


def test_the_manifest_says_what_the_site_is_called_and_what_stands_on_its_home_page(root):
    (root / "kg.toml").write_text(WHOLE.replace("[rules]", PROFILE + "[rules]"))

    profile = projects.load([root]).profile

    assert in_language(profile.title, ["fr"]) == "Musées"
    assert in_language(profile.description, ["fr"]) == "Of one city."
    assert (profile.licence, profile.languages) == ("https://e.org/licence", ("fr", "en"))
    assert profile.prefixes["ex"] == "https://e.org/"
    assert profile.evidence.claim == "https://e.org/Claim"
    assert profile.evidence.stated_in == "http://www.w3.org/ns/prov#wasDerivedFrom"
    assert profile.topics == {"years": {"en": "By year"}}
    (home,) = profile.home
    assert (home.query, home.parameters) == ("by-year", {"year": "1990"})
    assert (home.view, home.line) == (("bars", "year", "count"), 20)
    assert profile.columns == {"city": {"fr": "ville"}}


def test_another_base_iri_replaces_the_one_in_the_terms_of_evidence(root):
    (root / "kg.toml").write_text(WHOLE.replace("[rules]", PROFILE + "[rules]"))

    profile = projects.load([root], "https://kg.example.org/").profile

    assert profile.evidence.claim == "https://kg.example.org/Claim"


def test_pyproject_will_do_and_a_subdirectory_is_in_the_project(root):
    lines = WHOLE.replace("[rules]", "[tool.kg-server.rules]")
    (root / "pyproject.toml").write_text(f'[project]\nname = "x"\n\n[tool.kg-server]\n{lines}')

    ended = run(root / "facts", "validate", "--no-cache")

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("Conforms.\n")
    assert run(root, "query", "ASK { <https://e.org/a> a <https://e.org/T> }").stdout == "true"


def test_another_base_iri_replaces_the_one_in_the_files(root):
    (root / "kg.toml").write_text(WHOLE)

    loaded = projects.load([root], "https://kg.example.org/")

    assert b"<https://kg.example.org/>" in loaded.files[0].content


def test_without_a_manifest_the_parts_are_where_they_usually_are(root):
    (root / "data").mkdir()

    assert manifest.read(root).data == (root / "data",)
    assert manifest.read(root).shapes == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'data = ["facts"]\nshape = ["x"]',
            "kg.toml:2: there is no key 'shape'; did you mean shapes?",
        ),
        ('data = ["fact"]', "kg.toml:1: data: there is no file or directory 'fact'"),
        ('\ndata = "facts"', "kg.toml:2: data is a list of files, directories or patterns"),
        ("data = [,", "kg.toml:1:9: Invalid value"),
        ("data = [", "kg.toml:1: Invalid value"),
        ('base-iri = "https://e.org"', "kg.toml:1: base-iri starts with http:// or https://"),
        ("rules = 1", "kg.toml:1: rules is a table"),
        ("title = 1", "kg.toml:1: title is a text, or a table such as"),
        ('[title]\nen = "x"\nde = ""', "kg.toml:3: title.de is a text in quotes"),
        ('[title]\nenglish_ = "x"', "kg.toml:2: 'english_' is no language tag"),
        ("columns = 1", "kg.toml:1: columns is a table"),
        ("[columns]\ncity = 1", "kg.toml:2: city is a text, or a table"),
        ('languages = [\n"en",\n"no tag"]', "kg.toml:3: 'no tag' is no language tag"),
        ('licence = ""', "kg.toml:1: licence is a text in quotes"),
        ("home = 1", "kg.toml:1: home is a list of tables"),
        ("topics = 1", "kg.toml:1: topics is a table"),
        ("[topics]\na = 1", "kg.toml:2: a is a text, or a table"),
        ('[[home]]\nquery = "a"\n[[home]]\nview = "table"', "kg.toml:3: home is a list of tables"),
        (
            '[[home]]\nquery = "a"\n[[home]]\nqueri = "b"',
            "kg.toml:4: there is no key 'queri'; did you mean query?",
        ),
        (
            '[[home]]\nquery = "a"\nparameters.year = 1990',
            'kg.toml:3: parameters is a table, such as { year = "1990" }',
        ),
        (
            '[evidence]\nclaim = "ex:Claim"\nsorce = "ex:Source"',
            "kg.toml:3: there is no key 'sorce'; did you mean source?",
        ),
        (
            'data = ["facts"]\n[evidence]\nclaim = "ex:Claim"\nsource = "dip:Source"',
            "kg.toml:4: source: 'dip:Source' is no IRI, and no file of the project has a prefix",
        ),
        ('[rules]\nno-lable = "off"', "there is no rule 'no-lable'; did you mean no-label?"),
    ],
)
def test_what_is_wrong_in_it_is_said_with_its_line(root, text, message):
    (root / "kg.toml").write_text(text + "\n" if text.startswith("[") else text)
    if "rule 'no" in message:
        (root / "kg.toml").write_text(WHOLE.replace('[rules]\nno-label = "off"', text))

    ended = run(root, "validate")

    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('licence = "no"\n\ndata = ["no"]', "kg.toml:3: data: there is no file or directory 'no'"),
        ('data = ["/tmp"]', "kg.toml:1: data: '/tmp' is absolute; paths start at the folder of kg"),
        ('data = ["facts"]\ndata = []', "kg.toml:2: this key has a value already, further up"),
        ('derive = ["facts"]', "kg.toml:1: derive: there is no .rq file with a rule"),
        (
            '[imports]\n"https://e.org/o" = "facts/all.ttl"\n"an onto" = "facts/all.ttl"',
            "kg.toml:3: imports: 'an onto' is no IRI of an ontology",
        ),
        (
            '[imports]\n"https://e.org/o" = "facts/all.ttl"\n"https://e.org/p.q" = "no.ttl"',
            "kg.toml:3: imports: there is no file 'no.ttl'",
        ),
        (
            'data = ["facts"]\n[evidence]\nsource = "ex:So urce"',
            "kg.toml:3: source: 'ex:So urce' is no IRI",
        ),
    ],
)
def test_a_value_that_nothing_can_be_done_with_is_refused_at_its_line(root, text, message):
    (root / "kg.toml").write_text(text)

    with pytest.raises(ProjectFault, match=re.escape(message)):
        projects.load([root])


def test_a_byte_order_mark_before_the_manifest_is_no_mistake(root):
    (root / "kg.toml").write_bytes(b"\xef\xbb\xbf" + WHOLE.encode())

    assert projects.load([root]).base_iri == "https://e.org/"


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_a_manifest_that_is_no_file_is_not_passed_over(root, make):
    make(root / "kg.toml")

    with pytest.raises(ProjectFault, match=r"kg\.toml: this is no file that can be read"):
        projects.load([root])


def test_the_documentation_has_each_key_with_its_default():
    text = (Path(__file__).resolve().parents[2] / "docs" / "projects.md").read_text()

    rows = dict(re.findall(r"(?m)^\| `([\w-]+)` \| .+ \| (.+) \|$", text))

    assert {key: rows[key] for key in manifest.LISTS} == {
        key: f'`["{default}"]`' for key, (default,) in manifest.LISTS.items()
    }
    assert set(rows) == set(manifest.KEYS)


def test_the_documentation_has_each_term_of_evidence():
    text = (Path(__file__).resolve().parents[2] / "docs" / "projects.md").read_text()

    part = text.partition("### Evidence")[2].partition("\n#")[0]

    for each in fields(Evidence):
        assert f"`{each.name.replace('_', '-')}`" in part


def test_other_rules_are_another_report(root):
    (root / "kg.toml").write_text(WHOLE)
    first = run(root, "validate", "--format", "json").stdout

    (root / "kg.toml").write_text(WHOLE + 'unused-term = "violation"\n')

    assert '"conforms": true' in first
    assert projects.load([root]).rules["unused-term"] == "violation"


def test_a_directory_that_is_no_project_is_read_as_data(tmp_path):
    with pytest.raises(ProjectFault, match="the directory has no RDF files"):
        projects.load([tmp_path])


QUERY = """#+ title: Q
#+ description: q
#+ result: r
#+ param year: year; from; default 2000
SELECT ?s ?n { ?s ?p ?n FILTER($year > 0) }
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[home]]\nquery = "q"\nview = "pie"', "kg.toml:6: there is no view 'pie'"),
        (
            '[[home]]\nquery = "q"\nview = "bars s"',
            "kg.toml:6: the view 'bars' needs the names of 2",
        ),
        ('[[home]]\nquery = "q"\nview = "bars s x"', "kg.toml:6: the view names 'x', which is no"),
        (
            '[[home]]\nquery = "q"\nparameters = { year = "20x" }',
            "kg.toml:6: The parameter 'year' takes a year in four digits; '20x' is not one.",
        ),
        ('[rules]\nno-labels = "off"', "kg.toml:7: there is no rule 'no-labels'; did you mean"),
        ('[rules]\nno-label = "never"', "kg.toml:7: the level of rule no-label is one of off"),
    ],
)
def test_what_the_manifest_says_of_queries_and_rules_is_checked_with_its_line(root, text, message):
    (root / "queries").mkdir()
    (root / "queries" / "q.rq").write_text(QUERY)
    (root / "kg.toml").write_text(WHOLE.partition("[rules]")[0] + text)

    project = projects.load([root])
    with pytest.raises(ProjectFault, match=re.escape(message)):
        _check(project)


def _check(project):
    canned.check(project)
    validation.validate(project, use_cache=False)


def test_a_manifest_that_is_not_utf_8_is_told_with_its_line(root):
    (root / "kg.toml").write_bytes(b'data = ["facts"]\ntitle = "Mus\xe9es"\n')

    with pytest.raises(ProjectFault, match=r"kg\.toml:2: not UTF-8 text"):
        projects.load([root])
