"""Details of problems in the reader's language: every sentence that a page can show has one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import kg_server
from kg_server.errors import problem_types
from kg_server.web.pages import details, layout

SOURCE = Path(kg_server.__file__).parent
SHOWN = ("web", "canned", "things", "formats.py", "linked_data", "sandbox", "sparql/protocol.py")
"""The modules whose problems a page shows."""
NEVER_SHOWN = {"extension.py", "reconcile.py", "service.py"}
LANGUAGES = [code for code in layout.LANGUAGES if code != "en"]
GAP = re.compile(r"{\w*}")


def raised():
    """Every detail that a module gives to a problem, with ``{}`` for what is put in."""
    problems = {kind.__name__ for kind in problem_types()}
    for file in sorted(SOURCE.rglob("*.py")):
        named = str(file.relative_to(SOURCE))
        if not named.startswith(SHOWN) or file.name in NEVER_SHOWN:
            continue
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(call, ast.Call) and call.args:
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                if name in problems and (text := written(call.args[0])):
                    yield text


def written(node):
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            getattr(part, "value", "") if isinstance(part, ast.Constant) else "{}"
            for part in node.values
        )
    return None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_detail_that_a_page_can_show_is_translated_into(language):
    texts = list(raised())

    # A gap at the end that follows a sentence is a hint, a sentence by itself or none.
    said = [re.sub(r"(?<=\.) ?{}\.?$", "", text).replace("{}", "zzz") for text in texts]
    missing = [text for text in said if details.translated(text, language).language != language]

    assert len(texts) > 50
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_each_problem_means_is_translated_into(language):
    for kind in problem_types():
        meaning = (kind.__doc__ or "").partition("\n\n")[0].replace("``", "")

        assert details.translated(" ".join(meaning.split()), language).language == language, kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_gaps_of_its_sentence(language):
    for text, translated in layout.messages(f"problems.{language}").items():
        assert sorted(GAP.findall(text)) == sorted(GAP.findall(translated)), text


def test_a_value_within_a_sentence_is_translated_too_and_else_kept():
    detail = "The parameter 'limit' takes a whole number from 1 to 9; 'x' is not one."

    told = details.translated(detail, "fr").text

    assert (
        told
        == "Le paramètre 'limit' prend un nombre entier de 1 à 9 ; 'x' n’en est pas une valeur."
    )


def test_a_long_detail_costs_no_time():
    detail = "There is nothing at " + " takes a; b is not one. " * 40

    assert details.translated(detail, "fr").text
    assert details.translated(detail * 100, "fr").language == "en"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/nothing-here", "Pas de données sur https://diplomacy.example/nothing-here."),
        ("/queries/nothing", "Il n’y a pas de question"),
        ("/queries/trade?limit=x&state=CAN", "un nombre entier de 1 à 100000"),
        ("/sparql?query=SELECT%20%3Fs%20WHERE", " : La requête s’arrête trop tôt."),
        ("/problems/query-timeout", "La requête n’a pas fini avant son délai"),
    ],
)
def test_the_page_of_a_problem_is_in_the_readers_language(client, path, said):
    page = client.get(path, headers={"Accept": "text/html", "Accept-Language": "fr"}).text

    assert said in page
