"""Every page's frame: language, headers, assets."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask import Flask, render_template

from kg_server.errors import problem_types
from kg_server.web import citation
from kg_server.web.pages import editor, layout, vocabulary, well_known

TEMPLATES = Path(layout.__file__).parent / "templates"
WEB = Path(layout.__file__).parents[1]
FRAME = layout.Frame(
    base_iri="https://e.org/",
    titles={"en": "Museums"},
    licence=None,
    languages=(),
    navigation=(("/sparql", "Query editor"),),
)
CALL = re.compile(r"""\bt\(\s*(?:"([^"]+)"|'([^']+)')""")


def interface_text():
    """Every text that a page gives to ``t``."""
    files = sorted(TEMPLATES.glob("*.html"))
    assert len(files) > 10
    for file in files:
        yield from (one or other for one, other in CALL.findall(file.read_text("utf-8")))
    yield from (text for file in sorted(WEB.rglob("*.py")) for text in translated_in(file))
    yield from (*editor.WORDS.values(), *editor.VIEWS.values(), *citation.WORDS)
    yield from ("Questions", "Things", "Conflicts", "Vocabulary", "Query editor")
    yield from (title for title, _ in vocabulary.SECTIONS)
    yield from well_known.ENGLISH.values()
    yield from (kind.title for kind in problem_types())


def translated_in(file):
    """Every text that a module gives to ``translate`` or ``t``."""
    for call in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(call, ast.Call):
            named = getattr(call.func, "attr", getattr(call.func, "id", ""))
            texts = [each.value for each in call.args if isinstance(each, ast.Constant)]
            if named in ("translate", "t"):
                yield from (each for each in texts[:1] if isinstance(each, str))


@pytest.fixture
def client():
    app = Flask("kg_server.web", template_folder="pages/templates", static_folder="pages/static")
    layout.init_app(app, lambda: FRAME)
    app.add_url_rule("/", "home", lambda: render_template("base.html"))
    return app.test_client()


@pytest.mark.parametrize(
    ("address", "header", "expected"),
    [
        ("/", "", "en"),
        ("/", "de", "en"),
        ("/", "bn-BD, en;q=0.5", "bn"),
        ("/?lang=fr", "bn", "fr"),
        ("/?lang=xx", "bn", "bn"),
    ],
)
def test_a_page_is_in_the_language_that_the_reader_asks_for(client, address, header, expected):
    response = client.get(address, headers={"Accept-Language": header})

    assert response.headers["Content-Language"] == expected
    assert f'<html lang="{expected}"' in response.text


def test_a_language_once_chosen_stays_chosen(client):
    client.get("/?lang=bn")

    assert "অনুসন্ধান" in client.get("/").text


def test_a_cache_may_not_mix_the_languages_up(client):
    vary = client.get("/").vary

    assert {"Accept-Language", "Cookie"} <= set(vary)


def test_the_language_switch_keeps_the_other_parameters(client):
    assert 'href="/?q=a%26b&amp;lang=bn"' in client.get("/?q=a%26b&lang=fr").text


def test_a_page_has_no_inline_script_or_style(client):
    page = client.get("/").text

    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page
    assert " onclick=" not in page


def test_assets_may_be_kept_forever_because_their_address_changes_with_them(client):
    with client.get(layout.asset("style.css")) as response:
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]


@pytest.mark.parametrize("language", [code for code in layout.LANGUAGES if code != "en"])
def test_every_text_of_the_interface_is_translated_into(language):
    texts = set(interface_text())

    missing = texts - layout.messages(language).keys()

    assert texts
    assert not missing


@pytest.mark.parametrize("language", [code for code in layout.LANGUAGES if code != "en"])
def test_a_translation_has_the_same_gaps_to_fill_as_the_text(language):
    for text, translated in layout.messages(language).items():
        gaps = re.findall(r"{\w+}", text)
        assert sorted(gaps) == sorted(re.findall(r"{\w+}", translated)), text
