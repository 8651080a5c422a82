"""What every term of the ontology and every value of the code lists has to have."""

import functools
import re
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner
from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, Namespace, URIRef

from kg_server import project as projects
from kg_server.cli.main import commands

ROOT = Path(__file__).parents[1]
ONTOLOGY = ROOT / "ontology"
BASE = "https://diplomacy.example/"
DIP = Namespace(f"{BASE}ns/diplomacy#")
DEF = Namespace(f"{BASE}def/")
DCT = Namespace("http://purl.org/dc/terms/")
VANN = Namespace("http://purl.org/vocab/vann/")
BIBO = Namespace("http://purl.org/ontology/bibo/")
DATA_FILES = sorted((ROOT / "data").glob("*.ttl"))
SHAPE_FILES = sorted((ONTOLOGY / "shapes").glob("*.ttl"))
ONTOLOGY_FILES = sorted(ONTOLOGY.glob("*.ttl"))
QUERY_FILES = sorted((ROOT / "tests" / "competency").glob("*.rq")) + sorted(
    (ROOT / "src").glob("**/*.rq")
)
TERM_TYPES = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)


@functools.cache
def read(*paths: Path) -> Graph:
    graph = Graph()
    for path in paths:
        graph.parse(path, format="turtle")
    return graph


MODULES = {
    "concepts": set(),
    "currencies": set(),
    "evidence": set(),
    "diplomacy": {"concepts", "evidence"},
    "trade": {"currencies", "diplomacy"},
}
"""What each module imports."""


def ontology() -> Graph:
    return read(*(ONTOLOGY / f"{module}.ttl" for module in MODULES))


def concepts() -> Graph:
    return ontology()


def closure(module: str) -> set[str]:
    """Return a module and all that it imports, by whatever way."""
    return {module}.union(*(closure(each) for each in MODULES[module]))


def declared_terms() -> list[URIRef]:
    terms = {
        term
        for kind in TERM_TYPES
        for term in ontology().subjects(RDF.type, kind)
        if term.startswith(DIP)
    }
    return sorted(terms)


def languages(graph: Graph, subject: URIRef, predicate: URIRef) -> list[str]:
    return sorted(value.language for value in graph.objects(subject, predicate))


def used_iris(*paths: Path) -> set[URIRef]:
    return {term for triple in read(*paths) for term in triple if isinstance(term, URIRef)}


def terms_in_queries() -> set[URIRef]:
    names = (
        name
        for path in QUERY_FILES
        for name in re.findall(r"\bdip:(\w+)", path.read_text(encoding="utf-8"))
    )
    return {DIP[name] for name in names}


def deprecated(term: URIRef) -> bool:
    return (term, OWL.deprecated, Literal(True)) in ontology()


def local_name(term: URIRef) -> str:
    return re.split(r"[#/]", term)[-1]


def test_the_files_of_the_ontology_are_there():
    assert [path.name for path in ONTOLOGY_FILES] == [
        "alignments.ttl",
        "concepts.ttl",
        "currencies.ttl",
        "diplomacy.ttl",
        "evidence.ttl",
        "trade.ttl",
    ]
    assert DATA_FILES
    assert QUERY_FILES


def test_the_ontology_is_small():
    classes = [term for term in declared_terms() if (term, RDF.type, OWL.Class) in ontology()]

    assert len(classes) <= 33
    assert len(declared_terms()) - len(classes) <= 110


@pytest.mark.parametrize("term", declared_terms(), ids=local_name)
def test_each_term_is_labelled_defined_and_placed(term):
    assert languages(ontology(), term, RDFS.label) == ["bn", "en", "fr"]
    assert languages(ontology(), term, SKOS.definition) == ["bn", "en", "fr"]
    (module,) = ontology().objects(term, RDFS.isDefinedBy)
    assert (term, RDF.type, None) in read(ONTOLOGY / f"{local_name(module)}.ttl")


@pytest.mark.parametrize("term", declared_terms(), ids=local_name)
def test_a_definition_is_one_sentence_that_does_not_use_the_word_defined(term):
    (definition,) = (v for v in ontology().objects(term, SKOS.definition) if v.language == "en")
    label = next(v for v in ontology().objects(term, RDFS.label) if v.language == "en")

    assert re.fullmatch(r"[A-Z][^.]*\.", re.sub(r"\d\.\d|(?:def|dip):\w+", "", definition))
    assert not re.search(rf"\b{re.escape(label)}\b", definition, re.IGNORECASE)


@pytest.mark.parametrize("term", declared_terms(), ids=local_name)
def test_a_definition_is_in_the_script_of_its_language_and_ends_as_a_sentence(term):
    for definition in ontology().objects(term, SKOS.definition):
        bengali = definition.language == "bn"
        assert bool(re.search("[\u0980-\u09ff]", definition)) is bengali
        assert definition.endswith("।" if bengali else ".")


