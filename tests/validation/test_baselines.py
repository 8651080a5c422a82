"""A known fault stays known after edits elsewhere, and a new fault never passes as known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kg_server import project as projects
from kg_server import validation
from kg_server.validation import baseline, reports

PREFIXES = """@prefix ex: <https://e.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
BY_QUERY = """ex:Q a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [
  sh:message "{$this} shares {?other}" ;
  sh:select "SELECT $this ?other { $this <https://e.org/q> ?other }" ] .
"""
DATA = """ex:a a ex:T ; ex:kind "x" ; ex:contact [ ex:name "A" ] ; ex:label "a"@en , "b"@en .
ex:b a ex:T ; ex:kind ex:k ; ex:contact [ ex:name "A" ; ex:phone 1 ] ; ex:from 5 ; ex:to 3 .
[] a ex:T ; ex:kind ex:k ; ex:label "c"@en .
"""
SHAPES = """ex:S a sh:NodeShape ; sh:targetClass ex:T ;
  sh:property [ sh:path ex:contact ; sh:minCount 1 ] ,
    [ sh:path ex:contact ; sh:node [ sh:property [ sh:path ex:phone ; sh:minCount 1 ] ] ] ,
    [ sh:path ex:kind ; sh:nodeKind sh:IRI ; sh:minLength 1 ] ,
    [ sh:path ex:label ; sh:uniqueLang true ] ,
    [ sh:path ex:from ; sh:lessThan ex:to ] .
ex:C a sh:NodeShape ; sh:targetObjectsOf ex:contact ;
  sh:property [ sh:path ex:phone ; sh:minCount 1 ] .
"""
KNOWN = 6


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))

        def judged(data: str, shapes: str):
            (root / "data.ttl").write_text(PREFIXES + data)
            (root / "shapes.ttl").write_text(PREFIXES + shapes)
            project = projects.load([root / "data.ttl", root / "shapes.ttl"])
            return validation.validate(project, jobs=1), project

        yield judged


@pytest.fixture(scope="module")
def known(judge, tmp_path_factory):
    report, project = judge(DATA, SHAPES)
    path: Path = tmp_path_factory.mktemp("known") / "known.json"
    path.write_text(reports.FORMS["json"](report, project))
    assert len(report.findings) == KNOWN, [each.message for each in report.findings]
    return baseline.read(path)


def unchanged(text: str) -> str:
    return text


EDITS_ELSEWHERE = {
    "lines and comments": (lambda data: "# more\n\n" + data.replace(" ; ", " ;\n  "), unchanged),
    "another blank node before": (lambda data: "[] ex:other [ ex:name 1 ] .\n" + data, unchanged),
    "another contact beside": (
        lambda data: data + 'ex:a ex:contact [ ex:name "B" ; ex:phone 2 ] .',
        unchanged,
    ),
    "statements in another order": (
        lambda data: "".join(sorted(data.splitlines(keepends=True), reverse=True)),
        unchanged,
    ),
    "another value that conforms": (lambda data: data + "ex:a ex:kind ex:k .", unchanged),
    "another shape before": (
        unchanged,
        lambda shapes: shapes.replace("sh:property", "sh:property [ sh:path ex:q ] ,", 1),
    ),
    "another shape with the same path": (
        unchanged,
        lambda shapes: shapes.replace(
            "sh:property", "sh:property [ sh:path ex:contact ; sh:maxCount 9 ] ,", 1
        ),
    ),
    "a message, a name and a severity of another shape": (
        unchanged,
        lambda shapes: shapes.replace(
            "sh:path ex:kind", 'sh:path ex:kind ; sh:message "m" ; sh:name "n"'
        ),
    ),
    "a comment at a shape": (
        unchanged,
        lambda shapes: shapes.replace("sh:path ex:kind", 'sh:path ex:kind ; rdfs:comment "c"'),
    ),
    "another constraint of the same shapes": (
        unchanged,
        lambda shapes: shapes.replace("sh:path ex:kind", "sh:path ex:kind ; sh:maxCount 9"),
    ),
    "another thing that refers to a contact": (
        lambda data: (
            data.replace('[ ex:name "A" ]', "_:c") + 'ex:z ex:sees _:c . _:c ex:name "A" .'
        ),
        unchanged,
    ),
}


