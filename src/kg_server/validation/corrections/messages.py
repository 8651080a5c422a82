"""Messages of results, with values in place of variables (SHACL §5.2.2, §6.2.3).

pySHACL 0.40 inserts a value as the replacement text of a regular expression, so that a backslash in
it is an error. If a component has several results, each also has the messages of those before it.

pySHACL also writes a text about each result that nobody reads. It copies each blank node into the
report with its triples, ten steps deep: eight blank nodes that all refer to each other take
minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyshacl import validator
from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.constraints.sparql.sparql_based_constraint_components import SPARQLConstraintComponent
from pyshacl.helper.sparql_query_helper import SPARQLQueryHelper
from pyshacl.rdfutil import stringify
from pyshacl.rdfutil.clone import clone_blank_node
from rdflib import SH, BNode, Literal, URIRef

_VARIABLE = re.compile(r"\{[?$](\w+)\}")


class _Latest(list[Any]):
    """A list in which new items replace the old ones."""

    def extend(self, items: Iterable[Any]) -> None:
        self[:] = items


def filled(text: str, values: Mapping[Any, Any]) -> str:
    """Return a message with terms in place of its variables; IRIs are in angle brackets."""
    bound = {str(name): value for name, value in values.items() if value is not None}
    return _VARIABLE.sub(lambda match: _shown(bound.get(match[1]), match[0]), text)


def _shown(term: Any, variable: str) -> str:
    if term is None:
        return variable
    if isinstance(term, BNode):
        return "a blank node"
    return f"<{term}>" if isinstance(term, URIRef) else str(term)


def _format(_component: Any, text: str, bound: Any) -> str:
    if isinstance(bound, dict):
        return filled(text, bound)
    if not isinstance(bound, tuple | list):
        return text
    names = dict(zip(("this", "path", "value"), bound, strict=False))
    others = bound[3] if len(bound) > 3 else {}
    return filled(
        text, {**others, **{name: each for name, each in names.items() if each is not None}}
    )


def _bind(helper: Any, values: Mapping[str, Any] | None = None) -> None:
    bindings = helper.param_bind_map if values is None else values
    helper.bound_messages = {
        Literal(filled(str(each), bindings), lang=each.language, datatype=each.datatype)
        for each in helper.unbound_messages
    }


def _clone(graph: Any, node: BNode, report: Any, *, keepid: bool = False) -> BNode:
    """Copy the blank node of a path into the report; return any other as it is."""
    if (None, SH.path, node) in graph:
        return clone_blank_node(graph, node, report, keepid=keepid)
    return node


_REPLACED: tuple[tuple[Any, str, Any], ...] = (
    (ConstraintComponent, "_format_sparql_based_result_message", _format),
    (SPARQLQueryHelper, "bind_messages", _bind),
    (SPARQLConstraintComponent, "messages", property(lambda _component: _Latest())),
    (ConstraintComponent, "make_v_result_description", lambda *_, **_others: ""),
    (stringify, "stringify_blank_node", lambda *_, **_others: "a blank node"),
    (validator, "clone_blank_node", _clone),
)


@contextmanager
def applied() -> Iterator[None]:
    """Replace pySHACL's messages by those of this module inside the block."""
    theirs = [(kind, name, kind.__dict__[name]) for kind, name, _ in _REPLACED]
    for kind, name, ours in _REPLACED:
        setattr(kind, name, ours)
    try:
        yield
    finally:
        for kind, name, own in theirs:
            setattr(kind, name, own)