def test_each_term_and_each_value_but_the_currencies_has_an_example():
    values = set(concepts().subjects(RDF.type, SKOS.Concept))
    values -= set(concepts().subjects(SKOS.inScheme, DEF.Currencies))
    terms = {term for term in declared_terms() if not deprecated(term)}

    assert values
    assert [each for each in terms | values if not concepts().value(each, SKOS.example)] == []


def test_lists_of_what_documents_speak_of_have_their_values_with_the_data():
    for name in ("Channels", "Purposes", "Sectors", "StateGroups", "TreatySubjects"):
        assert (DEF[name], RDF.type, SKOS.ConceptScheme) in concepts()
        assert not list(concepts().subjects(SKOS.inScheme, DEF[name]))
        assert list(read(*DATA_FILES).subjects(SKOS.topConceptOf, DEF[name])), name


@pytest.mark.parametrize("term", declared_terms(), ids=local_name)
def test_each_term_is_used_by_a_fact_a_shape_or_a_question(term):
    used = used_iris(*DATA_FILES, *SHAPE_FILES) | terms_in_queries()

    assert (term in used) is not deprecated(term)


def test_each_term_that_is_used_is_declared():
    used = used_iris(*DATA_FILES, *SHAPE_FILES, *ONTOLOGY_FILES) | terms_in_queries()

    assert {term for term in used if term.startswith(DIP) and term != URIRef(DIP)} <= set(
        declared_terms()
    )


def test_each_domain_and_range_is_a_declared_class():
    ends = {
        end
        for predicate in (RDFS.domain, RDFS.range)
        for end in ontology().objects(None, predicate)
        if end.startswith(DIP)
    }

    assert ends
    assert all((end, RDF.type, OWL.Class) in ontology() for end in ends)


def test_no_property_has_two_domains_or_two_ranges():
    for term in declared_terms():
        assert len(list(ontology().objects(term, RDFS.domain))) <= 1, term
        assert len(list(ontology().objects(term, RDFS.range))) <= 1, term


def test_no_date_type_is_an_owl_range_because_owl_2_has_no_such_datatypes():
    ranges = set(ontology().objects(None, RDFS.range))

    assert not [value for value in ranges if re.search(r"XMLSchema#(date|gYear)", value)]


def test_evidence_is_given_by_the_code_list_and_only_on_properties():
    stated = list(ontology().subject_objects(DIP.evidence))

    assert {value for _, value in stated} == set(
        concepts().subjects(SKOS.inScheme, DEF.EvidenceKinds)
    )
    for term, _ in stated:
        assert (term, RDF.type, OWL.Class) not in ontology()


@pytest.mark.parametrize("path", ONTOLOGY_FILES, ids=lambda path: path.stem)
def test_each_ontology_says_what_it_is_whose_and_which_version(path):
    graph = read(path)
    iri = URIRef(f"{BASE}ns/{path.stem}")

    assert (iri, RDF.type, OWL.Ontology) in graph
    assert graph.value(iri, OWL.versionIRI) == URIRef(f"{iri}/0.2.0")
    assert graph.value(iri, OWL.versionInfo) == Literal("0.2.0")
    for predicate in (DCT.title, DCT.description):
        assert languages(graph, iri, predicate) == ["bn", "en", "fr"]
    for predicate in ("license", "creator", "publisher", "created", "issued", "modified"):
        assert graph.value(iri, DCT[predicate]) is not None, predicate
    imported = {local_name(each) for each in graph.objects(iri, OWL.imports)}
    assert imported == MODULES.get(path.stem, {"trade"})


def test_the_ontology_gives_its_prefix_status_citation_sources_and_history():
    iri = URIRef(f"{BASE}ns/diplomacy")

    assert ontology().value(iri, VANN.preferredNamespacePrefix) == Literal("dip")
    assert ontology().value(iri, VANN.preferredNamespaceUri) == Literal(str(DIP))
    for predicate in (BIBO.status, DCT.bibliographicCitation, DCT.source, SKOS.historyNote):
        assert ontology().value(iri, predicate) is not None, predicate


def test_each_concept_stands_in_one_list_at_its_top_or_below_another():
    found = sorted(concepts().subjects(RDF.type, SKOS.Concept))

    assert found
    for concept in found:
        (scheme,) = concepts().objects(concept, SKOS.inScheme)
        broader = list(concepts().objects(concept, SKOS.broader))
        assert (scheme, RDF.type, SKOS.ConceptScheme) in concepts()
        assert list(concepts().objects(concept, SKOS.topConceptOf)) == ([] if broader else [scheme])
        assert ((scheme, SKOS.hasTopConcept, concept) in concepts()) is not bool(broader), concept
        assert all((other, SKOS.inScheme, scheme) in concepts() for other in broader)


