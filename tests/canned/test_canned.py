"""Reading ``.rq`` files, and binding the parameters of a request."""

import re
from pathlib import Path

import pyoxigraph
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_server import canned
from kg_server import project as projects
from kg_server.canned import names
from kg_server.canned.parameters import Lookup, Names, Parameter, term
from kg_server.description.queries import as_graph
from kg_server.errors import BadRequest, NotFound, ProjectFault
from kg_server.formats import Kind
from kg_server.project import QueryFile
from kg_server.sparql import rewrite
from kg_server.sparql.terms import literal
from kg_server.store import open_store

ROOT = Path(__file__).resolve().parents[2]

CANADA = "https://diplomacy.example/id/state/CAN"
CONGOS = {f"https://diplomacy.example/id/state/{code}" for code in ("COD", "COG")}
STATE = ("thing", "https://diplomacy.example/ns/diplomacy#State")
STATES = {
    STATE: Names(
        frozenset({CANADA, *CONGOS}),
        {
            "can": frozenset({CANADA}),
            "canada": frozenset({CANADA}),
            "কানাডা": frozenset({CANADA}),
            "congo": frozenset(CONGOS),
        },
        {"can": "CAN", "canada": "Canada", "কানাডা": "কানাডা", "congo": "Congo"},
    )
}


def declared(type_):
    return Parameter("p", type_, "m", of=STATE[1] if type_ == "thing" else "")


HEADER = "#+ title: T\n#+ description: D\n#+ result: R\n"
QUERY = """#+ param s: string; a text; example x
#+ param n: integer; a number; default 1; example 2
#+ param i: iri; a thing; example urn:x; optional
SELECT $s ?o WHERE { $i ?p ?o . FILTER(?o = $s) . FILTER($n = 1) }
"""


def query(tmp_path, text=HEADER + QUERY):
    return canned.load([QueryFile(tmp_path / "some-query.rq", text)])["some-query"]


def test_the_header_is_read_over_several_lines(tmp_path):
    text = HEADER.replace("D\n", "one\n#+     two\n") + "#+ tags: a, b\nASK { ?s ?p ?o }"

    loaded = query(tmp_path, text)

    assert (loaded.description, loaded.tags, loaded.kind) == ("one two", ("a", "b"), Kind.BOOLEAN)
    assert loaded.text == "ASK { ?s ?p ?o }"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#+ tags: x\nASK {}", "the header lacks title, description, result"),
        (HEADER + "#+ titel: x\nASK {}", "a header has no key 'titel'; keys are title"),
        (HEADER + "#+ title: again\nASK {}", "the header has the key 'title' twice"),
        (
            HEADER + "#+ param a: colour; x; example red\nASK { ?s ?p $a }",
            "types are iri, thing(CLASS)",
        ),
        (HEADER + "#+ param a: iri; x\nASK { ?s ?p $a }", "'a' has no example"),
        (
            HEADER + "#+ param limit: integer; x; example 1\nASK { ?s ?p $limit }",
            "has a name that every request may use",
        ),
        (HEADER + "#+ param a: iri; x; exmaple u:x\nASK { ?s ?p $a }", "is not declared as"),
        (HEADER + "ASK { ?s ?p $a }", "a: either not declared or not used"),
        (HEADER + "#+ param a: iri; x; example u:x\nASK { ?s ?p ?a }", "a: written with ? and not"),
        (HEADER + "#+ param a: iri; x; example u:x\nASK { ?s ?p ?o }", "a: either not declared"),
        (HEADER + "#+ param a: iri; x; example u:x\nASK { ?a ?p $a }", "a: written with ?"),
        (HEADER + "SELECT * { ?s ?p ?o } LIMIT 3", "LIMIT: set by requests"),
        (HEADER, "some-query.rq:4: there is no query below the header"),
        (HEADER + "#+ param a: thing; x; example y\nASK { ?s ?p $a }", "unknown type"),
        (HEADER + "#+ param a: thing(e:T); x; example y\nASK { ?s ?p $a }", "CLASS and SCHEME are"),
        (HEADER + "#+ view: pie a\nSELECT ?a { ?a ?b ?c }", "there is no view 'pie'"),
        (HEADER + "#+ view: bars a\nSELECT ?a { ?a ?b ?c }", "some-query.rq:4: the view 'bars'"),
        (HEADER + "#+ view: map a d\nSELECT ?a { ?a ?b ?c }", "names 'd', which is no variable"),
        (HEADER + "#+ view: cards\nASK { ?a ?b ?c }", "only the answer of a SELECT has a view"),
    ],
)
def test_a_file_that_cannot_be_bound_safely_is_refused_when_it_is_loaded(tmp_path, text, message):
    with pytest.raises(ProjectFault, match=re.escape(message)):
        query(tmp_path, text)


