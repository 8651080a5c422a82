"""The requests that OpenRefine sends for a column, in their order, to a live server."""

from __future__ import annotations

import json
import time
from urllib.parse import urlencode

BASE = "https://diplomacy.example/"
DIP = f"{BASE}ns/diplomacy#"
MISSION, SENDING = f"{DIP}Mission", f"{DIP}sendingState"
OTTAWA = f"{BASE}id/mission/AZE-CAN-embassy"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


def asked(live, *request):
    """Return the reply to a request; repeat it while the server still makes its search index."""
    until = time.monotonic() + 60
    while (reply := live.ask(*request)).status == 503 and time.monotonic() < until:
        time.sleep(0.1)
    assert reply.status == 200, reply.body
    return reply


def posted(live, name, value):
    body = urlencode({name: json.dumps(value)}).encode()
    return json.loads(asked(live, "POST", "/reconcile", FORM, body).body)


def got(live, path, **parameters):
    return asked(live, "GET", path + (f"?{urlencode(parameters)}" if parameters else ""))


def test_openrefine_matches_a_column_and_adds_columns_from_it(live):
    # It adds the service by the address of its manifest.
    manifest = json.loads(got(live, "/reconcile").body)
    here = f"http://127.0.0.1:{live.port}"
    services = [*manifest["suggest"].values(), manifest["extend"]["propose_properties"]]
    assert {each["service_url"] for each in services} == {here}
    assert manifest["view"]["url"].startswith(here)
    assert manifest["preview"]["url"].startswith(here)

    # It guesses the type of the column from its first cells, without a type.
    sample = {f"q{n}": {"query": name, "limit": 3} for n, name in enumerate(("Ottawa", "Ankara"))}
    guesses = posted(live, "queries", sample)
    types = {each["type"][0]["id"] for found in guesses.values() for each in found["result"][:1]}
    assert types == {f"{DIP}Place"}

    # The user chooses another type, and a column to compare with a property.
    suggested = manifest["suggest"]["type"]["service_path"]
    assert json.loads(got(live, suggested, prefix="miss").body)["result"][0]["id"] == MISSION
    suggested = manifest["suggest"]["property"]["service_path"]
    assert json.loads(got(live, suggested, prefix="send").body)["result"][0]["id"] == SENDING

    # It sends the cells in batches; a value is a text, or a thing that was matched before.
    column = {"query": "Embassy", "type": MISSION, "type_strict": "should", "limit": 5}
    batch = {
        "q0": column,
        "q1": {**column, "properties": [{"pid": SENDING, "v": "Azerbaijan"}]},
        "q2": {**column, "properties": [{"pid": SENDING, "v": {"id": f"{BASE}id/state/CAN"}}]},
    }
    found = {key: each["result"] for key, each in posted(live, "queries", batch).items()}
    assert found["q1"][0]["id"] == OTTAWA
    assert found["q2"][0]["id"] != OTTAWA
    assert found["q1"][0]["score"] > found["q0"][0]["score"] > found["q1"][1]["score"]
    assert not any(each["match"] for each in found["q1"])

    # The user looks at a candidate, and follows it.
    page = manifest["preview"]["url"].replace("{{id}}", OTTAWA).removeprefix(here)
    preview = live.ask("GET", page)
    assert (preview.status, preview.media_type) == (200, "text/html")
    assert b"Embassy of Azerbaijan, Ottawa" in preview.body
    view = live.ask("GET", manifest["view"]["url"].replace("{{id}}", OTTAWA).removeprefix(here))
    assert view.status == 303

    # The user searches for another match, and adds columns from the matched cells.
    suggested = manifest["suggest"]["entity"]["service_path"]
    assert OTTAWA in {
        each["id"]
        for each in json.loads(got(live, suggested, prefix="embassy of az").body)["result"]
    }
    path = manifest["extend"]["propose_properties"]["service_path"]
    proposed = json.loads(got(live, path, type=MISSION, limit=50).body)["properties"]
    assert SENDING in {each["id"] for each in proposed}
    wanted = {"ids": [OTTAWA], "properties": [{"id": SENDING, "settings": {"limit": "1"}}]}
    extended = posted(live, "extend", wanted)
    assert extended["rows"][OTTAWA][SENDING] == [
        {"id": f"{BASE}id/state/AZE", "name": "Azerbaijan"}
    ]


def test_a_name_of_several_things_is_matched_by_its_properties(live):
    query = {"query": "Ottawa", "type": f"{DIP}Place"}
    wrong = [{"pid": f"{DIP}inState", "v": "Azerbaijan"}]
    right = [{"pid": f"{DIP}inState", "v": ["Canada", "Azerbaijan"]}]

    found = posted(
        live,
        "queries",
        {"q0": {**query, "properties": wrong}, "q1": {**query, "properties": right}},
    )

    first = {key: each["result"][0] for key, each in found.items()}
    assert (first["q0"]["match"], first["q0"]["score"]) == (False, 60.0)
    assert (first["q1"]["match"], first["q1"]["score"]) == (True, 100.0)
