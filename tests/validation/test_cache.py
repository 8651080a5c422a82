"""Reports kept from one run to the next."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kg_server.validation import cache
from kg_server.validation.report import Finding, Place, Report, Severity

PLACE = Place(Path("a.ttl"), 1, 2, 3, "line")
NESTED = Finding(Severity.INFO, "<urn:b>", "<urn:p>", None, "", None, "", "")
FINDING = Finding(
    *(Severity.WARNING, "<urn:a>", None, '"1"', "<urn:s>", None, "urn:c", "wrong", PLACE),
    related=(PLACE,),
    details=(NESTED,),
)
REPORT = Report((FINDING,), 1, 2, 3, 4, 0.5)


@pytest.fixture(autouse=True)
def own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_a_report_is_recalled_as_it_was():
    cache.keep("k", REPORT)

    assert cache.recall("k") == REPORT
    assert cache.recall("other") is None


def test_a_spoilt_entry_is_none():
    cache.keep("k", REPORT)
    entry = cache.folder("reports") / "k.json"
    whole = json.loads(entry.read_text())
    wrong = [{**whole, name: ["x"]} for name in whole if name != "idle"]  # a list of names
    (finding,) = whole["findings"]
    wrong += [{**whole, "findings": [{**finding, name: {"a": 1}}]} for name in finding]
    texts = ["", "[" * 100_000, "null", "5", '{"findings": 5}', "\0", *map(json.dumps, wrong)]

    for text in texts:
        entry.write_text(text)
        assert cache.recall("k") is None, text[:300]


def test_an_entry_that_is_no_file_is_none_and_leaves_no_other():
    cache.keep("k", REPORT)
    entry = cache.folder("reports") / "k.json"
    entry.unlink()
    entry.symlink_to("/dev/zero")

    device = cache.recall("k")
    entry.unlink()
    entry.mkdir()
    cache.keep("k", REPORT)

    assert device is None
    assert cache.recall("k") is None
    assert list(entry.parent.iterdir()) == [entry]


@pytest.mark.parametrize("place", ["/proc/nowhere", f"/{300 * 'x'}", ""])
def test_where_nothing_can_be_kept_nothing_is_recalled(monkeypatch, place):
    monkeypatch.setenv("XDG_CACHE_HOME", place)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 12345)  # without a home, as in a container

    cache.keep("k", REPORT)

    assert cache.recall("k") is None