@pytest.mark.parametrize("name", EDITS_ELSEWHERE)
def test_an_edit_elsewhere_leaves_known_faults_known(judge, known, name):
    of_data, of_shapes = EDITS_ELSEWHERE[name]
    report, _ = judge(of_data(DATA), of_shapes(SHAPES))

    compared = baseline.compare(report, known)

    assert compared.summary == f"0 new, {KNOWN} known, 0 fixed"


NEW_FAULTS = {
    "the same path, another value": ('ex:kind "x"', 'ex:kind "y"', 1, 1),
    "the same message, another node": (
        "ex:b a ex:T ; ex:kind ex:k",
        "ex:b a ex:T ; ex:kind 'x'",
        1,
        0,
    ),
    "another kind of constraint at the same value": ('ex:kind "x"', 'ex:kind ""', 2, 1),
    "two values in another language": (
        '"a"@en , "b"@en',
        '"a"@de , "b"@de , "c"@en',
        1,
        1,
    ),
    "another value to compare with": ("ex:to 3", "ex:to 2", 1, 1),
    "one more value to compare with": ("ex:to 3", "ex:to 3 , 2", 1, 0),
    "another contact without a phone": (
        'ex:contact [ ex:name "A" ; ex:phone 1 ]',
        'ex:contact [ ex:name "A" ]',
        2,
        0,
    ),
    "one contact is mended, another is wrong": (
        'ex:contact [ ex:name "A" ] ;',
        'ex:contact [ ex:name "A" ; ex:phone 2 ] , [ ex:name "C" ] ;',
        2,
        2,
    ),
    "a second contact that is just like the first": (
        'ex:contact [ ex:name "A" ] ;',
        'ex:contact [ ex:name "A" ] , [ ex:name "A" ] ;',
        2,
        0,
    ),
}


@pytest.mark.parametrize("name", NEW_FAULTS)
def test_a_new_fault_does_not_pass_as_known(judge, known, name):
    old, new, added, fixed = NEW_FAULTS[name]
    assert old in DATA
    report, _ = judge(DATA.replace(old, new), SHAPES)

    compared = baseline.compare(report, known)

    assert (len(compared.new.findings), KNOWN - compared.known) == (added, fixed)
    assert compared.fixed == fixed


IN_A_LIST = (
    "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:q ; sh:minCount 1 ] ."
)
LIST = "ex:l ex:members ( [ a ex:T ; ex:n 1 ] [ a ex:T ; ex:n 2 ] ) ."
OF_NO_NAME = IN_A_LIST.replace("ex:S", "[]")
ONE_OF = """ex:S a sh:NodeShape ; sh:targetClass ex:T ;
  sh:property [ sh:path ex:n ; sh:in ( 7 8 ) ] ;
  sh:or ( [ sh:property [ sh:path ex:a ; sh:minCount 1 ] ] [ sh:class ex:U ] ) ."""


@pytest.mark.parametrize(
    ("before", "after", "shapes", "later", "expected"),
    [
        (LIST, LIST.replace("( [", "( [ a ex:T ; ex:n 0 ] [", 1), IN_A_LIST, IN_A_LIST, (1, 2, 0)),
        (LIST, LIST.replace("1", "3").replace("2", "1"), IN_A_LIST, IN_A_LIST, (1, 1, 1)),
        (LIST, LIST, ONE_OF, ONE_OF.replace("7 8", "8 7"), (0, 4, 0)),
        (
            LIST,
            LIST,
            ONE_OF,
            ONE_OF.replace(" [ sh:class ex:U ] )", ")").replace("( [", "( [ sh:class ex:U ] ["),
            (0, 4, 0),
        ),
        (
            LIST,
            LIST,
            OF_NO_NAME,
            OF_NO_NAME.replace("sh:property", "sh:property [ sh:path ex:z ] ,"),
            (0, 2, 0),
        ),
        (
            "[] a ex:T . [] a ex:T ; ex:n 1 .",
            "[] a ex:T ; ex:n 1 . [] a ex:T . [] a ex:T .",
            IN_A_LIST,
            IN_A_LIST,
            (1, 2, 0),
        ),
    ],
    ids=["member", "member changed", "in", "or", "anonymous", "twin"],
)
def test_order_and_neighbours_do_not_count(judge, before, after, shapes, later, expected):
    known, _ = judge(before, shapes)
    report, _ = judge(after, later)

    compared = baseline.compare(report, baseline.counted(known))

    assert (len(compared.new.findings), compared.known, compared.fixed) == expected


