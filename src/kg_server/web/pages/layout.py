"""Layout that every page shares: language, interface text, addresses of assets."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, request
from werkzeug.datastructures import LanguageAccept

from kg_server.project.profile import Texts, in_language
from kg_server.rdf import addresses
from kg_server.web import caching
from kg_server.web.pages.numbers import number

_CREATIVE_COMMONS = re.compile(
    r"creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+)/([0-9.]+)"
)
_HERE = Path(__file__).resolve().parent
_STATIC = _HERE / "static"

LANGUAGES = {"en": "English", "bn": "বাংলা", "fr": "Français"}
"""Languages of the interface, by BCP 47 tag; the first is what is shown when none fits."""

_COOKIE_AGE_S = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Frame:
    """Parts of every page by the project; ``navigation`` has addresses and English words."""

    base_iri: str
    titles: Texts
    licence: str | None
    languages: tuple[str, ...]
    navigation: tuple[tuple[str, str], ...]


def init_app(app: Flask, frame: Callable[[], Frame]) -> None:
    """Give the templates of ``app`` their shared context, and pages their language headers.

    Templates get ``base_iri``, ``page_of`` (the address of a thing's page), ``site_title``,
    ``licence_of_data``, ``language``, ``languages``, ``navigation``, ``software_version`` and the
    functions ``t`` (interface text), ``n`` (a count), ``asset`` (a file of ``static/``) and
    ``script`` (a built entry point of ``frontend/``, or ``None`` where the package was built
    without npm).
    """
    app.context_processor(lambda: _context(frame()))
    app.after_request(_with_headers)


def page_language() -> str:
    """Return the language of the page that is being made.

    ``?lang=`` wins over the cookie that an earlier ``?lang=`` set, that over
    ``Accept-Language`` (RFC 9110 §12.5.4).
    """
    language = request.args.get("lang") or request.cookies.get("lang") or ""
    return choose_language(language, request.accept_languages)


def choose_language(asked: str, accepted: LanguageAccept) -> str:
    """Choose among ``LANGUAGES``; a language that there is none of is passed over.

    >>> choose_language("", LanguageAccept([("de", 1), ("fr-CA", 0.8), ("bn", 0.5)]))
    'fr'
    >>> choose_language("bn", LanguageAccept([("fr", 1)]))
    'bn'
    """
    if asked in LANGUAGES:
        return asked
    for tag, quality in accepted:
        code = tag.lower().partition("-")[0]
        if code in LANGUAGES and quality > 0:
            return code
    return next(iter(LANGUAGES))


def preferred_languages(language: str, of_project: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the order in which labels are tried: the page's language, the project's, ours.

    >>> preferred_languages("fr", ["de", "en"])
    ('fr', 'de', 'en', 'bn')
    """
    return tuple(dict.fromkeys((language, *of_project, *LANGUAGES)))


def translate(text: str, language: str, **values: object) -> str:
    """Return interface text in ``language``, or as it is where it has not been translated.

    ``values`` replace the ``{names}`` in it; counts are written in the language's digits.
    """
    translated = messages(language).get(text, text)
    shown = {
        name: number(str(value), language) if isinstance(value, int) else value
        for name, value in values.items()
    }
    return translated.format(**shown) if shown else translated


@cache
def messages(language: str) -> Mapping[str, str]:
    """Return the translations of interface text into ``language``, by the English text."""
    path = _HERE / "translations" / f"{language}.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}


def licence(given: str | None) -> tuple[str, str | None] | None:
    """Return a licence's name and its address, if it has one.

    >>> licence("https://creativecommons.org/licenses/by-sa/4.0/")
    ('CC BY-SA 4.0', 'https://creativecommons.org/licenses/by-sa/4.0/')
    >>> licence("https://creativecommons.org/publicdomain/zero/1.0/")[0]
    'CC0 1.0'
    >>> licence("ask the library")
    ('ask the library', None)
    """
    if not given:
        return None
    if not given.startswith(("http://", "https://")):
        return given, None
    if match := _CREATIVE_COMMONS.search(given):
        name = "0" if match[1] == "zero" else f" {match[1].upper()}"
        return f"CC{name} {match[2]}", given
    return given.partition("://")[2].rstrip("/"), given


def isolate(text: str) -> str:
    """Return text that cannot change the writing direction of the text around it.

    For names within translated sentences; elsewhere pages use ``<bdi>`` (UAX #9, FSI and PDI).
    """
    return f"\u2068{text}\u2069"


def asset(name: str) -> str:
    """Return the address of a file of ``static/``; it changes when the file does."""
    return f"/static/{name}?v={_fingerprint(name)}"


def script(entry: str) -> str | None:
    """Return the address of a built entry point, ``None`` where nothing was built."""
    name = _built().get(entry)
    return f"/static/build/{name}" if name else None


@cache
def _built() -> Mapping[str, str]:
    manifest = _STATIC / "build" / "manifest.json"
    loaded: dict[str, str] = json.loads(manifest.read_text()) if manifest.is_file() else {}
    return loaded


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]


def _context(frame: Frame) -> dict[str, Any]:
    language = page_language()

    def t(text: str, **values: object) -> str:
        return translate(text, language, **values)

    return {
        "base_iri": frame.base_iri,
        "page_of": lambda iri: addresses.page_path(iri, frame.base_iri),
        "site_title": in_language(frame.titles, preferred_languages(language, frame.languages)),
        "licence_of_data": licence(frame.licence),
        "language": language,
        "languages": [(code, name, _in_language(code)) for code, name in LANGUAGES.items()],
        "navigation": frame.navigation,
        "software_version": version("kg-server"),
        "t": t,
        "n": lambda count: number(str(count), language),
        "isolate": isolate,
        "asset": asset,
        "script": script,
    }


def _in_language(code: str) -> str:
    """Return the address of this very page in another language."""
    pairs = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    return f"{request.path}?{urlencode([*pairs, ('lang', code)])}"


def _with_headers(response: Response) -> Response:
    if request.endpoint == "static":
        if "v" in request.args or request.path.startswith("/static/build/"):
            response.headers["Cache-Control"] = caching.IMMUTABLE
    elif response.mimetype == "text/html":
        response.headers.setdefault("Content-Language", page_language())
        response.vary.update(("Accept", "Accept-Language", "Cookie"))
        chosen = request.args.get("lang")
        if chosen in LANGUAGES:
            response.set_cookie("lang", chosen, max_age=_COOKIE_AGE_S, samesite="Lax")
            response.headers["Cache-Control"] = caching.PERSONAL
    return response
