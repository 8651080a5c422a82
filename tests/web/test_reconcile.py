"""Reconciliation by its specification (0.2), with requests as OpenRefine 3.8 sends them.

OpenRefine posts one form field, ``queries`` or ``extend``; its browser part reads the manifest, the
suggestions and the proposals by GET, and puts IRIs into addresses without encoding ``#``, ``&``
and ``+``.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from kg_server.config import Settings
from kg_server.project import Project, ProjectFile, Role
from kg_server.web.app import create_app
from kg_server.web.context import Context

from ..conftest import described_store

BASE = "https://trains.example/"
NS = f"{BASE}ns#"
EXPRESS, GOODS, ODD = f"{NS}express", f"{BASE}goods", f"{BASE}a+b?c=1&d=2"
TURTLE = f"""
@prefix t: <{NS}> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
t:Train rdfs:label "Train"@en . t:Station rdfs:label "Station"@en .
t:stop rdfs:label "stops at"@en .
<{EXPRESS}> a t:Train ; rdfs:label "Express"@en ; t:stop <{BASE}north> , <{BASE}south> ;
  t:since "1990-05-31"^^xsd:date ; t:seen "2020-01-02T03:04:05Z"^^xsd:dateTime ; t:code "E1" ;
  t:seats 300 ; t:mass 8000000000 ; t:cost 123456789012345678901 ; t:drag "NaN"^^xsd:double ;
  t:runs true ; t:odd "2020-02-30"^^xsd:date , "x"^^xsd:integer ; t:part [ t:code "p" ] .
<{GOODS}> a t:Train ; rdfs:label "Goods"@en ; t:stop <{BASE}south> ; t:code "G1" ; t:seats 3 .
<{ODD}> a t:Train ; t:code "O1" .
<{BASE}north> a t:Station ; rdfs:label "North"@en , "Nord"@fr .
<{BASE}south> a t:Station ; rdfs:label "South"@en .
"""


@pytest.fixture(scope="module")
def trains():
    file = ProjectFile(Path("t.ttl"), Role.DATA, f"{BASE}graph/t", "turtle", TURTLE.encode())
    project = Project((file,), BASE, "v1")
    return create_app(Context(described_store(project), project, Settings())).test_client()


def posted(client, name, value):
    response = client.post("/reconcile", data={name: json.dumps(value)})
    assert response.status_code == 200, response.text
    return json.loads(response.data, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def matched(client, **query):
    return posted(client, "queries", {"q0": query})["q0"]["result"]


def extended(client, iri, *names):
    wanted = {"ids": [iri], "properties": [{"id": f"{NS}{name}"} for name in names]}
    answer = posted(client, "extend", wanted)
    return answer, {name: answer["rows"][iri][f"{NS}{name}"] for name in names}


def test_a_column_of_things_has_their_class_in_the_metadata(trains):
    answer, _ = extended(trains, EXPRESS, "stop", "code")

    assert answer["meta"] == [
        {"id": f"{NS}stop", "name": "stops at", "type": {"id": f"{NS}Station", "name": "Station"}},
        {"id": f"{NS}code", "name": "code"},
    ]


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        (
            "stop",
            [{"id": f"{BASE}north", "name": "North"}, {"id": f"{BASE}south", "name": "South"}],
        ),
        ("since", [{"date": "1990-05-31T00:00:00Z"}]),
        ("seen", [{"date": "2020-01-02T03:04:05Z"}]),
        ("seats", [{"int": 300}]),
        ("mass", [{"float": 8e9}]),  # OpenRefine's whole numbers have 32 bits
        ("cost", [{"str": "123456789012345678901"}]),
        ("drag", [{"str": "NaN"}]),
        ("runs", [{"bool": True}]),
        ("odd", [{"str": "2020-02-30"}, {"str": "x"}]),
        ("part", []),
    ],
)
def test_a_value_is_a_cell_that_openrefine_reads(trains, name, cells):
    _, found = extended(trains, EXPRESS, name)

    assert found[name] == cells
    assert all(math.isfinite(each.get("float", 0)) for each in found[name])


def test_properties_decide_where_no_name_is_given(trains):
    code = {"pid": f"{NS}code", "v": "G1"}
    stops = {"pid": f"{NS}stop", "v": "south"}
    north = {"pid": f"{NS}stop", "v": {"id": f"{BASE}north", "name": "North"}}
    since = {"pid": f"{NS}since", "v": "1990-05-31T00:00:00Z"}

    first = matched(trains, properties=[code])
    both = matched(trains, properties=[{**stops, "v": "South"}, north])

    assert [(each["id"], each["score"], each["match"]) for each in first] == [(GOODS, 100, True)]
    assert [(each["id"], each["score"]) for each in both] == [(EXPRESS, 100), (GOODS, 50)]
    assert [each["id"] for each in matched(trains, properties=[since])] == [EXPRESS]
    assert matched(trains, properties=[{"pid": f"{NS}seats", "v": 3}])[0]["id"] == GOODS
    assert matched(trains, properties=[code], type=f"{NS}Station") == []
    assert matched(trains, query="", properties=[code])[0]["id"] == GOODS


def test_an_identifier_finds_its_thing(trains):
    suggested = trains.get("/reconcile/suggest/entity", query_string={"prefix": EXPRESS}).json

    assert [(e["id"], e["match"]) for e in matched(trains, query=EXPRESS)] == [(EXPRESS, True)]
    assert [each["id"] for each in suggested["result"]] == [EXPRESS]
    assert matched(trains, query=EXPRESS, type=f"{NS}Station") == []


def test_more_suggestions_are_asked_for_by_the_cursor(client):
    first = client.get("/reconcile/suggest/entity?prefix=a").json
    second = client.get(f"/reconcile/suggest/entity?prefix=a&cursor={first['cursor']}").json

    ids = [each["id"] for each in first["result"] + second["result"]]
    assert len(first["result"]) == 20
    assert len(ids) == len(set(ids)) > 20
    assert "cursor" not in client.get("/reconcile/suggest/entity?prefix=ottawa").json


@pytest.mark.parametrize("type_", ["", NS.rstrip("#"), f"{NS}Train"])
def test_properties_are_proposed_also_where_the_class_did_not_arrive_whole(trains, type_):
    # "?type=" + "https://…/ns#Train" is sent without "#Train".
    proposed = trains.get(f"/reconcile/properties?type={type_.replace('#', '%23')}").json

    assert f"{NS}code" in [each["id"] for each in proposed["properties"]]
    assert trains.get("/reconcile/properties?type=urn:x").json["properties"] == []


def test_a_candidate_is_shown_and_followed_as_openrefine_writes_its_address(trains):
    # encodeURI("…?id=" + id) leaves "&", "+" and "?" as they are, and cuts what follows "#".
    odd = trains.get(f"/reconcile/preview?id={ODD}")
    followed = trains.get(f"/reconcile/view?id={EXPRESS.partition('#')[0]}", follow_redirects=True)

    assert (odd.status_code, odd.mimetype) == (200, "text/html")
    assert ODD.replace("&", "&amp;") in odd.text
    assert followed.status_code == 200
    assert "Express" in followed.text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("queries", '{"q0": {"query": ""}}'),
        ("queries", '{"q0": {"properties": []}}'),
        ("queries", '{"q0": {"query": "\\ud800"}}'),
        ("extend", '{"ids": ["http://x/\\ud800"], "properties": []}'),
    ],
)
def test_what_asks_for_nothing_is_a_bad_request(trains, name, text):
    response = trains.post("/reconcile", data={name: text})

    assert (response.status_code, response.json["parameter"]) == (400, name)