def test_the_texts_of_a_header_are_kept_by_language(tmp_path):
    more = "#+ title@fr: Titre\n#+ description@fr: une\n#+     ligne\n#+ result@fr: Ligne\n"
    more += "#+ param s@fr: un texte\n"
    file = QueryFile(tmp_path / "q.rq", HEADER + more + QUERY)

    loaded = canned.load([file], "de")["q"]

    assert loaded.titles == {"de": "T", "fr": "Titre"}
    assert loaded.descriptions == {"de": "D", "fr": "une ligne"}
    assert loaded.results == {"de": "R", "fr": "Ligne"}
    assert loaded.parameters[0].meanings == {"de": "a text", "fr": "un texte"}


def test_a_file_without_a_header_has_its_name_for_a_title(tmp_path):
    loaded = query(tmp_path, "# all that is\nASK { ?s ?p ?o }")

    assert (loaded.title, loaded.kind) == ("Some query", Kind.BOOLEAN)


def test_two_canned_queries_cannot_have_one_name(tmp_path):
    files = [QueryFile(tmp_path / folder / "q.rq", "ASK { ?s ?p ?o }") for folder in "ab"]

    with pytest.raises(ProjectFault, match="another canned query is called 'q' already"):
        canned.load(files)


@pytest.mark.parametrize(
    "name", ["my query", "a\nb", "a#b", "a?b", "a%41", "a.b", "..", "<b>", "\u202ea", "a\x9bb"]
)
def test_a_name_that_cannot_be_part_of_an_address_is_refused(tmp_path, name):
    with pytest.raises(ProjectFault, match="cannot be part of an address"):
        canned.load([QueryFile(tmp_path / f"{name}.rq", "ASK { ?s ?p ?o }")])


@pytest.mark.parametrize("name", ["my-query", "musées", "প্রশ্ন", "می\u200cروم", "a'b", "-x"])
def test_a_name_may_be_in_any_language(tmp_path, name):
    assert list(canned.load([QueryFile(tmp_path / f"{name}.rq", "ASK { ?s ?p ?o }")])) == [name]


