"""A wrong edit of the shipped graph is found, and the message tells its cure.

Each edit is one that an editor makes by a slip: triples are taken away and others put in, and the
graph is validated by all shapes. A part of the message of some finding says what to do about it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import judging
import pytest
from rdflib import SH, Graph, Literal, URIRef

from kg_server.validation.report import Severity

NUMBERS = [f"F{number}" for number in range(1, 63)]
LAYERS = ("claim", "dates", "denial", "evidence", "prefixes")
"""The shapes of claims and of what they cover."""


@dataclass(frozen=True)
class Edit:
    """A wrong edit: what it is, the triples of before and after, and words of the finding."""

    name: str
    minus: str
    plus: str
    says: str
    severity: Severity = Severity.VIOLATION


BN = "source:bnwiki-azerbaijan-canada\\/S"
TRADE = "trade:bnwiki\\/"
ACT, DECLARED = "event:AZE-independence-act-1991", "event:AZE-independence-declared-1991-08"
DIGEST = "e23420704be343a7e3de72b049825c9b1e380ec64a03df677b7c24ba219acd4d"
"""Of the text of sentence 0."""
TAX, SIGNED = "treaty:AZE-CAN-2004-tax", "treaty:AZE-CAN-2004-tax\\/signature"


def edit(name: str, old: str, new: str, says: str, **how: Severity) -> Edit:
    return Edit(name, old, new, says, **how)


def swap(name: str, subject: str, old: str, new: str, says: str) -> Edit:
    """Return an edit of one predicate and value of a subject."""
    return Edit(name, f"{subject} {old} .", f"{subject} {new} .", says)


def both(
    name: str, number: str, subject: str, path: str, values: tuple[str, str], says: str
) -> Edit:
    """Return an edit of a fact and its claim alike."""
    old, new = values
    minus = f"{subject} {path} {old} . claim:{number} rdf:object {old} ."
    return Edit(name, minus, minus.replace(old, new), says)


def day(value: str) -> str:
    return f'"{value}"^^xsd:date'


def year(value: str) -> str:
    return f'"{value}"^^xsd:gYear'


def decimal(value: str) -> str:
    return f'"{value}"^^xsd:decimal'


EDITS = [
    # the parts of an IRI and the facts of its node
    edit(
        "exporter and importer change places",
        f"{TRADE}2008-CAN-to-AZE dip:exporter state:CAN ; dip:importer state:AZE .",
        f"{TRADE}2008-CAN-to-AZE dip:exporter state:AZE ; dip:importer state:CAN .",
        "named trade/source/2008-AZE-to-CAN",
    ),
    swap(
        "trade of 2008 becomes that of 2007",
        f"{TRADE}2008-CAN-to-AZE",
        f"dip:year {year('2008')}",
        f"dip:year {year('2007')}",
        "named trade/source/2007-CAN-to-AZE",
    ),
    swap(
        "a total is of another year",
        f"{TRADE}2004-total",
        f"dip:year {year('2004')}",
        f"dip:year {year('2003')}",
        "named trade/source/2003-total",
    ),
    swap(
        "trade of 2004 is with Turkey",
        f"{TRADE}2004-total",
        "dip:betweenState state:AZE",
        "dip:betweenState state:TUR",
        "also states",
    ),
    swap(
        "the importer of 2009 is Russia",
        f"{TRADE}2009-CAN-to-AZE",
        "dip:importer state:AZE",
        "dip:importer state:RUS",
        "named trade/source/2009-CAN-to-RUS",
    ),
    swap(
        "a figure is in another source's passage",
        f"{TRADE}2008-CAN-to-AZE",
        f"dip:statedIn {BN}19",
        "dip:statedIn source:enwiki-2011\\/trade",
        "named after its source",
    ),
    swap(
        "Canada recognizes Russia",
        "recognition:CAN-AZE-1991",
        "dip:recognizedState state:AZE",
        "dip:recognizedState state:RUS",
        "named recognition/CAN-RUS-year",
    ),
    swap(
        "Turkey recognizes Azerbaijan",
        "recognition:CAN-AZE-1991",
        "dip:recognizingState state:CAN",
        "dip:recognizingState state:TUR",
        "named recognition/TUR-AZE-year",
    ),
    swap(
        "the rest is recognized by Russia",
        "recognition:CAN-post-soviet-rest-1991",
        "dip:recognizingState state:CAN",
        "dip:recognizingState state:RUS",
        "named after who recognizes first",
    ),
    both(
        "recognition of 1993",
        "F12",
        "recognition:CAN-AZE-1991",
        "dip:date",
        (day("1991-12-25"), day("1993-12-25")),
        "no date of the event is of that year",
    ),
    both(
        "recognition of 1891",
        "F12",
        "recognition:CAN-AZE-1991",
        "dip:date",
        (day("1991-12-25"), day("1891-12-25")),
        "by which <https://diplomacy.example/id/state/AZE> became independent",
    ),
    swap(
        "accredited to Georgia",
        "accreditation:CAN-AZE",
        "dip:receivingState state:AZE",
        "dip:receivingState state:GEO",
        "named accreditation/CAN-GEO",
    ),
    swap(
        "accredited by Turkey",
        "accreditation:CAN-AZE",
        "dip:sendingState state:CAN",
        "dip:sendingState state:TUR",
        "named accreditation/TUR-AZE",
    ),
    swap(
        "the embassy in Ottawa is Turkey's",
        "mission:AZE-CAN-embassy",
        "dip:sendingState state:AZE",
        "dip:sendingState state:TUR",
        "named after its sending state first",
    ),
    swap(
        "the embassy in Ottawa is to Turkey",
        "mission:AZE-CAN-embassy",
        "dip:receivingState state:CAN",
        "dip:receivingState state:TUR",
        "named mission/AZE-TUR-kind",
    ),
    swap(
        "the embassy in Ankara is a consulate",
        "mission:CAN-TUR-embassy",
        "dip:missionKind def:Embassy",
        "dip:missionKind def:Consulate",
        "the kind of mission is <https://diplomacy.example/def/Consulate>",
    ),
    swap(
        "relations with Georgia",
        "relation:AZE-CAN",
        "dip:hasParty state:CAN",
        "dip:hasParty state:GEO",
        "named relation/AZE-GEO",
    ),
    swap(
        "the tax convention is signed by Turkey",
        TAX,
        "dip:signatory state:CAN",
        "dip:signatory state:TUR",
        "named treaty/AZE-TUR-year-word",
    ),
    both(
        "signed in 2003",
        "F27",
        SIGNED,
        "dip:date",
        ('"2004-09"^^xsd:gYearMonth', '"2003-09"^^xsd:gYearMonth'),
        "no action of the treaty is of that year",
    ),
    swap(
        "the signature is a ratification",
        SIGNED,
        "dip:actionKind def:Signature",
        "dip:actionKind def:Ratification",
        "an action is named after its kind",
    ),
    both(
        "the act of 18 October is of 1992",
        "F6",
        ACT,
        "dip:date",
        (day("1991-10-18"), day("1992-10-18")),
        "The IRI says 1991",
    ),
    both(
        "the Soviet Union breaks up in 1990",
        "F8",
        "event:SUHH-dissolution-1991",
        "dip:date",
        (day("1991-12-25"), day("1990-12-25")),
        "The IRI says 1991",
    ),
    swap(
        "Estonia has the code of Latvia",
        "state:EST",
        'dip:iso3166alpha3 "EST"',
        'dip:iso3166alpha3 "LVA"',
        "a code belongs to one state",
    ),
    swap(
        "one alpha-2 code is given to two states",
        "state:EST",
        'dip:iso3166alpha2 "EE"',
        'dip:iso3166alpha2 "LV"',
        "a code belongs to one state",
    ),
    swap(
        "a code is mistyped",
        "state:KAZ",
        'dip:iso3166alpha3 "KAZ"',
        'dip:iso3166alpha3 "KAS"',
        "a state is named by its ISO 3166-1",
    ),
    # what is said twice, in words and in triples
    both(
        "a digit slips in fact and claim",
        "F32",
        f"{TRADE}2008-CAN-to-AZE",
        "dip:amount",
        (decimal("19713000"), decimal("19731000")),
        "restatement names no such amount",
    ),
    both(
        "an amount in thousands",
        "F32",
        f"{TRADE}2008-CAN-to-AZE",
        "dip:amount",
        (decimal("19713000"), decimal("19713")),
        "restatement names no such amount",
    ),
    both(
        "the factor of a thousand is repaired",
        "F31",
        f"{TRADE}2008-AZE-to-CAN",
        "dip:amount",
        (decimal("1168000"), decimal("1168000000")),
        "restatement names no such amount",
    ),
    both(
        "the total of 2004 is another",
        "F24",
        f"{TRADE}2004-total",
        "dip:amount",
        (decimal("12600000"), decimal("16200000")),
        "restatement names no such amount",
    ),
    both(
        "a figure of another source",
        "X7",
        "trade:enwiki\\/2009-CAN-to-AZE",
        "dip:amount",
        (decimal("31000000"), decimal("13000000")),
        "none of the passages it cites names such an amount",
    ),
    swap(
        "a digit slips in the fact",
        f"{TRADE}2010-CAN-to-AZE",
        f"dip:amount {decimal('542000000')}",
        f"dip:amount {decimal('524000000')}",
        "is not cited",
    ),
    both(
        "the embassy was opened in 2005",
        "F20",
        "mission:AZE-CAN-embassy",
        "dip:startDate",
        (year("2004"), year("2005")),
        "does not name that year",
    ),
    both(
        "relations of 11 July",
        "F14",
        "relation:AZE-CAN",
        "dip:startDate",
        (day("1992-07-10"), day("1992-07-11")),
        "does not name the day 11",
    ),
    both(
        "relations of October, day and month turned round",
        "F14",
        "relation:AZE-CAN",
        "dip:startDate",
        (day("1992-07-10"), day("1992-10-07")),
        "does not name October 1992",
    ),
    both(
        "relations since 1993",
        "F2",
        "relation:AZE-CAN",
        "dip:startDate",
        (year("1992"), year("1993")),
        "does not name that year",
    ),
    both(
        "14 states come into being",
        "F9",
        "event:SUHH-dissolution-1991",
        "dip:successorCount",
        ("15", "14"),
        "does not name it",
    ),
    Edit(
        "twelve others are recognized",
        "claim:X9 rdf:object 11 .",
        "claim:X9 rdf:object 12 .",
        "does not name it",
    ),
    both(
        "Turkey is a successor",
        "F10",
        "event:SUHH-dissolution-1991",
        "dip:successorState",
        ("state:RUS", "state:TUR"),
        "names neither Türkiye",
    ),
    both(
        "the capital is Ankara",
        "F3",
        "state:CAN",
        "dip:capital",
        ("place:ottawa", "place:ankara"),
        "names neither Ankara",
    ),
    both(
        "the seat is Ankara",
        "F4",
        "mission:AZE-CAN-embassy",
        "dip:seat",
        ("place:ottawa", "place:ankara"),
        "names neither Ankara",
    ),
    both(
        "assistance for Georgia",
        "F39",
        "programme:CAN-AZE-technical-assistance",
        "dip:beneficiary",
        ("state:AZE", "state:GEO"),
        "names neither Georgia",
    ),
    swap(
        "assistance from Turkey",
        "programme:CAN-AZE-technical-assistance",
        "dip:assistanceFrom state:CAN",
        "dip:assistanceFrom state:TUR",
        "does not name Türkiye",
    ),
    swap(
        "Turkish firms",
        "activity:CAN-firms-AZE-oil-gas",
        "dip:actorState state:CAN",
        "dip:actorState state:TUR",
        "does not name Türkiye",
    ),
    swap(
        "firms in Georgia",
        "activity:CAN-firms-AZE-oil-gas",
        "dip:inTerritoryOf state:AZE",
        "dip:inTerritoryOf state:GEO",
        "does not name Georgia",
    ),
    swap(
        "Canada broke up",
        "event:SUHH-dissolution-1991",
        "dip:predecessorState state:SUHH",
        "dip:predecessorState state:CAN",
        "does not name Canada",
    ),
    both(
        "independent of Russia",
        "F7",
        ACT,
        "dip:fromState",
        ("state:SUHH", "state:RUS"),
        "names neither Russia",
    ),
    swap(
        "the act concerns Armenia",
        ACT,
        "dip:concernsState state:AZE",
        "dip:concernsState state:ARM",
        "does not name Armenia",
    ),
    swap(
        "the signature is by Turkey",
        SIGNED,
        "dip:actionBy state:CAN",
        "dip:actionBy state:TUR",
        "is neither a signatory nor a party",
    ),
    both(
        "the agency is Azerbaijan's",
        "F47",
        "organ:CIDA",
        "dip:organOf",
        ("state:CAN", "state:AZE"),
        "names neither Azerbaijan",
    ),
    swap(
        "a label of another year",
        f"{TRADE}2009-total",
        f"dip:year {year('2009')}",
        f"dip:year {year('2008')}",
        "label does not name the year",
    ),
    # passages
    edit(
        "a passage is shifted by one",
        f"{BN}5 dip:endOffset 553 .",
        f"{BN}5 dip:endOffset 560 .",
        "passages of one source do not overlap",
    ),
    edit(
        "a passage begins and ends one later",
        f"{BN}5 dip:startOffset 420 ; dip:endOffset 553 .",
        f"{BN}5 dip:startOffset 421 ; dip:endOffset 554 .",
        "do not fit the checksum",
    ),
    edit(
        "a passage is one shorter",
        f"{BN}5 dip:endOffset 553 .",
        f"{BN}5 dip:endOffset 552 .",
        "then set dip:checksum to",
    ),
    edit(
        "a digit of a digest is mistyped",
        f"{BN}0 dip:digest '{DIGEST}' .",
        f"{BN}0 dip:digest '{DIGEST[:-1]}e' .",
        "compute its digest",
    ),
    edit(
        "a passage begins within another",
        f"{BN}6 dip:startOffset 554 .",
        f"{BN}6 dip:startOffset 500 .",
        "passages of one source do not overlap",
    ),
    edit(
        "two sentences change places",
        f"{BN}7 dip:startOffset 643 ; dip:endOffset 737 . "
        f"{BN}8 dip:startOffset 738 ; dip:endOffset 821 .",
        f"{BN}7 dip:startOffset 738 ; dip:endOffset 821 . "
        f"{BN}8 dip:startOffset 643 ; dip:endOffset 737 .",
        "in the order of the text",
    ),
    edit(
        "a passage ends before it starts",
        f"{BN}6 dip:startOffset 554 .",
        f"{BN}6 dip:startOffset 654 .",
        "starts before it ends",
    ),
    edit(
        "a sentence gets another number",
        f"{BN}6 dip:sentenceNumber 6 .",
        f"{BN}6 dip:sentenceNumber 5 .",
        "a sentence is one passage",
    ),
    edit(
        "a passage is of another source",
        f"{BN}6 dip:passageOf source:bnwiki-azerbaijan-canada .",
        f"{BN}6 dip:passageOf source:enwiki-2011 .",
        "does not begin with that of its source",
    ),
    edit(
        "F20 cites sentence 11",
        f"claim:F20 dip:statedIn {BN}10 .",
        f"claim:F20 dip:statedIn {BN}11 .",
        "none of the passages it cites names 2004",
    ),
    edit(
        "F44 cites sentence 25",
        f"claim:F44 dip:statedIn {BN}26 .",
        f"claim:F44 dip:statedIn {BN}25 .",
        "none of the passages it cites names Ankara",
    ),
    edit(
        "F14 cites Azernews",
        f"claim:F14 dip:statedIn {BN}7 .",
        "claim:F14 dip:statedIn source:azernews-2022\\/p .",
        "is of another source than the source of record",
    ),
    edit(
        "X2 cites the article",
        "claim:X2 dip:statedIn source:azernews-2022\\/p .",
        f"claim:X2 dip:statedIn {BN}7 .",
        "cite a passage of another source",
    ),
    edit(
        "a claim cites another sentence than its figure",
        f"claim:F32 dip:statedIn {BN}19 .",
        "",
        "node and claim are from the same passage",
    ),
    edit(
        "a comparison cites another sentence",
        f"comparison:bnwiki\\/2010-below-2009 dip:statedIn {BN}21 .",
        f"comparison:bnwiki\\/2010-below-2009 dip:statedIn {BN}22 .",
        "node and claim are from the same passage",
    ),
    # coverage
    edit(
        "the importer is cited no more",
        "claim:F32 dip:alsoStates dip:importer .",
        "",
        "is not cited",
    ),
    edit(
        "a negative claim becomes positive",
        "claim:F5 dip:polarity def:Negative .",
        "claim:F5 dip:polarity def:Positive .",
        "is denied without a negative claim",
    ),
    edit(
        "a competing date of another source is asserted",
        "",
        f"relation:AZE-CAN dip:startDate {day('1992-08-10')} .",
        "what competes with the source of record stays in its claim",
    ),
    edit(
        "a party without a claim",
        "",
        "treaty:AZE-CAN-2004-tax dip:hasParty state:AZE .",
        "is not cited",
    ),
    edit(
        "what is denied is asserted",
        "",
        "state:CAN dip:hasEmbassyIn state:AZE .",
        "is asserted and denied at once",
    ),
    edit(
        "an embassy where one is denied",
        "",
        'mission:CAN-AZE-embassy a dip:Mission ; rdfs:label "Embassy"@en ; '
        "dip:sendingState state:CAN ; dip:receivingState state:AZE ; "
        "dip:missionKind def:Embassy .",
        "It is denied that",
    ),
    edit(
        "a claim is given twice",
        "",
        'claim:F63 a dip:Claim , rdf:Statement ; rdfs:label "Claim F63"@en ; '
        'dip:claimNumber "F63" ; rdf:subject state:CAN ; '
        "rdf:predicate dip:capital ; rdf:object place:ottawa ; "
        "dip:polarity def:Positive ; dip:standing def:Accepted ; dip:statedIn "
        + BN
        + '2 ; dip:restatement "Ottawa is the capital of Canada."@en .',
        "one statement of a passage is one claim",
    ),
    edit(
        "a number is given twice",
        'claim:F7 dip:claimNumber "F7" .',
        'claim:F7 dip:claimNumber "F6" .',
        "a number is of one claim",
    ),
    edit(
        "a claim of record moves to the background",
        "claim:F6 dip:standing def:Accepted .",
        "claim:F6 dip:standing def:Background .",
        "set dip:standing to def:Accepted or def:Disputed",
    ),
    # conflicts
    edit(
        "a disputed claim is accepted in its conflict",
        "claim:F14 dip:standing def:Disputed .",
        "claim:F14 dip:standing def:Accepted .",
        "nothing accepted is contested",
    ),
    edit(
        "a conflict is left with one claim",
        "conflict:C2 dip:evidenceAgainst claim:X3 .",
        "",
        "it takes two claims to disagree",
    ),
    edit(
        "a conflict contests nothing",
        "conflict:C2 dip:contests claim:F31 .",
        "",
        "contests at least one claim",
    ),
    edit(
        "a claim is disputed without a conflict",
        "claim:F6 dip:standing def:Accepted .",
        "claim:F6 dip:standing def:Disputed .",
        "name it in dip:contests of the conflict",
    ),
    edit(
        "a supporter speaks against what it supports",
        "conflict:C6 dip:evidenceFor claim:X1 .",
        "conflict:C6 dip:evidenceAgainst claim:X1 .",
        "move it from dip:evidenceAgainst to dip:evidenceFor",
    ),
    edit(
        "a claim stands on both sides",
        "",
        "conflict:C6 dip:evidenceFor claim:X2 .",
        "a claim stands on one side",
    ),
    # figures that belong together
    both(
        "a total below its part",
        "X46",
        "trade:enwiki\\/2004-total",
        "dip:amount",
        (decimal("12600000"), decimal("126000")),
        "restatement names no such amount",
    ),
    edit(
        "a part above the total",
        "",
        f"{TRADE}2004-CAN-to-AZE dip:amount {decimal('19700000')} ; dip:currency def:CAD .",
        "its part",
    ),
    edit(
        "both parts above the total",
        "",
        f"{TRADE}2004-CAN-to-AZE dip:amount {decimal('7700000')} ; "
        f"dip:currency def:CAD . "
        f"{TRADE}2004-AZE-to-CAN dip:amount {decimal('5700000')} ; "
        f"dip:currency def:CAD .",
        "the sum of",
    ),
    edit(
        "one flow has two figures",
        "",
        f"trade:bnwiki\\/2008-CAN-to-AZE-again a dip:TradeObservation ; "
        f'rdfs:label "Exports, 2008"@en ; dip:year {year("2008")} ; '
        f"dip:exporter state:CAN ; dip:importer state:AZE ; "
        f"dip:amount {decimal('1')} ; dip:currency def:DollarUnspecified ; "
        f"dip:statedIn {BN}19 .",
        "one figure is one node",
    ),
    edit(
        "one year has two totals",
        "",
        f"trade:bnwiki\\/2004-total-again a dip:TradeObservation ; "
        f'rdfs:label "Trade, 2004"@en ; dip:year {year("2004")} ; '
        f"dip:betweenState state:CAN , state:AZE ; dip:amount {decimal('1')} ; "
        f"dip:currency def:CAD ; dip:statedIn {BN}13 .",
        "one figure is one node",
    ),
    swap(
        "2010 in Canadian dollars",
        f"{TRADE}2010-CAN-to-AZE",
        "dip:currency def:DollarUnspecified",
        "dip:currency def:CAD",
        "comparable in one currency only",
    ),
    edit(
        "a comparison is turned round",
        "comparison:bnwiki\\/2010-below-2009 dip:left trade:bnwiki\\/2010-total ; "
        "dip:right trade:bnwiki\\/2009-total .",
        "comparison:bnwiki\\/2010-below-2009 dip:left trade:bnwiki\\/2009-total ; "
        "dip:right trade:bnwiki\\/2010-total .",
        "see which side is which",
    ),
    edit(
        "the deficit is turned round",
        f"comparison:bnwiki\\/2004-deficit dip:left {TRADE}2004-AZE-to-CAN ; "
        f"dip:right {TRADE}2004-CAN-to-AZE .",
        f"comparison:bnwiki\\/2004-deficit dip:left {TRADE}2004-CAN-to-AZE ; "
        f"dip:right {TRADE}2004-AZE-to-CAN .",
        "see which side is which",
    ),
    edit(
        "a disputed comparison is turned round",
        f"comparison:bnwiki\\/2008-many-times dip:left {TRADE}2008-CAN-to-AZE ; "
        f"dip:right {TRADE}2008-AZE-to-CAN .",
        f"comparison:bnwiki\\/2008-many-times dip:left {TRADE}2008-AZE-to-CAN ; "
        f"dip:right {TRADE}2008-CAN-to-AZE .",
        "see which side is which",
        severity=Severity.WARNING,
    ),
    # dates
    edit(
        "a date in 2140",
        f"recognition:CAN-AZE-1991 dip:date {day('1991-12-25')} .",
        f"recognition:CAN-AZE-1991 dip:date {day('2140-12-25')} .",
        "is in the future",
    ),
    edit(
        "a claim is later than its source",
        f"claim:X11 rdf:object {day('1991-12-02')} .",
        f"claim:X11 rdf:object {day('1992-12-02')} .",
        "a source does not tell what happened after it",
    ),
    edit(
        "a treaty is in force before it is signed",
        "",
        f"{TAX} dip:hasAction {TAX}\\/entry-into-force . "
        f"{TAX}\\/entry-into-force a dip:TreatyAction ; "
        f'rdfs:label "Entry into force"@en ; '
        f"dip:actionKind def:EntryIntoForce ; dip:date {year('2003')} .",
        "a treaty is signed, then ratified",
    ),
    edit(
        "the mission is closed before it opened",
        "",
        f"mission:AZE-CAN-embassy dip:endDate {year('1999')} .",
        "before it starts on",
    ),
    edit(
        "the Soviet Union signs in 2004",
        "",
        f"{SIGNED} dip:actionBy state:SUHH .",
        "name the state that followed",
    ),
    edit(
        "the embassy is older than the relations",
        f"mission:AZE-CAN-embassy dip:startDate {year('2004')} .",
        f"mission:AZE-CAN-embassy dip:startDate {year('1984')} .",
        "a mission comes with or after the relations",
        severity=Severity.WARNING,
    ),
    edit(
        "recognition after the relations",
        f"recognition:CAN-AZE-1991 dip:date {day('1991-12-25')} ; "
        f"dip:earliest {day('1991-12-25')} .",
        f"recognition:CAN-AZE-1991 dip:date {day('1993-12-25')} ; "
        f"dip:earliest {day('1993-12-25')} .",
        "recognition comes first",
        severity=Severity.WARNING,
    ),
    # things of their kinds
    edit(
        "the offset of a passage for an end date",
        "",
        "mission:AZE-CAN-embassy dip:endOffset 2010 .",
        "use the property of this kind of thing",
    ),
    edit(
        "an exporter of a state",
        "",
        "state:CAN dip:exporter state:AZE .",
        "use the property of this kind of thing",
    ),
    edit(
        "a sending state of a place",
        "",
        "place:ottawa dip:sendingState state:CAN .",
        "use the property of this kind of thing",
    ),
    swap(
        "a place is misspelt",
        "mission:AZE-CAN-embassy",
        "dip:seat place:ottawa",
        "dip:seat place:ottowa",
        "is not described anywhere",
    ),
    swap(
        "a post heads a state",
        "post:CAN-TUR-ambassador",
        "dip:headOf mission:CAN-TUR-embassy",
        "dip:headOf state:TUR",
        "and <https://diplomacy.example/id/state/TUR> is none",
    ),
    swap(
        "the fund is managed by a state",
        "programme:canada-fund",
        "dip:managedBy mission:CAN-TUR-embassy",
        "dip:managedBy state:CAN",
        "does not lead to things of the class",
    ),
    edit(
        "the accreditation goes through another state's mission",
        "accreditation:CAN-AZE dip:viaMission mission:CAN-TUR-embassy .",
        "accreditation:CAN-AZE dip:viaMission mission:AZE-CAN-embassy .",
        "a state accredits through its own mission",
    ),
    edit(
        "Ottawa lies in Turkey",
        "place:ottawa dip:inState state:CAN .",
        "place:ottawa dip:inState state:TUR .",
        "a capital lies in its own state",
    ),
    # what claims, conflicts and comparisons say of their own kind
    edit(
        "what another source says is accepted",
        "claim:X1 dip:standing def:Background .",
        "claim:X1 dip:standing def:Accepted .",
        "it stands beside, so do not accept",
    ),
    edit(
        "a rejected fact stays asserted",
        "claim:F20 dip:standing def:Accepted .",
        "claim:F20 dip:standing def:Rejected .",
        "remove the triple, or correct dip:standing",
    ),
    edit(
        "a claim of relations becomes negative",
        "claim:F15 dip:polarity def:Positive .",
        "claim:F15 dip:polarity def:Negative .",
        "is asserted, and denied by this accepted claim",
    ),
    edit(
        "a supporting claim becomes negative",
        "claim:X1 dip:polarity def:Positive .",
        "claim:X1 dip:polarity def:Negative .",
        "has no word of denial",
    ),
    edit(
        "another date is evidence for the contested one",
        "conflict:C6 dip:evidenceAgainst claim:X2 .",
        "conflict:C6 dip:evidenceFor claim:X2 .",
        "move it from dip:evidenceFor to dip:evidenceAgainst",
    ),
    edit(
        "a conflict of dates is one of magnitude",
        "conflict:C6 dip:conflictKind def:DateConflict .",
        "conflict:C6 dip:conflictKind def:MagnitudeConflict .",
        "correct the kind, or the claim",
    ),
    edit(
        "evidence of which the reason does not speak",
        "",
        "conflict:C2 dip:evidenceAgainst claim:X7 .",
        "does not name X7",
    ),
    edit(
        "a permanent embassy is not permanent",
        "mission:AZE-CAN-embassy dip:permanent true . claim:F19 rdf:object true .",
        "mission:AZE-CAN-embassy dip:permanent false . claim:F19 rdf:object false .",
        "has no word of denial",
    ),
    both(
        "firms in another sector",
        "F21",
        "activity:CAN-firms-AZE-oil-gas",
        "dip:sector",
        ("def:OilAndGas", "def:EnergyTransmission"),
        "has few words of",
    ),
    both(
        "a fund for another purpose",
        "F42",
        "programme:canada-fund",
        "dip:purpose",
        ("def:LocalDevelopment", "def:Taxation"),
        "has few words of",
    ),
    both(
        "the trade of 2010 is more than half",
        "F35",
        "comparison:bnwiki\\/2010-below-2009",
        "dip:comparator",
        ("def:LessThan", "def:MoreThanHalfOf"),
        "has none of the words for that",
    ),
    swap(
        "trade of 2004 in dollars of no country",
        f"{TRADE}2004-total",
        "dip:currency def:CAD",
        "dip:currency def:DollarUnspecified",
        "speaks of another currency",
    ),
    edit(
        "trade of 2008 in Canadian dollars",
        f"{TRADE}2008-AZE-to-CAN dip:currency def:DollarUnspecified .",
        f"{TRADE}2008-AZE-to-CAN dip:currency def:CAD .",
        "names no such unit",
        severity=Severity.WARNING,
    ),
    both(
        "the day of relations is lost",
        "F14",
        "relation:AZE-CAN",
        "dip:startDate",
        (day("1992-07-10"), '"1992-07"^^xsd:gYearMonth'),
        "names the day too",
    ),
    both(
        "the month of the signature is lost",
        "F27",
        SIGNED,
        "dip:date",
        ('"2004-09"^^xsd:gYearMonth', year("2004")),
        "names the month too",
    ),
    swap(
        "the act is adopted by the agency",
        ACT,
        "dip:adoptedBy organ:AZE-parliament",
        "dip:adoptedBy organ:CIDA",
        "does not name Canadian International Development Agency",
    ),
    # labels
    edit(
        "an English label is marked as Bengali",
        'place:ottawa rdfs:label "অটোয়া"@bn .',
        'place:ottawa rdfs:label "Ottawa City"@bn .',
        "not in the script of that language",
    ),
    edit(
        "a label is not composed",
        'state:AZE rdfs:label "Azerbaïdjan"@fr .',
        'state:AZE rdfs:label "Azerbai\u0308djan"@fr .',
        "not in Unicode normalization form C",
    ),
    edit(
        "the names of a state are swapped between two languages",
        'state:EST rdfs:label "Estonia"@en , "Estonie"@fr .',
        'state:EST rdfs:label "Estonie"@en , "Estonia"@fr .',
        "Texts in another language name it",
        severity=Severity.WARNING,
    ),
    edit(
        "the acronym of another organ",
        'organ:CIDA skos:altLabel "CIDA"@en .',
        'organ:CIDA skos:altLabel "USAID"@en .',
        "see whose acronym it is",
        severity=Severity.WARNING,
    ),
    edit(
        "a GeoNames number is mistyped",
        "state:ARM skos:closeMatch <https://sws.geonames.org/174982/> .",
        "state:ARM skos:closeMatch <https://sws.geonames.org/174892/> .",
        "is known by there",
        severity=Severity.WARNING,
    ),
    edit(
        "the address of a source is mistyped",
        "source:azernews-2022 rdfs:seeAlso <https://www.azernews.az/nation/197898.html> .",
        "source:azernews-2022 rdfs:seeAlso <https://www.azernews.az/nation/197889.html> .",
        "do not fit the checksum",
    ),
    edit(
        "a claim no longer states the parties",
        "claim:F2 dip:alsoStates dip:hasParty .",
        "",
        "which this claim does not",
        severity=Severity.WARNING,
    ),
    edit(
        "a state is one thing with an item elsewhere",
        "",
        "state:CAN owl:sameAs <http://www.wikidata.org/entity/Q16> .",
        "link with skos:exactMatch or skos:closeMatch",
    ),
]


@dataclass(frozen=True)
class Slip:
    """A slip in a text: of which node, property and language, which words become which."""

    name: str
    node: str
    path: str
    language: str
    words: tuple[str, str]
    says: str
    severity: Severity = Severity.VIOLATION


LABEL, WORDS, REASON = "rdfs:label", "dip:restatement", "dip:reason"
NOT_THAT_DATE, NUMBERS_DIFFER = "does not name that date", "are not those of the English text"
ANOTHER_NAME = "names another state or place"


def said(name: str, number: str, language: str, old: str, new: str, says: str) -> Slip:
    """Return a slip in the restatement of a claim."""
    return Slip(name, f"claim:{number}", WORDS, language, (old, new), says)


def label(name: str, node: str, language: str, old: str, new: str, says: str) -> Slip:
    return Slip(name, node, LABEL, language, (old, new), says)


SLIPS = [
    # translations
    said("another day in Bengali", "F14", "bn", "১০ জুলাই", "১১ জুলাই", NOT_THAT_DATE),
    said("another month in Bengali", "F14", "bn", "১০ জুলাই", "১০ জুন", NOT_THAT_DATE),
    said("another month in French", "F14", "fr", "juillet", "juin", NOT_THAT_DATE),
    said("another year in French", "F14", "fr", "1992", "1993", NOT_THAT_DATE),
    said("another year in Bengali", "F20", "bn", "২০০৪", "২০০৫", NOT_THAT_DATE),
    said("another amount in Bengali", "F24", "bn", "১২.৬", "১২.৯", NUMBERS_DIFFER),
    said("another amount in French", "F24", "fr", "12,6", "12,9", NUMBERS_DIFFER),
    said("billions in Bengali", "F31", "bn", "মিলিয়ন", "বিলিয়ন", "of millions and billions"),
    said(
        "Russia in French", "F12", "fr", "l'Azerbaïdjan", "la Russie", "does not name Azerbaïdjan"
    ),
    said("Georgia in Bengali", "F12", "bn", "আজারবাইজানকে", "জর্জিয়াকে", "does not name আজারবাইজান"),
    said("Ankara in French", "F4", "fr", "Ottawa", "Ankara", "does not name Ottawa"),
    Slip(
        "another factor in a French reason",
        "conflict:C2",
        REASON,
        "fr",
        ("1 000", "100"),
        NUMBERS_DIFFER,
    ),
    # words that no longer say what the claim states
    said("no mission named", "F20", "en", "The embassy of Azerbaijan", "It", "does not name"),
    said("no state named", "F38", "en", "of Canada", "there", "a restatement stands alone"),
    said("no signatories named", "F28", "en", " of Azerbaijan and Canada", "", "stands alone"),
    said("a pronoun first", "F42", "en", "There is a", "It is a", "begins with It"),
    said("no parliament", "F6", "en", "the parliament", "the people", "does not name Parliament"),
    said("another subject", "F28", "en", "double taxation", "smuggling", "has few words of"),
    said("another unit", "F24", "en", "Canadian dollars", "dollars", "names no such unit"),
    said("a unit too many", "F32", "en", "dollars", "Canadian dollars", "of another currency"),
    said("no denial", "F5", "en", "has no embassy", "has an embassy", "has no word of denial"),
    Slip(
        "a passage of another month",
        "source:bnwiki-azerbaijan-canada\\/S7",
        WORDS,
        "en",
        ("10 July", "10 June"),
        "names July",
    ),
    # labels
    label("a label of another year", ACT, "en", "1991", "1992", "no date of this thing"),
    label("a Bengali label of another year", ACT, "bn", "১৯৯১", "১৯৯২", "no date of this thing"),
    label(
        "a French label of another year",
        f"{TRADE}2008-CAN-to-AZE",
        "fr",
        "2008",
        "2009",
        "no date of this thing",
    ),
    label(
        "a label of another state",
        "recognition:CAN-AZE-1991",
        "en",
        "Azerbaijan",
        "Georgia",
        ANOTHER_NAME,
    ),
    label(
        "a label with its sides turned",
        f"{TRADE}2008-CAN-to-AZE",
        "en",
        "Canada to Azerbaijan",
        "Azerbaijan to Canada",
        "turns the sides round",
    ),
    label(
        "the embassy of another state",
        "mission:AZE-CAN-embassy",
        "en",
        "Azerbaijan",
        "Türkiye",
        ANOTHER_NAME,
    ),
    label(
        "accredited to another state in Bengali",
        "accreditation:CAN-GEO",
        "bn",
        "জর্জিয়ার",
        "আর্মেনিয়ার",
        "another state than the receiving state",
    ),
    label("a name twice", "state:LTU", "en", "Lithuania", "Latvia", "cannot be told apart"),
    label("a space too many", "state:ARM", "en", "Armenia", "Armenia ", "a space too many"),
    label(
        "another sentence",
        "source:bnwiki-azerbaijan-canada\\/S7",
        "en",
        "7",
        "8",
        "another number than the sentence",
    ),
    label(
        "a profile of another state",
        "source:factbook\\/ARM",
        "en",
        "Armenia",
        "Georgia",
        "which the restatement of the passage",
    ),
    label(
        "a paper of another day",
        "source:azernews-2022",
        "en",
        "11 August",
        "10 August",
        "on which this source was issued",
    ),
]

MOVES = [
    ("F41", "25", "26"),
    ("F19", "10", "11"),
    ("F21", "11", "12"),
    ("F40", "24", "26"),
    ("F16", "9", "10"),
    ("F28", "17", "14"),
    ("F42", "26", "24"),
    ("F39", "24", "21"),
    ("F61", "16", "13"),
    ("F4", "10", "9"),
    ("F32", "18", "2"),
]
"""Claims, the sentence that they cite, and one that an editor may cite by a slip."""


@cache
def all_shapes() -> Graph:
    return judging.shapes_but()


@cache
def shapes_without_review() -> Graph:
    """Return all shapes but the one that only warns, and reads all sentences for each claim."""
    review = URIRef("https://diplomacy.example/ns/shapes#RestatementReview")
    shapes = judging.graphs.graph()
    for triple in all_shapes():
        if triple[:2] != (review, SH.targetClass):
            shapes.add(triple)
    return shapes


def test_the_shipped_graph_has_no_violation_to_begin_with() -> None:
    found = judging.after("", "", all_shapes())

    assert [each for each in found if each.severity is Severity.VIOLATION] == []


def test_there_are_many_edits_each_with_a_name_of_its_own() -> None:
    assert len({each.name for each in EDITS}) == len(EDITS) > 90


@pytest.mark.parametrize("wrong", EDITS, ids=lambda each: each.name.replace(" ", "-"))
def test_a_wrong_edit_is_found_and_its_cure_told(wrong: Edit) -> None:
    warns = wrong.severity is not Severity.VIOLATION
    shapes = all_shapes() if warns else shapes_without_review()

    found = judging.after(wrong.minus, wrong.plus, shapes)

    fitting = [each for each in found if wrong.says in each.message]
    assert fitting, [each.message for each in found]
    assert any(each.severity is wrong.severity for each in fitting)


@pytest.mark.parametrize("wrong", EDITS[::40], ids=lambda each: each.name.replace(" ", "-"))
def test_what_is_remembered_of_the_shipped_graph_hides_nothing_of_an_edit(wrong: Edit) -> None:
    shapes = shapes_without_review()

    found = judging.after(wrong.minus, wrong.plus, shapes)

    assert {*found} == {*judging.after(wrong.minus, wrong.plus, shapes, anew=True)}


def claim_of(number: str) -> str:
    """Return all that is said of a claim, as N-Triples."""
    return "".join(
        f"{quad.subject} {quad.predicate} {quad.object} .\n"
        for quad in judging.triples_of(f"{judging.BASE}id/claim/{number}")
    )


@pytest.mark.parametrize("number", NUMBERS)
def test_a_claim_that_is_dropped_is_found_and_named(number: str) -> None:
    shapes = judging.shapes_of(*LAYERS)

    found = judging.after(claim_of(number), "", shapes)

    lost = rf"Claim {number} is missing|is not cited|without a negative claim"
    assert any(re.search(lost, each.message) for each in found)


@pytest.mark.parametrize("slip", SLIPS, ids=lambda each: each.name.replace(" ", "-"))
def test_a_slip_in_a_text_is_found_and_its_cure_told(slip: Slip) -> None:
    shapes = judging.shapes_of("label", "prefixes", "restatement", "words")
    (minus,) = judging.quads(f"{slip.node} {slip.path} 'text'@{slip.language} .")
    old, new = slip.words
    text = judging.text_of(minus, slip.language)
    assert old in text

    triple = f"{minus.subject} {minus.predicate}"
    found = judging.after(
        f"{triple} {Literal(text, slip.language).n3()} .",
        f"{triple} {Literal(text.replace(old, new), slip.language).n3()} .",
        shapes,
    )

    assert any(slip.says in each.message for each in found), [each.message for each in found]


@pytest.mark.parametrize(("number", "cited", "other"), MOVES)
def test_a_claim_that_cites_another_sentence_is_looked_at_again(
    number: str, cited: str, other: str
) -> None:
    shapes = judging.shapes_of("prefixes", "restatement")

    found = judging.after(
        f"claim:{number} dip:statedIn {BN}{cited} .",
        f"claim:{number} dip:statedIn {BN}{other} .",
        shapes,
    )

    assert any("see which" in each.message for each in found), [each.message for each in found]


TOGETHER = [
    # words, in nodes that have nothing to do with each other
    label(
        "another seat",
        "mission:AZE-CAN-embassy",
        "en",
        "Ottawa",
        "Ankara",
        "names another state or place",
    ),
    label(
        "a post in another state",
        "post:CAN-TUR-ambassador",
        "fr",
        "auprès de la Türkiye",
        "auprès de la Géorgie",
        "names another state than",
    ),
    label("another kind", "mission:CAN-TUR-embassy", "en", "Embassy", "Consulate", "another kind"),
    label("another caveat", "conflict:C4", "en", "C4", "C5", "does not begin with"),
    label(
        "another year compared",
        "comparison:bnwiki\\/2010-below-2008",
        "en",
        "2008",
        "2009",
        "which is that of one side",
    ),
    said("the parliament of no state", "F6", "en", "of Azerbaijan", "", "is about Azerbaijan"),
    said("help for no state", "F40", "en", " of Canada to Azerbaijan", "", "is about Azerbaijan"),
    said(
        "another embassy",
        "F43",
        "en",
        "Canada in Ankara",
        "Azerbaijan in Ottawa",
        "which no passage that the claim cites names",
    ),
    Slip(
        "a passage of another state",
        "source:bnwiki-azerbaijan-canada\\/S9",
        WORDS,
        "bn",
        ("তুরস্কে", "জর্জিয়ায়"),
        "the text in bn does not",
    ),
    said(
        "no denial in Bengali", "F5", "bn", "কোনো দূতাবাস রাখে না", "একটি দূতাবাস রাখে", "a word of denial"
    ),
    label(
        "a deficit of the other state",
        "comparison:bnwiki\\/2004-deficit",
        "en",
        "Azerbaijan with Canada",
        "Canada with Azerbaijan",
        "speaks of a deficit of Canada",
    ),
    label(
        "turned round in French",
        f"{TRADE}2010-CAN-to-AZE",
        "fr",
        "du Canada vers l'Azerbaïdjan",
        "de l'Azerbaïdjan vers le Canada",
        "turns the sides round",
    ),
    Slip(
        "a reason of another month",
        "conflict:C6",
        REASON,
        "fr",
        ("10 août", "10 juin"),
        "names X2, which states",
    ),
]
MOVED = [
    # triples of other nodes: a name, the focus node, before, after, and the cure
    (
        "X13",
        "claim:X13 dip:statedIn source:wikidata-2021\\/{} .",
        "Q104356774",
        "Q5369560",
        "cites",
    ),
    ("X29", "claim:X29 dip:statedIn source:factbook\\/{} .", "UKR", "EST", "cites"),
    (
        "F3",
        f"claim:F3 dip:statedIn {BN}{{}} .",
        "2",
        "1",
        "which the passage",
    ),
]
TAKEN = [
    ("C12", "conflict:C12 dip:concerns claim:F19 .", "names F19"),
    ("C1", "conflict:C1 dip:evidenceFor claim:X4 .", "names X4"),
    ("C7", "conflict:C7 dip:evidenceAgainst claim:X10 .", "names X10"),
    ("C16", "conflict:C16 dip:concerns claim:F50 .", "names F50"),
]
FILES = "https://github.com/factbook/factbook.json/blob/8662a8b17a784841ab4528631b04090eb2f183eb"


def test_slips_in_nodes_apart_are_all_found_in_one_run() -> None:
    shapes = judging.shapes_of(
        *("caveat", "conflict", "label", "passage", "post", "prefixes", "restatement", "words")
    )
    minus, plus, expected = [], [], []
    for slip in TOGETHER:
        (quad,) = judging.quads(f"{slip.node} {slip.path} 'text'@{slip.language} .")
        text = judging.text_of(quad, slip.language)
        wrong = text.replace(*slip.words)
        assert wrong != text, slip.name
        for into, words in ((minus, text), (plus, wrong)):
            into.append(f"{quad.subject} {quad.predicate} {Literal(words, slip.language).n3()} .")
        expected.append((quad.subject.value, slip.says))
    for number, triple, old, new, says in MOVED:
        minus.append(triple.format(old))
        plus.append(triple.format(new))
        expected.append((f"{judging.BASE}id/claim/{number}", says))
    for number, triple, says in TAKEN:
        minus.append(triple)
        expected.append((f"{judging.BASE}id/conflict/{number}", says))
    for into, name in ((minus, "am"), (plus, "gg")):
        into.append(f"source:factbook\\/ARM rdfs:seeAlso <{FILES}/central-asia/{name}.json> .")
    expected.append((f"{judging.BASE}id/source/factbook/ARM", "leads to this passage"))

    found = judging.after("\n".join(minus), "\n".join(plus), shapes)

    said_of = [(each.focus_node.strip("<>"), each.message) for each in found]
    silent = [
        (node, says)
        for node, says in expected
        if not any(node == focus and says in message for focus, message in said_of)
    ]
    assert silent == []


APART = [
    (
        "claim:X35",
        "rdf:predicate dip:treatySubject",
        "rdf:predicate dip:contactForCitizensOf",
        "the subject of the claim",
    ),
    (
        "claim:X61",
        "rdf:predicate dip:inState",
        "rdf:predicate dip:purpose",
        "the subject of the claim",
    ),
    (
        "claim:X7",
        'rdf:object "31000000"^^xsd:decimal',
        'rdf:object "13000000"^^xsd:decimal',
        "names no such amount",
    ),
    (
        "claim:X16",
        "dip:polarity def:Positive",
        "dip:polarity def:Negative",
        "has no word of denial",
    ),
    ("claim:X41", "dip:standing def:Background", "dip:standing def:Accepted", "it stands beside"),
    (
        "claim:F15",
        "dip:standing def:Accepted",
        "dip:standing def:Rejected",
        "remove the triple, or correct dip:standing",
    ),
    ("claim:F2", "dip:alsoStates dip:hasParty", "", "also states"),
    (
        "claim:F5",
        "dip:statedIn source:bnwiki-azerbaijan-canada\\/S8",
        "dip:statedIn source:bnwiki-azerbaijan-canada\\/S7",
        "which it cites, has no word of denial",
    ),
    ("claim:F44", "rdf:object place:ankara", "rdf:object place:baku", "claimed but not asserted"),
    ("claim:F60", "rdf:object state:CAN", "rdf:object state:GEO", "names neither Georgia"),
    (
        "source:azernews-2022",
        "rdfs:seeAlso <https://www.azernews.az/nation/197898.html>",
        "rdfs:seeAlso <https://www.azernews.az/nation/197889.html>",
        "do not fit the checksum",
    ),
    ("source:gac-2020", 'dct:language "en"', 'dct:language "fr"', "do not fit the checksum"),
    (
        "source:enwiki-2011",
        "dct:license <https://creativecommons.org/licenses/by-sa/3.0/>",
        "dct:license <https://creativecommons.org/licenses/by-sa/4.0/>",
        "do not fit the checksum",
    ),
    (
        "source:ukrweekly-1991",
        'dct:issued "1991-12-08"^^xsd:date',
        'dct:issued "1991-12-09"^^xsd:date',
        "do not fit the checksum",
    ),
    (
        "state:ARM",
        "skos:closeMatch <https://sws.geonames.org/174982/>",
        "skos:closeMatch <https://sws.geonames.org/174892/>",
        "is known by there",
    ),
    (
        "state:UZB",
        "skos:exactMatch <http://www.wikidata.org/entity/Q265>",
        "skos:exactMatch <http://www.wikidata.org/entity/Q256>",
        "is known by there",
    ),
    ("state:GEO", 'dip:iso3166alpha2 "GE"', 'dip:iso3166alpha2 "GR"', "not the codes of one state"),
    ("organ:CIDA", 'skos:altLabel "CIDA"@en', 'skos:altLabel "USAID"@en', "see whose acronym"),
    ("state:SUHH", 'skos:altLabel "USSR"@en', 'skos:altLabel "URSS"@en', "see whose acronym"),
    (
        "def:RegionalProjects",
        "skos:topConceptOf def:Channels",
        "skos:topConceptOf def:Sectors",
        "top concept of",
    ),
    (
        "state:EST",
        'rdfs:label "Estonia"@en , "Estonie"@fr',
        'rdfs:label "Estonie"@en , "Estonia"@fr',
        "Texts in another language name it",
    ),
    (
        "state:LVA",
        'rdfs:label "Latvia"@en , "Lettonie"@fr',
        'rdfs:label "Lettonie"@en , "Latvia"@fr',
        "Texts in another language name it",
    ),
    (
        "def:OilAndGas",
        'rdfs:label "oil and gas industry"@en , "industrie pétrolière et gazière"@fr',
        'rdfs:label "oil and gas industry"@fr , "industrie pétrolière et gazière"@en',
        "does not read as that language",
    ),
    (
        "def:LocalDevelopment",
        'skos:prefLabel "local development"@en , "développement local"@fr',
        'skos:prefLabel "local development"@fr , "développement local"@en',
        "does not read as that language",
    ),
    (
        "source:bnwiki-azerbaijan-canada\\/S19",
        'rdfs:label "Bengali article, sentence 19"@en , "Article bengali, phrase 19"@fr',
        'rdfs:label "Bengali article, sentence 19"@fr , "Article bengali, phrase 19"@en',
        "does not read as that language",
    ),
    (
        "conflict:C12",
        'rdfs:label "C12: present tense without a date"@en',
        'rdfs:label "C12 : présent sans date"@en',
        "does not read as that language",
    ),
    (
        "source:wikidata-2021",
        'dct:creator "Contributors to Wikidata"@en , "Contributeurs de Wikidata"@fr',
        'dct:creator "Contributors to Wikidata"@fr , "Contributeurs de Wikidata"@en',
        "does not read as that language",
    ),
    ("conflict:C20", "dip:concerns claim:X70", "", "names X70"),
    ("conflict:C18", "dip:concerns claim:X64", "", "names X64"),
    (
        "conflict:C1",
        "dip:evidenceAgainst claim:F31",
        "dip:evidenceFor claim:F31",
        "see which side is which",
    ),
    (
        "conflict:C6",
        "dip:conflictKind def:DateConflict",
        "dip:conflictKind def:MagnitudeConflict",
        "correct the kind",
    ),
    (
        "post:CAN-TUR-ambassador",
        "dip:headOf mission:CAN-TUR-embassy",
        "dip:headOf mission:AZE-CAN-embassy",
        "is named post/AZE-CAN-word",
    ),
    (
        "accreditation:CAN-TKM",
        "dip:receivingState state:TKM",
        "dip:receivingState state:UZB",
        "named accreditation/CAN-UZB",
    ),
    ("state:CAN", "", "dip:hasEmbassyIn state:AZE", "does not follow"),
    ("mission:CAN-TUR-embassy", "", "dip:serves state:ARM", "does not follow"),
    (
        "comparison:bnwiki\\/2010-below-2008",
        "dip:left trade:bnwiki\\/2010-total ; dip:right trade:bnwiki\\/2008-total",
        "dip:left trade:bnwiki\\/2008-total ; dip:right trade:bnwiki\\/2010-total",
        "see which side is which",
    ),
    (
        "treaty:AZE-CAN-2004-tax",
        "dip:treatySubject def:AvoidanceOfDoubleTaxation",
        "dip:treatySubject def:OilAndGas",
        "is not cited",
    ),
    (
        "event:EST-independence-1991",
        "dip:fromState state:SUHH",
        "dip:fromState state:RUS",
        "names another state or place",
    ),
    (
        "programme:CAN-AZE-technical-assistance",
        "dip:fundedBy organ:CIDA",
        "dip:fundedBy organ:AZE-parliament",
        "is not cited",
    ),
    (
        "activity:CAN-firms-AZE-oil-gas",
        "dip:sector def:OilAndGas",
        "dip:sector def:EnergyTransmission",
        "is not cited",
    ),
    (
        "trade:enwiki\\/2010-CAN-to-AZE",
        'dip:amount "20000000"^^xsd:decimal',
        'dip:amount "2000000"^^xsd:decimal',
        "is not cited",
    ),
    (
        "state:KAZ",
        'rdfs:label "Kazakhstan"@fr',
        "",
        "in fr, though the data set has its title in that language",
    ),
    (
        "conflict:C9",
        'rdfs:label "C9 : objets de la convention fiscale"@fr',
        "",
        "add the text with that tag",
    ),
    ("def:Taxation", 'skos:prefLabel "taxation"@en', "", "give both the same words"),
    ("source:factbook\\/EST", 'dip:checksum "f195664fac52ee44"', "", "The passage has no checksum"),
    (
        "source:factbook\\/UKR",
        "rdfs:seeAlso <https://github.com/factbook/factbook.json/blob/8662a8b17a784841ab4528631b04090eb2f183eb/europe/up.json>",
        "",
        "The passage has no link",
    ),
    ("source:pmo-2011", 'dip:checksum "1d197d3c7ab7f158"', "", "The source has no checksum"),
    ("state:TUR", 'dip:iso3166alpha2 "TR"', "", "no alpha-2 code"),
    (
        "place:ottawa",
        "skos:closeMatch <https://sws.geonames.org/6094817/>",
        "",
        "add the IRI of what GeoNames has of it",
    ),
    (
        "state:SUHH",
        "skos:exactMatch <http://www.wikidata.org/entity/Q15180>",
        "",
        "add the IRI of its item in Wikidata",
    ),
    (
        "organ:AZE-parliament",
        "dip:statedIn source:bnwiki-azerbaijan-canada\\/S3",
        "",
        "The organ names no passage",
    ),
    ("conflict:C8", "dip:concerns claim:X15", "", "names X15"),
    ("claim:F8", "dip:standing def:Accepted", "dip:standing def:Background", "set dip:standing to"),
    (
        "conflict:C3",
        "dip:conflictKind def:DirectionConflict",
        "dip:conflictKind def:InternalConflict",
        "no claim against is of the same source",
    ),
    (
        "<https://diplomacy.example/dataset>",
        'dct:title "Azerbaijan-Canada relations, cited"@en',
        'dct:title "Azerbaijan-Belarus relations, cited"@en',
        "but not in",
    ),
]
"""Edits of nodes that have nothing to do with each other: the node, before, after, and the cure."""


def test_edits_of_nodes_apart_are_all_found_in_one_run() -> None:
    minus = "\n".join(f"{node} {old} ." for node, old, _, _ in APART if old)
    plus = "\n".join(f"{node} {new} ." for node, _, new, _ in APART if new)

    found = judging.after(minus, plus, shapes_without_review())

    said_of = [(each.focus_node.strip("<>"), each.message) for each in found]
    silent = []
    for node, old, new, says in APART:
        (quad,) = judging.quads(f"{node} a dip:Thing .")
        if not any(quad.subject.value == focus and says in message for focus, message in said_of):
            silent.append((node, old, new, says))
    assert len(APART) > 50
    assert silent == []
