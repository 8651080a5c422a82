"""Rules about literals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kg_server.rdf import datatypes
from kg_server.validation.lint.context import Material, RuleFinding
from kg_server.validation.prefilter.values import is_plain


def ill_typed(material: Material) -> Iterator[RuleFinding]:
    """Yield literals whose text is not valid for their datatype (RDF 1.1 Concepts §3.3).

    A query selects the literals that are not certainly well-typed; Python checks these.
    """
    query = (
        "SELECT ?subject ?predicate ?value WHERE { ?subject ?predicate ?value "
        f"FILTER (isLiteral(?value) && !({is_plain('?value')})) }}"
    )
    solutions: Any = material.store.query(query)
    triples = [tuple(solution) for solution in solutions]
    # For altered literals, the text of the files counts, not that of the store.
    written = material.facts.written
    triples = [each for each in triples if each not in written]
    triples += [(*triple[:2], value) for triple, values in written.items() for value in values]
    for subject, predicate, value in triples:
        if datatypes.is_ill_typed(value.value, value.datatype.value):
            kind = material.short(value.datatype.value)
            message = f'"{value.value}" is not valid for the datatype {kind}.'
            yield RuleFinding(focus=subject, message=message, path=predicate, value=value)
