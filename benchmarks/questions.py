"""The questions of analysts over the generated world, as people would write them."""

from __future__ import annotations

from benchmarks.writer import BASE, RDFS

_PREFIXES = f"""PREFIX dip: <{BASE}ns/diplomacy#>
PREFIX def: <{BASE}def/>
PREFIX state: <{BASE}id/state/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <{RDFS}>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
_EMBASSY = "?m a dip:Mission ; dip:missionKind def:Embassy ; dip:sendingState ?a ; "
_EMBASSY += "dip:receivingState ?b ."
_RETURNED = "?r a dip:Mission ; dip:missionKind def:Embassy ; dip:sendingState ?b ; "
_RETURNED += "dip:receivingState ?a"

NEGATIONS = {
    "embassies not returned, NOT EXISTS": f"""
        SELECT ?a ?b {{ {_EMBASSY} FILTER NOT EXISTS {{ {_RETURNED} }} }}""",
    "embassies not returned, OPTIONAL and !BOUND": f"""
        SELECT ?a ?b {{ {_EMBASSY} OPTIONAL {{ {_RETURNED} }} FILTER(!BOUND(?r)) }}""",
    "embassies not returned, MINUS": f"SELECT ?a ?b {{ {_EMBASSY} MINUS {{ {_RETURNED} }} }}",
    "embassies that are returned, EXISTS": f"""
        SELECT ?a ?b {{ {_EMBASSY} FILTER EXISTS {{ {_RETURNED} }} }}""",
    "relations without a treaty": """
        SELECT ?relation { ?relation a dip:DiplomaticRelation ; dip:hasParty ?a , ?b .
          FILTER(STR(?a) < STR(?b))
          FILTER NOT EXISTS { ?treaty a dip:Treaty ; dip:hasParty ?a , ?b } }""",
    "states without a consulate abroad": """
        SELECT ?state { ?state a dip:State FILTER NOT EXISTS {
          ?m dip:sendingState ?state ; dip:missionKind def:ConsulateGeneral } }""",
    "claims in no conflict": """
        SELECT (COUNT(*) AS ?n) { ?claim a dip:Claim
          FILTER NOT EXISTS { ?conflict dip:involves ?claim } }""",
}
"""Questions for what is not there."""

_OTHERS = {
    "missions by sender": """
        SELECT ?state (COUNT(?m) AS ?n) { ?m dip:sendingState ?state ; a dip:Mission }
        GROUP BY ?state""",
    "top ten hosts of embassies": f"""
        SELECT ?b (COUNT(?m) AS ?n) {{ {_EMBASSY} }} GROUP BY ?b ORDER BY DESC(?n) ?b LIMIT 10""",
    "exports by pair of states": """
        SELECT ?from ?to (SUM(?amount) AS ?total) { ?figure dip:exporter ?from ;
          dip:importer ?to ; dip:amount ?amount ; dip:currency def:USD } GROUP BY ?from ?to""",
    "top ten exporters of a year": """
        SELECT ?state (SUM(?amount) AS ?total) { ?figure dip:exporter ?state ;
          dip:year "2024"^^xsd:gYear ; dip:amount ?amount ; dip:currency def:USD }
        GROUP BY ?state ORDER BY DESC(?total) LIMIT 10""",
    "pairs with embassies both ways": f"""
        SELECT (COUNT(*) AS ?n) {{ {_EMBASSY} {_RETURNED} }}""",
    "embassies in the same city of a third state": """
        SELECT (COUNT(*) AS ?n) { ?m dip:sendingState state:CAN ; dip:seat ?city .
          ?other dip:seat ?city ; dip:sendingState ?state . FILTER(?state != state:CAN) }""",
    "states that serve through one mission": """
        SELECT ?m (COUNT(?served) AS ?n) { ?m a dip:Mission ; dip:serves ?served }
        GROUP BY ?m HAVING(COUNT(?served) > 5)""",
    "triangles of embassies": """
        SELECT (COUNT(*) AS ?n) { ?a dip:hasEmbassyIn ?b . ?b dip:hasEmbassyIn ?c .
          ?c dip:hasEmbassyIn ?a }""",
    "friends of friends without an embassy": """
        SELECT (COUNT(DISTINCT ?c) AS ?n) { state:CAN dip:hasEmbassyIn ?b .
          ?b dip:hasEmbassyIn ?c . MINUS { state:CAN dip:hasEmbassyIn ?c } }""",
    "states that embassies lead to": """
        SELECT (COUNT(DISTINCT ?b) AS ?n) { state:CAN dip:hasEmbassyIn+ ?b }""",
    "cities of missions, by a path": """
        SELECT ?state (COUNT(*) AS ?n) { ?m dip:sendingState state:CAN ;
          dip:seat/dip:inState ?state } GROUP BY ?state""",
    "labels that contain a word": """
        SELECT (COUNT(*) AS ?n) { ?thing rdfs:label ?label
          FILTER(CONTAINS(LCASE(STR(?label)), "embassy of canada")) }""",
    "labels that match an expression": """
        SELECT (COUNT(*) AS ?n) { ?thing a dip:Treaty ; rdfs:label ?label
          FILTER(REGEX(STR(?label), "convention of (19|20)[0-9]0")) }""",
    "treaties by decade": """
        SELECT ?decade (COUNT(*) AS ?n) { ?action dip:actionKind def:Signature ; dip:date ?date
          BIND(SUBSTR(STR(?date), 1, 3) AS ?decade) } GROUP BY ?decade""",
    "disputed claims and their sources": """
        SELECT ?source (COUNT(*) AS ?n) { ?claim dip:standing def:Disputed ;
          dip:statedIn ?passage . ?passage dip:passageOf ?source } GROUP BY ?source""",
    "pairs of claims in conflict": """
        SELECT ?kind (COUNT(*) AS ?n) { ?conflict dip:involves ?one , ?two ;
          dip:conflictKind ?kind . ?one dip:statedIn ?p . ?two dip:statedIn ?q
          FILTER(STR(?one) < STR(?two)) } GROUP BY ?kind""",
    "relations with the latest recognition": """
        SELECT ?state (MAX(?date) AS ?last) { ?r a dip:Recognition ; dip:recognizedState ?state ;
          dip:earliest ?date } GROUP BY ?state""",
}
QUESTIONS = {
    name: _PREFIXES + " ".join(text.split()) for name, text in {**NEGATIONS, **_OTHERS}.items()
}
"""SPARQL by the name of the question."""
