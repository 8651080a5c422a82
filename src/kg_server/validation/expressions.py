"""Expressions of SPARQL constraints, where rdflib 7.6 evaluates them otherwise than SPARQL 1.1.

Otherwise a verdict would depend on the neighbours: the prefilter follows SPARQL, and pySHACL, which
evaluates with rdflib, judges the nodes that the prefilter leaves.

- ``<`` and the like find an order between a text and a number, or none for years before 1 (§17.3).
- ``IN`` compares terms, so that ``1.0`` is not in ``(1)`` (§17.4.1.9).
- ``&&`` is an error if one operand is, even if the other one is false (§17.2).
- ``STR`` and ``STRDT`` accept blank nodes (§17.4.2.5, §17.4.2.9).
- ``isNumeric`` is true for ill-typed numbers (§17.4.2.4), and arithmetic with them ends the query.
- Casts between numbers and truth values fail (§17.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from rdflib import RDF, XSD, BNode, Literal
from rdflib.plugins.sparql import operators
from rdflib.plugins.sparql.sparql import SPARQLError

from kg_server.rdf import datatypes
from kg_server.rdf import namespaces as ns

_ORDERS = {"<": {-1}, "<=": {-1, 0}, ">": {1}, ">=": {0, 1}}
_NUMBERS = (XSD.integer, XSD.decimal, XSD.float, XSD.double, XSD.boolean)
_ENDS_QUERY = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""Errors besides those of SPARQL that functions of rdflib raise at unexpected values."""


def correct(part: Any) -> None:
    """Give an expression of a parsed query the evaluation that SPARQL says."""
    evaluate = _CORRECTED.get(part.name)
    theirs = getattr(part, "_evalfn", None)
    if evaluate is not None:
        part._evalfn = partial(_guarded, partial(evaluate, part))
    elif theirs is not None and getattr(theirs, "func", None) is not _guarded:
        # All queries with OPTIONAL share one expression, TrueFilter of rdflib.
        part._evalfn = partial(_guarded, theirs)


def typed(literal: Literal) -> tuple[str, str]:
    """Return the text of a literal, and the IRI of its datatype (SPARQL 1.1 §17.4.2.3)."""
    datatype = RDF.langString if literal.language else literal.datatype or XSD.string
    return str(literal), str(datatype)


def _guarded(evaluate: Callable[[Any], Any], bindings: Any) -> Any:
    """Evaluate; an odd value is an error of the expression, not the end of the query."""
    try:
        return evaluate(bindings)
    except _ENDS_QUERY as error:
        raise SPARQLError(str(error)) from error


def _related(part: Any, bindings: Any) -> Any:
    """Compare two values, or one with those of a list (SPARQL 1.1 §17.3, §17.4.1.9)."""
    sign, one, other = part.op, part.expr, part.other
    if sign in ("IN", "NOT IN"):
        return _is_among(one, [] if other == RDF.nil else other, is_in=sign == "IN")
    if sign not in _ORDERS or not isinstance(one, Literal) or not isinstance(other, Literal):
        return operators.RelationalExpression(part, bindings)
    order = datatypes.compare(typed(one), typed(other))
    if order is None and not (_is_number(one) and _is_number(other)):  # NaN is in no order
        raise SPARQLError(f"{one.n3()} and {other.n3()} cannot be compared")
    return Literal(order in _ORDERS[sign])


def _is_among(one: Any, others: Any, *, is_in: bool) -> Literal:
    if isinstance(one, SPARQLError):
        raise one
    error: SPARQLError | None = None
    for other in others:
        if isinstance(other, SPARQLError):
            error = other
        elif _are_equal(one, other):
            return Literal(is_in)
    if error is not None:
        raise error
    return Literal(not is_in)


def _are_equal(one: Any, other: Any) -> bool:
    if one == other or not isinstance(one, Literal) or not isinstance(other, Literal):
        return bool(one == other)
    return datatypes.compare(typed(one), typed(other)) == 0


def _all(part: Any, _bindings: Any) -> Literal:
    """Return whether all operands are true; false if one is false, whatever the others are."""
    error: SPARQLError | None = None
    for each in (part.expr, *part.other):
        try:
            if not operators.EBV(each):
                return Literal(False)
        except SPARQLError as raised:
            error = raised
    if error is not None:
        raise error
    return Literal(True)


def _text(part: Any, bindings: Any) -> Literal:
    if isinstance(part.arg, BNode):
        raise SPARQLError("a blank node has no text")
    return operators.Builtin_STR(part, bindings)


def _with_datatype(part: Any, bindings: Any) -> Literal:
    text = part.arg1
    if not isinstance(text, Literal) or typed(text)[1] != str(XSD.string):
        raise SPARQLError("STRDT takes a plain string")
    return operators.Builtin_STRDT(part, bindings)


def _is_numeric(part: Any, _bindings: Any) -> Literal:
    value = part.arg
    if isinstance(value, SPARQLError):
        raise value
    return Literal(isinstance(value, Literal) and _is_number(value))


def _is_number(literal: Literal) -> bool:
    text, datatype = typed(literal)
    zero = "0", f"{ns.XSD}integer"
    is_alike = datatypes.compare((text, datatype), zero) is not None
    return is_alike or (text == "NaN" and datatype in (str(XSD.float), str(XSD.double)))


def _called(part: Any, bindings: Any) -> Any:
    """Call a function; a cast between numbers and truth values is one of XPath (§17.5)."""
    arguments = part.expr
    if part.iri in _NUMBERS and len(arguments) == 1 and isinstance(arguments[0], Literal):
        value = arguments[0]
        if value.datatype == XSD.boolean and part.iri != XSD.boolean and not value.ill_typed:
            return _number(part.iri, 1 if str(value) in ("true", "1") else 0)
        if _is_number(value):
            return _number(part.iri, value.toPython())
    return operators.Function(part, bindings)


def _number(datatype: Any, value: Any) -> Literal:
    """Return a number as one of another datatype; raise for ``INF`` or ``NaN`` as a decimal."""
    if datatype == XSD.boolean:
        return Literal(value != 0 and value == value)
    if datatype == XSD.integer:
        return Literal(int(value), datatype=datatype)
    if datatype == XSD.decimal:
        number = Decimal(str(value))
        if not number.is_finite():
            raise SPARQLError(f"{value} is no decimal")
        return Literal(number, datatype=datatype)
    return Literal(float(value), datatype=datatype)


_CORRECTED: Mapping[str, Callable[[Any, Any], Any]] = {
    "RelationalExpression": _related,
    "ConditionalAndExpression": _all,
    "Builtin_STR": _text,
    "Builtin_STRDT": _with_datatype,
    "Builtin_isNUMERIC": _is_numeric,
    "Function": _called,
}
"""Evaluation by the name of the expression in rdflib's algebra."""
