"""Evaluation of property paths (SHACL §2.3.1), as in SPARQL (SPARQL 1.1 §9.1).

pySHACL 0.40 evaluates the inverse of a sequence in the wrong order: ``^(a/b)`` is ``^b/^a``, not
``^a/^b``. It raises an error at a sequence of more than ten steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pyshacl import shape
from pyshacl.helper import expression_helper
from rdflib import RDF, SH, Literal, URIRef
from rdflib.term import Node

_NAME = "value_nodes_from_path"
_USERS: tuple[Any, ...] = (shape, expression_helper)
"""Modules of pySHACL that import its function under this name."""

Step = Callable[[Node], Iterable[Node]]


@contextmanager
def applied() -> Iterator[None]:
    """Replace pySHACL's evaluation of paths by this module's inside the block."""
    theirs = getattr(expression_helper, _NAME)
    for user in _USERS:
        setattr(user, _NAME, _value_nodes)
    try:
        yield
    finally:
        for user in _USERS:
            setattr(user, _NAME, theirs)


def _value_nodes(shapes: Any, focus: Node, path: Node, data: Any, **_: Any) -> set[Node]:
    return _reached(shapes.graph, data, path, {focus}, inverse=False)


def _reached(
    shapes: Any, data: Any, path: Node, nodes: Iterable[Node], *, inverse: bool
) -> set[Node]:
    """Return the nodes at the end of a well-formed path, or at its start if ``inverse``."""

    def step(inner: Node) -> Step:
        return lambda node: _reached(shapes, data, inner, {node}, inverse=inverse)

    if isinstance(path, URIRef):
        if inverse:
            return {each for node in nodes for each in data.subjects(path, node)}
        subjects = (node for node in nodes if not isinstance(node, Literal))
        return {each for node in subjects for each in data.objects(node, path)}
    if (path, RDF.first, None) in shapes:
        members = list(shapes.items(path))
        for member in reversed(members) if inverse else members:
            nodes = _reached(shapes, data, member, nodes, inverse=inverse)
        return set(nodes)
    ((kind, inner),) = shapes.predicate_objects(path)
    if kind == SH.inversePath:
        return _reached(shapes, data, inner, nodes, inverse=not inverse)
    if kind == SH.alternativePath:
        parts = (
            _reached(shapes, data, each, nodes, inverse=inverse) for each in shapes.items(inner)
        )
        return set().union(*parts)
    if kind == SH.zeroOrOnePath:
        return {*nodes, *_reached(shapes, data, inner, nodes, inverse=inverse)}
    start = (
        nodes
        if kind == SH.zeroOrMorePath
        else _reached(shapes, data, inner, nodes, inverse=inverse)
    )
    return _closure(start, step(inner))


def _closure(nodes: Iterable[Node], step: Step) -> set[Node]:
    """Return the nodes, and all nodes that any number of steps reaches from them."""
    seen = set(nodes)
    waiting = list(seen)
    while waiting:
        for each in step(waiting.pop()):
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return seen
