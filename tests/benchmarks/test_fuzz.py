"""Mutated files of each syntax end in findings or in one message, never in a traceback."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks import fuzz

BROKEN = Path(__file__).resolve().parents[1] / "validation" / "broken"
SHAPES = (BROKEN / "shapes.ttl").read_bytes()
FILES = {
    "data.ttl": (BROKEN / "nested-shape" / "data.ttl").read_bytes(),
    "data.rdf": (
        b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="https://e.org/">'
        b'<e:Mission r:about="https://e.org/m"><e:staff>0</e:staff></e:Mission></r:RDF>'
    ),
    "data.jsonld": b'{"@id": "urn:m", "@type": "https://e.org/Mission", "https://e.org/staff": 0}',
    "data.trig": b"<urn:g> { <urn:m> a <https://e.org/Mission> ; <https://e.org/staff> ( 0 ) . }",
}


@pytest.mark.parametrize("name", [*FILES, "shapes.ttl"])
def test_mutated_files_end_as_a_user_may_expect(name, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "files"
    folder.mkdir()
    draw = random.Random(11)  # noqa: S311  # not for secrets
    for _ in range(6):
        (folder / "data.ttl").write_bytes(FILES["data.ttl"])
        (folder / "shapes.ttl").write_bytes(SHAPES)
        (folder / name).write_bytes(fuzz.mutated(FILES.get(name, SHAPES), draw))

        code, fault = fuzz.run(folder)

        assert (code in (0, 1, 2), fault) == (True, "")
