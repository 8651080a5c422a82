"""The pages of problem types."""

from __future__ import annotations

import pytest

from kg_server.errors import problem_types


@pytest.mark.parametrize("kind", problem_types(), ids=lambda kind: kind.slug)
def test_every_problem_type_has_a_page_in_plain_text(client, kind):
    response = client.get(f"/problems/{kind.slug}")

    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert kind.title in page
    assert "``" not in page


@pytest.mark.parametrize("kind", problem_types(), ids=lambda kind: kind.slug)
def test_every_problem_type_says_what_happened(kind):
    meaning = (kind.__doc__ or "").strip()

    assert meaning.endswith(".")
    assert not meaning.startswith(("What", "Who", "Which"))


def test_a_problem_is_told_in_the_language_that_the_client_asks_for(client):
    headers = {"Accept": "application/json", "Accept-Language": "fr"}

    told = client.get("/things/?class=nothing-of-it", headers=headers)
    plain = client.get("/things/?class=nothing-of-it", headers={"Accept": "application/json"})

    assert told.get_json()["title"] != plain.get_json()["title"]
    assert told.get_json()["type"] == plain.get_json()["type"]
    assert "Accept-Language" in told.headers["Vary"]