def test_the_base_iri_of_a_deployment_goes_into_the_queries():
    loaded = canned.load(projects.load([ROOT], "https://kg.example.org/").queries)

    assert len(loaded) >= 15
    assert not any("https://diplomacy.example/" in each.source for each in loaded.values())


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([], "The parameter 's' is missing: a text. It takes text of at most 2000 characters"),
        ([("s", "x"), ("t", "y")], "has no parameter 't'. It takes: s, n, i"),
        ([("s", "x"), ("s", "y")], "The parameter 's' is given more than once"),
        ([("s", "x"), ("n", "many")], "The parameter 'n' takes a whole number; 'many' is not one"),
        ([("s", "a\x00b")], "The parameter 's' takes text of at most 2000 characters; this one"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_it_takes(tmp_path, pairs, message):
    loaded = query(tmp_path)

    with pytest.raises(BadRequest) as caught:
        canned.bind(loaded, pairs, STATES)

    assert message in caught.value.detail
    assert caught.value.members["parameter"] in caught.value.detail


def test_an_optional_parameter_that_is_not_given_stays_a_variable(tmp_path):
    assert "{ $i ?p ?o ." in canned.bind(query(tmp_path), [("s", "x")], STATES)


def test_a_parameter_reaches_a_sub_select_that_does_not_project_it():
    text = "SELECT ?s WHERE { { SELECT ?s WHERE { ?s ?p $name } } }"
    store = pyoxigraph.Store()
    for name in ("a", "b"):
        store.add(
            pyoxigraph.Quad(
                pyoxigraph.NamedNode(f"urn:{name}"),
                pyoxigraph.NamedNode("urn:p"),
                pyoxigraph.Literal(name),
            )
        )

    rows = list(store.query(rewrite.substitute(text, {"name": literal("a")})))

    assert [row[0].value for row in rows] == ["urn:a"]


@pytest.mark.parametrize("clause", ["ORDER BY ?o $s", "ORDER BY DESC($s)", "GROUP BY ?o $s"])
def test_a_bound_query_is_sparql_where_a_clause_takes_variables(clause):
    text = f"SELECT $s ?o WHERE {{ $s ?p ?o }} {clause}"

    pyoxigraph.Store().query(rewrite.substitute(text, {"s": "<urn:x>"}))


@pytest.mark.parametrize(
    "pattern", ["VALUES $s { <urn:a> }", "BIND(1 AS $s)", "{ SELECT (1 AS $s) {} }"]
)
def test_a_parameter_where_only_a_variable_can_stand_is_refused_at_its_line(tmp_path, pattern):
    head = HEADER + "#+ param s: iri; a thing; example urn:x\n"
    (tmp_path / "kg.toml").write_text("")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.ttl").write_text("<urn:a> <urn:b> <urn:c> .")
    (tmp_path / "queries").mkdir()
    file = tmp_path / "queries" / "q.rq"
    file.write_text(f"{head}SELECT * {{\n  {pattern}\n  ?x ?y $s\n}}\n")

    with pytest.raises(ProjectFault, match=r"q\.rq:6: \$s stands where a variable is needed"):
        canned.check(projects.load([tmp_path]))


@settings(deadline=None)
@given(
    st.text(
        alphabet=st.one_of(
            st.sampled_from("\\\"'uU0022{}<>#$?sn.;\n\r\t"),
            st.characters(exclude_categories=["Cs", "Cc"]),
        ),
        max_size=40,
    )
)
def test_no_text_gets_out_of_its_literal(text):
    bound = rewrite.substitute("SELECT ?x WHERE { BIND($s AS ?x) }", {"s": literal(text)})

    (of_oxigraph,) = pyoxigraph.Store().query(bound)
    (of_rdflib,) = rdflib.Graph().query(bound)

    assert of_oxigraph[0].value == text
    assert str(of_rdflib[0]) == text


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        ("thing", "CAN", f"<{CANADA}>"),
        ("thing", "canada", f"<{CANADA}>"),
        ("thing", "  CANADÁ ", f"<{CANADA}>"),
        ("thing", "কানাডা", f"<{CANADA}>"),
        ("thing", CANADA, f"<{CANADA}>"),
        ("iri", "dip:Mission", "<urn:dip#Mission>"),
        ("iri", "mailto:a@b.example", "<mailto:a@b.example>"),
        ("date", "2004-02-29", '"2004-02-29"^^<http://www.w3.org/2001/XMLSchema#date>'),
        ("year", "2008", '"2008"^^<http://www.w3.org/2001/XMLSchema#gYear>'),
        ("integer", "-3", '"-3"^^<http://www.w3.org/2001/XMLSchema#integer>'),
        ("language", "BN", '"bn"'),
        ("string", "x", '"x"'),
    ],
)
def test_a_value_becomes_a_term_of_its_type(type_, text, expected):
    context = Lookup(STATES, {"dip": "urn:dip#"})

    assert term(declared(type_), text, context) == expected


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("thing", "Atlantis"), ("thing", ""), ("thing", "কনড"), ("thing", "urn:x"),
        ("iri", "no iri"), ("iri", "/id/state/CAN"), ("iri", "urn:x> ?p ?o . <urn:y"),
        ("iri", 'urn:"x'), ("iri", "urn:\\u003E"), ("iri", ""),
        ("date", "2003-02-29"), ("date", "2004"), ("date", "2004-W01-1"), ("date", "٢٠٠٤-٠١-٠١"),
        ("year", "99"), ("year", "0000"), ("year", "২০০৮"),
        ("integer", "1.5"), ("integer", "1e3"), ("integer", "9" * 19), ("integer", "১"),
        ("language", "en_GB"), ("language", ""), ("string", "\ud800"), ("string", "x" * 2001),
    ],
)  # fmt: skip
def test_an_ill_typed_value_is_refused(type_, text):
    with pytest.raises(BadRequest, match="The parameter 'p' takes "):
        term(declared(type_), text, Lookup(STATES))


def test_a_name_near_a_state_is_answered_with_the_state():
    with pytest.raises(BadRequest) as caught:
        term(declared("thing"), "Kanada", Lookup(STATES))

    assert caught.value.members["suggestions"] == ["Canada"]
    assert "Near it: Canada." in caught.value.detail


def test_a_name_that_is_far_from_all_others_is_not_guessed():
    with pytest.raises(BadRequest, match="'Kandahar' is not in this graph, which has 3"):
        term(declared("thing"), "Kandahar", Lookup(STATES))


THINGS = """
@prefix ex: <https://e.org/ns#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix id: <https://e.org/id/> .
ex:ArtMuseum rdfs:subClassOf ex:Museum . ex:siglum rdfs:subPropertyOf skos:notation .
id:louvre a ex:ArtMuseum ; rdfs:label "Louvre"@fr , "The Louvre"@en ; ex:siglum "LVR" .
id:prado a ex:Museum ; skos:altLabel "Museo del Prado"@es .
id:rodin rdfs:label "Rodin" .
ex:kinds a skos:ConceptScheme ; skos:hasTopConcept ex:art .
ex:oil skos:inScheme ex:kinds ; skos:prefLabel "Oil painting"@en ; skos:notation "7.1" .
"""
OF = (
    HEADER
    + """#+ param m: thing(ex:Museum); a museum; example Louvre
#+ param k: concept(ex:kinds); a kind; example 7.1
PREFIX ex: <https://e.org/ns#>
SELECT $m { $m ex:shows $k }
"""
)