def test_each_concept_and_list_is_labelled_twice_over_and_defined_in_three_languages():
    kinds = (SKOS.Concept, SKOS.ConceptScheme)

    for subject in {s for kind in kinds for s in concepts().subjects(RDF.type, kind)}:
        labels = set(concepts().objects(subject, SKOS.prefLabel))
        tongues = [label.language for label in labels]
        assert sorted(tongues) == ["bn", "en", "fr"]
        assert len(tongues) == len(set(tongues))
        assert set(concepts().objects(subject, RDFS.label)) == labels
        assert languages(concepts(), subject, SKOS.definition) == ["bn", "en", "fr"], subject


@pytest.mark.parametrize("module", MODULES)
def test_a_module_uses_no_term_but_its_own_and_those_of_the_modules_it_imports(module):
    here = {BASE + f"ns/{each}" for each in closure(module)}

    used = {
        term
        for term in used_iris(ONTOLOGY / f"{module}.ttl")
        if re.match(f"({DIP}|{DEF})\\w", term)
    }

    assert used
    for term in used:
        assert str(ontology().value(term, RDFS.isDefinedBy)) in here, term


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_valid_with_what_it_imports_and_nothing_else(module):
    path = ONTOLOGY / f"{module}.ttl"
    loaded = {each.path.stem for each in projects.load([path]).files}
    shapes = [f"--shapes={ONTOLOGY / 'shapes' / name}.ttl" for name in ("ontology", "prefixes")]
    rules = ["--rule=unused-term=off", "--fail-on=info", "--no-cache"]

    run = CliRunner().invoke(commands, ["validate", str(path), *shapes, *rules])

    assert loaded == closure(module)
    assert run.exit_code == 0, run.output


def test_the_currencies_are_those_of_iso_4217_with_code_and_number():
    codes = {
        str(code): str(ontology().value(each, DCT.identifier))
        for each in ontology().subjects(SKOS.inScheme, DEF.Currencies)
        for code in ontology().objects(each, SKOS.notation)
    }

    assert len(codes) == 181
    assert all(re.fullmatch("[A-Z]{3}", code) for code in codes)
    assert all(re.fullmatch(r"\d{3}", number) for number in codes.values())
    assert len(set(codes.values())) == len(codes)
    assert codes["BDT"] == "050"
    assert codes["JPY"] == "392"


def test_each_controlled_value_that_is_used_is_declared():
    used = used_iris(*DATA_FILES, *SHAPE_FILES, *ONTOLOGY_FILES)
    lists = read(*ONTOLOGY_FILES, *DATA_FILES)
    declared = set(lists.subjects(RDF.type, SKOS.Concept)) | set(
        lists.subjects(RDF.type, SKOS.ConceptScheme)
    )

    assert {iri for iri in used if iri.startswith(DEF) and iri != URIRef(DEF)} <= declared


def test_nothing_but_the_alignments_speaks_of_the_vocabularies_aligned_to():
    aligned = re.compile(r"http://www\.w3\.org/ns/(prov|org)#|wikidata\.org/entity/[QP]")

    assert aligned.search((ONTOLOGY / "alignments.ttl").read_text(encoding="utf-8"))
    for name in MODULES:
        assert not aligned.search((ONTOLOGY / f"{name}.ttl").read_text(encoding="utf-8"))


def test_the_alignments_align_terms_that_exist():
    found = set(read(ONTOLOGY / "alignments.ttl").subjects())
    subjects = {subject for subject in found if re.match(f"{DIP}|{DEF}", subject)}

    assert subjects
    assert subjects <= set(declared_terms()) | set(concepts().subjects(RDF.type, SKOS.Concept))


@pytest.mark.parametrize("path", ONTOLOGY_FILES + DATA_FILES, ids=lambda path: path.stem)
def test_the_base_is_written_in_prefixes_and_names_of_ontologies_only(path):
    ontology_iri = (
        r"<https://diplomacy\.example/ns/(alignments|concepts|currencies|diplomacy|evidence|trade)"
        r"(/\d+\.\d+\.\d+)?>"
    )
    for line in path.read_text(encoding="utf-8").splitlines():
        rest = re.sub(ontology_iri, "", line)
        if not line.startswith("@prefix") and "vann:preferredNamespaceUri" not in line:
            assert "diplomacy.example" not in rest


@pytest.mark.parametrize("path", ONTOLOGY_FILES + DATA_FILES, ids=lambda path: path.stem)
def test_each_file_is_in_unicode_normalization_form_c(path):
    text = path.read_text(encoding="utf-8")

    assert unicodedata.normalize("NFC", text) == text


def test_the_map_lists_every_term():
    cells = re.findall(
        r"^\| `(\w+)`", (ONTOLOGY / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert sorted(cells) == sorted(local_name(term) for term in declared_terms())
