"""``CONTRIBUTING.md`` and ``docs/architecture.md`` name files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "kg_server"
_NAMED = re.compile(r"`((?:[\w.]+/)*[\w.]+\.(?:py|md|toml|ttl))(?:::\w+)?`")


def named(page: str) -> list[str]:
    return sorted(set(_NAMED.findall((ROOT / page).read_text("utf-8"))))


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_a_page_names_only_files_that_are_there(page):
    files = named(page)

    assert len(files) >= 5
    missing = [
        file
        for file in files
        if not any((place / file).is_file() for place in (ROOT, PACKAGE, ROOT / "tests"))
    ]
    assert missing == []
