"""Every page's frame: language, headers, assets."""

from __future__ import annotations

import pytest
from flask import Flask, render_template

from kg_server.web import layout


@pytest.fixture
def client():
    app = Flask("kg_server.web")
    layout.init_app(app)
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
def test_interface_text_is_translated_into(language):
    other = next(code for code in layout.LANGUAGES if code not in ("en", language))

    assert layout.messages(language)
    assert layout.messages(language).keys() == layout.messages(other).keys()