def test_blank_nodes_that_all_refer_to_one_another_take_no_time(judge):
    nodes = range(12)
    lines = [
        f"_:n{node} a ex:T ; ex:id {node} ; ex:knows "
        + " , ".join(f"_:n{other}" for other in nodes if other != node)
        + " .\n"
        for node in nodes
    ]

    known, _ = judge("".join(lines), IN_A_LIST)
    report, _ = judge("".join(reversed(lines)), IN_A_LIST)

    compared = baseline.compare(report, baseline.counted(known))
    assert compared.summary == "0 new, 12 known, 0 fixed"


def test_of_two_equal_findings_of_which_one_was_known_one_is_new(judge):
    report, _ = judge(DATA, SHAPES)
    twice = replace(report, findings=(*report.findings, report.findings[0]))

    compared = baseline.compare(twice, baseline.counted(report))

    assert (len(compared.new.findings), compared.known) == (1, KNOWN)


def test_what_a_query_says_beside_the_value_tells_its_findings_apart(judge):
    known, _ = judge("ex:a a ex:T ; ex:q 1 , 2 .", BY_QUERY)
    report, _ = judge("ex:a a ex:T ; ex:q 1 , 3 .", BY_QUERY)

    compared = baseline.compare(report, baseline.counted(known))

    assert len(known.findings) == 2
    assert compared.summary == "1 new, 1 known, 1 fixed"


def test_an_undeclared_term_stays_known_where_it_is_used_first(tmp_path):
    ontology = (
        PREFIXES
        + """@prefix owl: <http://www.w3.org/2002/07/owl#> .
<https://e.org/> a owl:Ontology . ex:T a owl:Class .
"""
    )

    def judged(data: str):
        (tmp_path / "o.ttl").write_text(ontology)
        (tmp_path / "d.ttl").write_text(PREFIXES + data)
        project = projects.load([tmp_path / "o.ttl", tmp_path / "d.ttl"])
        return validation.validate(project, jobs=1, use_cache=False)

    before = judged("<urn:m> ex:wrong 1 .")
    after = judged("<urn:a> ex:wrong 2 . <urn:m> ex:wrong 1 . <urn:n> ex:other 1 .")

    (known,) = [each for each in before.findings if "undeclared-term" in each.rule]
    new = baseline.compare(after, baseline.counted(before)).new.findings
    assert known.other_value == "<https://e.org/wrong>"
    assert [each.other_value for each in new if "undeclared-term" in each.rule] == [
        "<https://e.org/other>"
    ]


def test_a_blank_node_stays_known_when_something_leads_to_it(judge):
    data = "_:z a ex:T ; ex:kind ex:k ; ex:contact [ ex:name 'A' ] ."
    before, _ = judge(data, SHAPES)
    assert len(before.findings) == 2

    after, _ = judge(f"ex:q ex:see _:z . {data}", SHAPES)
    another, _ = judge(f"{data} ex:q ex:see [ a ex:T ; ex:kind ex:k ; ex:contact [] ] .", SHAPES)

    assert baseline.difference(after, before) == ()
    assert len(baseline.difference(another, before)) == 2


def test_a_report_without_known_findings_does_not_say_that_the_graph_conforms(judge):
    report, project = judge(DATA, SHAPES)

    new = baseline.compare(report, baseline.counted(report)).new

    assert new.findings == ()
    text = reports.FORMS["text"](new, project)
    assert text.startswith(f"Nothing new; {len(report.findings)} known findings left out.\n")
    assert "Conforms" not in text
    assert "sh:conforms false" in reports.FORMS["turtle"](new, project)
    assert f'"known": {len(report.findings)}' in reports.FORMS["json"](new, project)
