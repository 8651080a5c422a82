"""How much the home page weighs, as it is sent: the page, its styles, scripts and icon."""

from __future__ import annotations

import re

import pytest

from kg_server.web.pages import layout

BUDGET_BYTES = 20_000
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.mark.parametrize("language", layout.LANGUAGES)
def test_the_home_page_with_all_that_it_loads_is_under_20_kb(live, language):
    def sent(path: str, coding: str = "zstd") -> bytes:
        return live.ask(
            "GET",
            path,
            {"Accept": BROWSER, "Accept-Encoding": coding, "Accept-Language": language},
        ).body

    page = sent("/", "identity").decode()
    loaded = dict.fromkeys(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    sizes = {path: len(sent(path)) for path in ("/", *loaded)}

    assert f'<html lang="{language}"' in page
    assert len(sizes) == 5
    assert sum(sizes.values()) < BUDGET_BYTES, sizes
