"""What is wrong in each directory of ``broken`` is reported exactly so, as text and SARIF.

A directory has data, sometimes shapes of its own instead of ``broken/shapes.ttl``, and what must be
said: ``expected.txt``, and ``expected.sarif`` unless the files could not be checked at all.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from kg_server import project as projects
from kg_server import validation
from kg_server.errors import ProjectFault
from kg_server.validation import reports

BROKEN = Path(__file__).parent / "broken"
CASES = sorted(path.name for path in BROKEN.iterdir() if path.is_dir())


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def said(case: str) -> tuple[str, str | None]:
    """Return the report on a directory, as text and SARIF; or the fault, and no SARIF."""
    data = sorted(path for path in Path().iterdir() if re.match(r"data|more", path.stem))
    shapes = Path("shapes.ttl")
    shapes = shapes if shapes.is_file() else Path("..", "shapes.ttl")
    assert data, case
    try:
        project = projects.load([*data, shapes])
        report = replace(validation.validate(project, jobs=1), seconds=0.0)
    except ProjectFault as fault:
        return f"{fault}\n", None
    return tuple(reports.FORMS[form](report, project) for form in ("text", "sarif"))


@pytest.mark.parametrize("case", CASES)
def test_a_broken_project_is_reported_exactly_so(case, monkeypatch):
    monkeypatch.chdir(BROKEN / case)

    text, sarif = said(case)

    assert text == Path("expected.txt").read_text()
    expected = Path("expected.sarif")
    assert sarif == (expected.read_text() if expected.exists() else None)


def test_there_are_many_ways_to_be_wrong_and_each_is_found():
    texts = {case: (BROKEN / case / "expected.txt").read_text() for case in CASES}

    assert len(CASES) >= 40
    assert not [case for case, text in texts.items() if text.startswith("Conforms")]
    assert len(list(BROKEN.glob("*/expected.sarif"))) >= 30
    assert len(set(texts.values())) == len(CASES)