@pytest.fixture(scope="module", params=[names.MOST_ROWS, 1], ids=["kept", "looked up"])
def museums(request, tmp_path_factory):
    """A query, and the names of its things: all of them, or too many to keep."""
    path = tmp_path_factory.mktemp("museums")
    (path / "data").mkdir()
    (path / "data" / "a.ttl").write_text(THINGS)
    (path / "kg.toml").touch()
    store = open_store(projects.load([path]))
    loaded = canned.load([QueryFile(path / "q.rq", OF)])["q"]
    return loaded, names.of_queries([loaded], store, request.param)


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        *(("louvre", "louvre"), ("THE LOUVRE", "louvre"), ("lvr", "louvre")),
        *(("https://e.org/id/louvre", "louvre"), ("Museo del Prado", "prado"), ("prado", "prado")),
    ],
)
def test_a_thing_of_a_class_goes_by_label_alternative_label_notation_and_iri(museums, name, thing):
    loaded, known = museums

    text = canned.bind(loaded, [("m", name), ("k", "oil painting")], known)

    assert f"<https://e.org/id/{thing}> ex:shows <https://e.org/ns#oil>" in text


def test_a_thing_of_another_class_is_not_known(museums):
    loaded, known = museums

    with pytest.raises(BadRequest, match="takes the name of a museum in any language, its code"):
        canned.bind(loaded, [("m", "Rodin"), ("k", "7.1")], known)


def test_a_concept_goes_by_its_notation_and_a_top_concept_is_one(museums):
    loaded, known = museums

    assert "ex:shows <https://e.org/ns#oil>" in canned.example_text(loaded, known)
    assert "<https://e.org/ns#art>" in canned.bind(loaded, [("m", "lvr"), ("k", "art")], known)


def test_an_example_that_the_graph_lacks_leaves_the_query_as_it_is(museums):
    loaded, _ = museums

    assert canned.example_text(loaded, {}) == loaded.text


def test_a_name_of_two_states_is_not_guessed():
    with pytest.raises(BadRequest) as caught:
        term(declared("thing"), "Congo", Lookup(STATES))

    assert set(caught.value.members["suggestions"]) == CONGOS


def test_an_enumeration_takes_its_values_only():
    parameter = Parameter("p", "enum", "m", choices=("sent", "received"))

    assert term(parameter, "sent", Lookup()) == '"sent"'
    with pytest.raises(BadRequest, match="takes one of sent, received; 'Sent' is none of them"):
        term(parameter, "Sent", Lookup())


def test_a_query_that_is_not_there_is_answered_with_those_near_it():
    with pytest.raises(NotFound, match="Near it: missions"):
        canned.find(canned.load(projects.load([ROOT]).queries), "mission")


def test_a_parameter_of_the_command_line_has_an_equals_sign():
    assert canned.pairs(["a=b=c", "d="]) == [("a", "b=c"), ("d", "")]
    with pytest.raises(BadRequest, match="'state' has no '='"):
        canned.pairs(["state"])


@pytest.fixture(scope="module")
def described():
    """A store that holds nothing but the description of the canned queries."""
    store = pyoxigraph.Store()
    base_iri = "https://kg.example.org/"
    project = projects.load([ROOT], base_iri)
    queries = canned.load(project.queries)
    known = names.of_queries(queries.values(), open_store(project))
    store.load(as_graph(queries, base_iri, known), format=pyoxigraph.RdfFormat.N_TRIPLES)
    return store


SH = "PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>"


def test_query_editors_find_the_prefixes(described):
    rows = described.query(
        SH + "SELECT DISTINCT ?prefix ?namespace"
        " { [] sh:namespace ?namespace ; sh:prefix ?prefix } ORDER BY ?prefix"
    )

    prefixes = {row["prefix"].value: row["namespace"].value for row in rows}
    assert prefixes["dip"] == "https://kg.example.org/ns/diplomacy#"
    assert prefixes["rdf"] == str(rdflib.RDF)


def test_query_editors_find_the_examples_and_each_is_a_query(described):
    rows = list(
        described.query(
            SH + "SELECT DISTINCT ?sq ?comment ?query { ?sq a sh:SPARQLExecutable ;"
            " rdfs:comment ?comment ; sh:select|sh:ask|sh:construct ?query }"
        )
    )

    assert {row["sq"].value.rpartition("/")[2] for row in rows} == {
        path.stem for path in (ROOT / "queries").glob("*.rq")
    }
    for row in rows:
        assert "$" not in row["query"].value
        described.query(row["query"].value)


def test_every_executable_says_what_it_takes(described):
    (row,) = described.query(
        SH + "SELECT ?optional { <https://kg.example.org/queries/missions> sh:parameter ?p ."
        " ?p sh:name 'state' ; sh:optional ?optional ; sh:path ?p }"
    )

    assert row["optional"].value == "false"
