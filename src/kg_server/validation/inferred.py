"""Triples that data and ontology entail by RDFS or OWL 2 RL, and contradictions among them.

pySHACL can infer them as well, but the prefilter would not see them. Without the prefilter, pySHACL
takes an hour instead of a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyoxigraph
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from kg_server.rdf import terms
from kg_server.validation.report import RULES_IRI, Finding, Severity

INCONSISTENT = f"<{RULES_IRI}inconsistent>"
"""The shape of findings about triples that contradict each other by OWL 2 RL."""

_ERROR = Namespace("http://www.daml.org/2002/03/agents/agent-ont#")
"""Vocabulary of the triples by which owlrl 7 reports contradictions."""


def prepare() -> None:
    """Import the modules that ``infer`` needs, before a child process may open no more files."""
    import pyshacl.inference  # noqa: F401  # it imports owlrl


def infer(data: Graph, kind: str) -> tuple[list[Any], tuple[Finding, ...]]:
    """Return the inferred triples in pyoxigraph's terms, and a finding for each contradiction.

    Args:
        data: data and ontology; inferred triples are added in place.
        kind: ``rdfs`` or ``owlrl``.
    """
    import owlrl
    from pyshacl.inference import CustomRDFSSemantics

    before = set(data)
    subjects = set(data.subjects())
    owlrl.DeductiveClosure(CustomRDFSSemantics if kind == "rdfs" else owlrl.OWLRL_Semantics).expand(
        data
    )
    errors = set(data.subjects(RDF.type, _ERROR.ErrorMessage))
    messages = sorted({str(each) for each in data.objects(None, _ERROR.error)})
    triples = [
        pyoxigraph.Quad(*map(terms.to_pyoxigraph, triple))
        for triple in data
        # OWL 2 RL also infers triples with a literal as subject, which are not RDF.
        if triple not in before and triple[0] not in errors and not isinstance(triple[0], Literal)
    ]
    return triples, tuple(_contradictions(messages, subjects))


def _contradictions(messages: list[str], subjects: set[Node]) -> Iterator[Finding]:
    for message in messages:
        named = [URIRef(each) for each in re.findall(r"[^\s(),']+:[^\s(),']+", message)]
        about = [each for each in named if each in subjects]
        if about:  # otherwise a literal is ill-typed, which a lint rule reports
            yield Finding(
                severity=Severity.VIOLATION,
                focus_node=terms.n_triples(about[-1]),
                path=None,
                value=None,
                source_shape=INCONSISTENT,
                source_constraint=None,
                component=INCONSISTENT,
                message=f"By OWL 2 RL, data and ontology contradict each other: {message}",
            )
