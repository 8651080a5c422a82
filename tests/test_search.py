"""Finding things by label."""

import io

import pytest

from kg_server import project as projects
from kg_server.rdf.labels import fold
from kg_server.search import building, columns
from kg_server.search import index as search
from kg_server.store import open_store

BASE = "https://diplomacy.example/"
DIP = f"{BASE}ns/diplomacy#"


@pytest.fixture(scope="module")
def index(store):
    return building.build(store)


def results(index, text, **options):
    return [hit.iri.removeprefix(BASE) for hit in index.search(text, **options)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Canada", "id/state/CAN"),
        ("canada", "id/state/CAN"),
        ("CAN", "id/state/CAN"),
        ("কানাডা", "id/state/CAN"),
        ("আজার", "id/state/AZE"),
        ("Azerbaïdjan", "id/state/AZE"),
        ("azerbaidjan", "id/state/AZE"),
        ("turkiye", "id/state/TUR"),
        ("Turkey", "id/state/TUR"),
        ("USSR", "id/state/SUHH"),
        ("Embassy of Canada, Ankara", "id/mission/CAN-TUR-embassy"),
        ("ankara embassy", "id/mission/CAN-TUR-embassy"),
        ("অটোয়া", "id/place/ottawa"),
        ("zerbaijan-canada tax", "id/treaty/AZE-CAN-2004-tax"),
        ("sending state", "ns/diplomacy#sendingState"),
        ("high commission", "def/HighCommission"),
    ],
)
def test_a_thing_is_found_first_by_its_label(index, text, expected):
    assert results(index, text)[0] == expected


@pytest.mark.parametrize("text", ["", "  ", "qwxz", "কনড", "\n", "\U0010ffff"])
def test_what_is_not_there_is_not_found(index, text):
    assert results(index, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Canda", "CAN"), ("Azerbajan", "AZE"), ("Kazahkstan", "KAZ"), ("আজারবইজান", "AZE")],
)
def test_a_misspelt_name_finds_what_is_spelt_nearly_so(index, text, expected):
    hit = index.search(text)[0]

    assert hit.iri == f"{BASE}id/state/{expected}"
    assert hit.score <= search.NEAR


def test_the_label_comes_in_the_language_asked_for(index):
    (hit, *_) = index.search("Canada", language="bn")

    assert (hit.label, hit.language, hit.matched) == ("কানাডা", "bn", "Canada")
    assert hit.score == search.EXACT
    assert hit.types == (DIP + "State",)


@pytest.mark.parametrize("text", ["turkiye", "Turkey", "Turquie"])
def test_a_thing_is_shown_by_its_label_whatever_name_it_was_found_by(index, text):
    hit = index.search(text)[0]

    assert (hit.label, index.label(hit.iri, "fr")) == ("Türkiye", "Türkiye")


def test_things_of_one_type_only(index):
    hits = index.search("canada", types=frozenset([DIP + "Mission"]), limit=50)

    assert hits
    assert all(DIP + "Mission" in hit.types for hit in hits)


def test_an_exact_label_comes_before_a_beginning_and_that_before_a_part(index):
    scores = [hit.score for hit in index.search("canada", limit=50)]

    assert scores == sorted(scores, reverse=True)
    assert scores[0] == search.EXACT
    assert scores[-1] < search.PREFIX


def test_a_thing_is_found_once_however_many_of_its_labels_match(index):
    iris = results(index, "a", limit=1000)

    assert len(iris) == len(set(iris)) > 50


def test_an_index_is_true_without_a_look_at_its_names(index):
    # A test of its truth before each search would count all names, if it had a length.
    assert not hasattr(index, "__len__")
    assert index.count() > 50


def test_a_search_gives_as_many_things_as_the_limit_allows(index):
    assert len(index.search("a", limit=3)) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ÉCOLE", "ecole"), ("Straße", "strasse"), ("İstanbul", "istanbul"), ("Ёлка", "елка"),
        ("Ελλάς", "ελλασ"), ("ﬁn", "fin"), ("a\u00a0 b", "A B"), ("\u09af\u09bc", "\u09df"),
    ],
)  # fmt: skip
def test_case_accents_and_forms_are_folded(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("কানাডা", "কনড"), ("कि", "क"), ("שָׁלוֹם", "שלום"), ("が", "か")]
)
def test_marks_that_are_vowels_or_consonants_are_kept(one, other):
    assert fold(one) != fold(other)


@pytest.mark.parametrize("text", ["1992", "Baku", "USSR", "evasion", "CIDA", "10 July"])
def test_texts_and_years_are_searched_for_people(store, text):
    index = building.build(store, (f"{DIP}restatement", f"{DIP}reason"))

    hits = index.search(text, texts=True, limit=50)

    assert hits
    assert all(fold(text) in fold(hit.matched) for hit in hits)


def test_things_come_before_classes_that_match_as_well(index):
    hits = index.search("treaty", texts=True, limit=50)
    are_terms = [index.is_term(hit.iri) for hit in hits]

    assert not are_terms[0]
    assert any(are_terms)


def test_an_index_in_a_file_is_read_by_others_once_it_is_whole(tmp_path, store, index):
    path = tmp_path / "index"
    whole = io.BytesIO()
    building.write(whole, store)
    path.write_bytes(b"\0" * 8 + whole.getvalue()[8:])
    assert columns.read(str(path), store.version) is None

    path.write_bytes(whole.getvalue())

    assert columns.read(str(path), "another graph") is None
    shared = search.Index(columns.read(str(path), store.version))
    for text in ("canada", "treaty", "a", "অটোয়া", "kazahkstan"):
        assert shared.search(text, texts=True) == index.search(text, texts=True)
    assert columns.read(str(tmp_path / "none"), store.version) is None


def test_a_label_without_a_language_is_shown(tmp_path):
    (tmp_path / "a.ttl").write_text(
        '<urn:a> a <urn:C> ; <http://www.w3.org/2000/01/rdf-schema#label> "Two\\nlines" .'
    )
    own = building.build(open_store(projects.load([tmp_path])))

    (hit,) = own.search("lines two")

    assert (hit.label, hit.language, hit.types) == ("Two\nlines", "", ("urn:C",))
    assert ("urn:a" in own, "urn:C" in own, own.types(), own.count()) == (True, False, ["urn:C"], 1)


def test_a_label_is_in_the_readers_language_or_in_one_of_the_project_whatever_its_region(tmp_path):
    (tmp_path / "a.ttl").write_text(
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "<urn:a> rdfs:label 'loaf'@en-GB , 'Brot'@de , 'رغيف'@ar ; rdfs:comment 'c' ;\n"
        "  <http://www.w3.org/2004/02/skos/core#notation> 'L' .\n"
    )
    own = building.build(open_store(projects.load([tmp_path])), languages=("ar", "de"))

    shown = {language: own.label("urn:a", language) for language in ("en", "de", "fr")}

    assert shown == {"en": "loaf", "de": "Brot", "fr": "رغيف"}


def test_the_nearest_names_are_found_however_far_they_are(index):
    assert f"{BASE}id/state/CAN" in {hit.iri for hit in index.nearest("Kanadda", 5)}
