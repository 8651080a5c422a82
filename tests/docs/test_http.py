"""``docs/http.md``: every address has an example there, and every example is true.

An example is a block of the language ``http``: a request line, perhaps header lines, perhaps an
empty line and a body; then a line ``→ STATUS MEDIA-TYPE`` for what comes back, and perhaps lines
``→ Header: beginning of its value`` and ``→ … text that is in the body``.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "http.md"
_BLOCK = re.compile(r"^```http\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    method: str
    path: str
    headers: dict[str, str]
    body: str | None
    status: int
    media_type: str
    answers: dict[str, str] = field(default_factory=dict)
    contains: tuple[str, ...] = ()


def examples() -> list[Example]:
    return [_read(block) for block in _BLOCK.findall(DOCS.read_text(encoding="utf-8"))]


def _read(block: str) -> Example:
    asked = [line for line in block.splitlines() if not line.startswith("→")]
    first, *others = [line[1:].strip() for line in block.splitlines() if line.startswith("→")]
    (method, path), (status, media_type) = asked[0].split(), (*first.split(), "")[:2]
    end = asked.index("") if "" in asked else len(asked)
    return Example(
        method,
        path,
        dict(line.split(": ", 1) for line in asked[1:end]),
        "\n".join(asked[end + 1 :]) or None,
        int(status),
        media_type,
        dict(each.split(": ", 1) for each in others if not each.startswith("…")),
        tuple(each[1:].strip() for each in others if each.startswith("…")),
    )


def test_there_are_examples():
    assert len(examples()) >= 25


@pytest.mark.parametrize("example", examples(), ids=lambda each: f"{each.method} {each.path}")
def test_the_example_is_true(client, example):
    response = client.open(
        example.path, method=example.method, headers=example.headers, data=example.body
    )

    assert response.status_code == example.status, response.text[:500]
    assert response.mimetype == example.media_type
    for name, beginning in example.answers.items():
        assert response.headers[name].startswith(beginning)
    for text in example.contains:
        assert text in response.text


def test_every_address_of_the_application_has_an_example(app):
    adapter = app.url_map.bind("localhost")
    shown = {
        adapter.match(example.path.partition("?")[0], example.method)[0]
        for example in examples()
        if adapter.test(example.path.partition("?")[0], example.method)
    }

    assert {rule.endpoint for rule in app.url_map.iter_rules()} - {"static"} == shown
