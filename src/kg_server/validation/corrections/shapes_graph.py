"""Shapes graphs for pySHACL, with the triples that SHACL implies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rdflib import OWL, RDF, RDFS, SH, XSD, Literal, URIRef

from kg_server.project import ProjectFile
from kg_server.validation import graphs

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

_FLAGS = ("closed", "uniqueLang", "deactivated", "qualifiedValueShapesDisjoint", "optional")
_COUNTS = ("qualifiedMinCount", "qualifiedMaxCount")
_PARTS = (
    (("ignoredProperties",), ("closed",)),
    (("qualifiedValueShape",), _COUNTS),
    ((*_COUNTS, "qualifiedValueShapesDisjoint"), ("qualifiedValueShape",)),
    (("flags",), ("pattern",)),
)
"""Parameters that need another one, and the others of which one is enough."""
_TARGETS = ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf", "target")
_PARAMETERS = (
    *("class", "datatype", "nodeKind", "minCount", "maxCount", "minExclusive", "minInclusive"),
    *("maxExclusive", "maxInclusive", "minLength", "maxLength", "pattern", "languageIn"),
    *("uniqueLang", "equals", "disjoint", "lessThan", "lessThanOrEquals", "not", "and", "or"),
    *("xone", "node", "property", "qualifiedValueShape", "closed", "hasValue", "in", "sparql"),
)


def read(files: Sequence[ProjectFile]) -> Graph:
    """Read shapes files into one graph, changed by ``write_out``.

    Raises:
        ProjectFault: there are no such files, they have no triples, or one is not well-formed.
    """
    shapes = graphs.read(files, "shapes")
    write_out(shapes)
    return shapes


def write_out(shapes: Graph) -> None:
    """Change a shapes graph so that pySHACL follows the specification.

    Args:
        shapes: the shapes graph, which is changed in place.
    """
    _leave_out_false(shapes)
    _leave_out_parts(shapes)
    _leave_out_scripts(shapes)
    _add_implicit_targets(shapes)
    _add_imported_prefixes(shapes)


def _leave_out_false(shapes: Graph) -> None:
    """Remove flags that are not the term ``true`` (SHACL §4.4.5, §4.8.1, §2.1.6).

    pySHACL takes ``"1"^^xsd:boolean`` for true (W3C test core/property/uniqueLang-002,
    w3c/data-shapes#98). A value that is no boolean stays: ``ill_formed`` reports it.
    """
    for name in _FLAGS:
        for text in ("1", "0", "false"):
            shapes.remove((None, SH[name], Literal(text, datatype=XSD.boolean, normalize=False)))


def _leave_out_parts(shapes: Graph) -> None:
    """Remove parameters without the other one that their component needs: alone they mean nothing.

    A shape declares a constraint by all mandatory parameters of a component (SHACL §2.1.1), such as
    ``sh:closed`` (§4.8.1). pySHACL raises an error if one is missing (RDFLib/pySHACL#58). A value
    that must be a list and is none stays, so that ``ill_formed`` reports it.
    """
    for parts, others in _PARTS:
        for part in parts:
            for shape, value in list(shapes.subject_objects(SH[part])):
                if part == "ignoredProperties" and not _is_list(shapes, value):
                    continue
                if not any((shape, SH[other], None) in shapes for other in others):
                    shapes.remove((shape, SH[part], value))


def _is_list(shapes: Graph, value: Node) -> bool:
    return value == RDF.nil or (value, RDF.first, None) in shapes


def _leave_out_scripts(shapes: Graph) -> None:
    """Remove targets and rules in JavaScript, at which pySHACL raises an error (SHACL-JS).

    The lint rule ``not-checked`` reports them.
    """
    for script in set(shapes.subjects(SH.jsFunctionName)):
        for predicate in (SH.target, SH.rule):
            shapes.remove((None, predicate, script))


def _add_implicit_targets(shapes: Graph) -> None:
    """Give shapes that are classes their instances as targets (SHACL §2.1.3.3).

    A class is a SHACL instance of ``rdfs:Class``, by any number of ``rdfs:subClassOf``; pySHACL
    follows only one.
    """
    for shape in set(_classes(shapes)):
        if isinstance(shape, URIRef) and _is_shape(shapes, shape):
            shapes.add((shape, SH.targetClass, shape))
            kind = SH.PropertyShape if (shape, SH.path, None) in shapes else SH.NodeShape
            shapes.add((shape, RDF.type, kind))


def _classes(shapes: Graph) -> Iterator[Node]:
    for root in (RDFS.Class, OWL.Class):
        for kind in shapes.transitive_subjects(RDFS.subClassOf, root):
            yield from shapes.subjects(RDF.type, kind)


def _is_shape(shapes: Graph, node: Node) -> bool:
    """Tell whether a node is a shape (SHACL §2.1)."""
    kinds = {
        each
        for kind in shapes.objects(node, RDF.type)
        for each in shapes.transitive_objects(kind, RDFS.subClassOf)
    }
    if not kinds.isdisjoint({SH.NodeShape, SH.PropertyShape}):
        return True
    return any((node, SH[name], None) in shapes for name in (*_PARAMETERS, *_TARGETS))


def _add_imported_prefixes(shapes: Graph) -> None:
    """Give SPARQL constraints the prefixes that their ontology imports (SHACL §5.2.1).

    pySHACL does not follow ``owl:imports`` (W3C test sparql/node/prefixes-001).
    """
    pairs: list[tuple[Any, Any]] = list(shapes.subject_objects(SH.prefixes))
    for constraint, holder in pairs:
        imports: list[Any] = list(shapes.transitive_objects(holder, OWL.imports))
        for imported in imports:
            if (imported, SH.declare, None) in shapes:
                shapes.add((constraint, SH.prefixes, imported))
