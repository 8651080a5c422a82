"""Shapes graphs: which shapes have constraints, and which graphs have been checked before."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from rdflib import RDF, SH, Literal, URIRef

from kg_server.errors import ProjectFault
from kg_server.rdf import namespaces as ns
from kg_server.validation import cache
from kg_server.validation.prefilter.patterns import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rdflib import Graph
    from rdflib.term import Node


SHACL_1_2 = frozenset(
    (
        *("ShapeClass", "memberShape", "minListLength", "maxListLength", "uniqueMembers", "shape"),
        *("someValue", "singleLine", "subsetOf", "rootClass", "uniqueValuesFor", "targetWhere"),
        *("reifierShape", "reificationRequired", "nodeByExpression", "ByTypes", "Debug", "Trace"),
        *("SPARQLExpr", "conformanceDisallows", "codeIdentifier", "agentInstruction", "values"),
        *("memberDatatype", "minMembers", "maxMembers", "hasConstraint", "constraint"),
    )
)
"""Terms of SHACL 1.2 that neither SHACL 1.0 nor its Advanced Features have."""
_LEAD_ON = frozenset((SH.property, SH.node))
"""Parameters that constrain only if the shapes that are their values do."""
_CONSTRAINTS = frozenset(map(URIRef, PARAMETERS)) - _LEAD_ON
"""Parameters that are a constraint by themselves."""
_ADVANCED = ("expression", "rule", "values")
_TARGETS = ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf", "target")


def check(shapes: Graph) -> None:
    """Check that there are shapes.

    Raises:
        ProjectFault: there are none.
    """
    kinds = (SH.NodeShape, SH.PropertyShape)
    if not any((None, RDF.type, kind) in shapes for kind in kinds) and not any(
        (None, URIRef(ns.SH + target), None) in shapes for target in _TARGETS
    ):
        message = "there is no sh:NodeShape and no sh:PropertyShape: these are no shapes"
        raise ProjectFault(message)


def checking(shapes: Graph, some: Iterable[Node], *, advanced: bool) -> list[Node]:
    """Return the shapes that have a constraint and are not deactivated.

    Args:
        shapes: the shapes graph.
        some: the shapes to look at.
        advanced: whether to count constraints of SHACL Advanced Features.
    """
    parameters: set[Node] = {*_CONSTRAINTS}
    if advanced:
        parameters.update(URIRef(ns.SH + name) for name in _ADVANCED)
    for parameter in shapes.objects(None, SH.parameter):
        parameters.update(shapes.objects(parameter, SH.path))

    def checks(shape: Node) -> bool:
        seen, waiting = {shape}, [shape]
        while waiting:
            each = waiting.pop()
            if (each, SH.deactivated, Literal(True)) in shapes:
                continue
            for predicate, value in shapes.predicate_objects(each):
                if predicate in parameters:
                    return True
                if predicate in _LEAD_ON and value not in seen:
                    seen.add(value)
                    waiting.append(value)
        return False

    return [each for each in some if checks(each)]


def has_queried_targets(shapes: Graph) -> bool:
    """Tell whether a shape has a target of SHACL Advanced Features (§3.1)."""
    return any(shapes.triples((None, URIRef(f"{ns.SH}target"), None)))


def known_good(shapes: Graph) -> bool:
    """Tell whether these shapes have been checked before, and can be used.

    The package has the hash of its own shapes (``shapes_checked.txt``, which a test keeps true).
    The hashes of other shapes are in the user's cache directory.
    """
    digest = digest_of(shapes)
    shipped = Path(__file__).with_name("shapes_checked.txt").read_text("ascii").split()
    if digest in shipped:
        return True
    try:
        return (cache.folder("shapes") / digest).exists()
    except OSError:  # it is another user's, or there is none
        return False


def remember(shapes: Graph) -> None:
    """Note that these shapes can be used. If nothing can be written, they are checked each time."""
    with suppress(OSError):
        place = cache.folder("shapes")
        place.mkdir(parents=True, exist_ok=True)
        (place / digest_of(shapes)).touch()


def digest_of(shapes: Graph) -> str:
    """Return a hash of the shapes; ``graphs`` names blank nodes the same each time."""
    minor, _, _ = version("pyshacl").rpartition(".")
    digest = hashlib.sha256(minor.encode())
    for line in sorted(" ".join(term.n3() for term in triple) for triple in shapes):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()[:40]
