"""The documents name only files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "kg_server"
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "ontology").glob("*.md"),
    )
    if path.name != "CHANGELOG.md"
)
_NAMED = re.compile(r"`((?:[\w.]+/)*[\w.]+\.(?:py|md|toml|ttl))(?:::\w+)?`")


def named(page: str) -> list[str]:
    return sorted(set(_NAMED.findall((ROOT / page).read_text("utf-8"))))


def test_the_pages_for_contributors_name_files():
    assert len(named("CONTRIBUTING.md")) >= 5
    assert len(named("docs/architecture.md")) >= 5


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_only_files_that_are_there(page):
    beside = (ROOT / page).parent
    places = (ROOT, PACKAGE, PACKAGE / "web" / "pages", ROOT / "tests", ROOT / "data", beside)

    missing = [
        file
        for file in named(page)
        if "NAME" not in file and not any((place / file).is_file() for place in places)
    ]

    assert missing == []
