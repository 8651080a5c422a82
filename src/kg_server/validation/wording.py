"""Messages of findings: ``sh:message`` in the reader's language, or else a default sentence.

pySHACL's own sentences are made for programmers. If a shape has no ``sh:message``, the table
``_SENTENCES`` at the end has a sentence for each constraint component: the actual value, and the
expected one. IRIs are in N-Triples syntax, so that each report format can shorten them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyoxigraph as ox
from rdflib import SH, BNode, Graph, Literal, URIRef

from kg_server.rdf import datatypes, terms
from kg_server.rdf import namespaces as ns
from kg_server.validation import graphs, paths
from kg_server.validation.paths import Objects
from kg_server.validation.report import Finding

_RDF_TYPE = f"<{ns.RDF}type>"
_LITERAL = re.compile(
    r'"(?P<text>(?:[^"\\]|\\.)*+)"(?:@(?P<tag>[\w-]+)|\^\^<(?P<type>[^<>]*)>)?', re.DOTALL
)
_VARIABLE = re.compile(r"\{[?$](\w+)\}")
_MEMBERS = {"this", "value", "path"}
"""Variables of messages whose values a finding has as members."""
_MOST_LISTED = 8
_OF_A_COMPONENT = "Parameterised SHACL Query generated constraint validation reports."
"""Message of pySHACL for a custom constraint component that has none."""
_OF_AN_EXPRESSION = "Expression evaluation generated constraint did not return true."
"""Message of pySHACL for an expression of the SHACL Advanced Features that has none."""
_KINDS = {
    "IRI": "an IRI",
    "BlankNode": "a blank node",
    "Literal": "a literal",
    "BlankNodeOrIRI": "a blank node or an IRI",
    "BlankNodeOrLiteral": "a blank node or a literal",
    "IRIOrLiteral": "an IRI or a literal",
}
_PARAMETERS = {
    "Class": "class",
    "HasValue": "hasValue",
    "Equals": "equals",
    "Disjoint": "disjoint",
    "LessThan": "lessThan",
    "LessThanOrEquals": "lessThanOrEquals",
    "Node": "node",
    "Not": "not",
    "And": "and",
    "Or": "or",
    "Xone": "xone",
}
"""Parameters that a shape may have several times, and those of property pairs, by component."""


def best(texts: Iterable[Any], spoken: Sequence[str]) -> Any:
    """Return the literal in the most preferred language, else one without a language, else any.

    Languages match by their first subtag, too: a text in ``de`` serves a reader of ``de-AT``.

    Raises:
        ValueError: there are no literals.
    """

    def rank(text: Any) -> tuple[int, int, str]:
        tag = (text.language or "").lower()
        for number, language in enumerate(spoken):
            if tag == language:
                return number, 0, str(text)
            if tag and tag.split("-")[0] == language.split("-")[0]:
                return number, 1, str(text)
        return len(spoken), int(bool(tag)), str(text)

    return min(texts, key=rank)


def with_one_message(shapes: Graph, spoken: Sequence[str]) -> Graph:
    """Return a shapes graph in which each shape has one message, in the reader's language."""
    messages: dict[Any, list[Any]] = defaultdict(list)
    for shape, message in shapes.subject_objects(SH.message):
        messages[shape].append(message)
    several = {shape: texts for shape, texts in messages.items() if len(texts) > 1}
    if not several:
        return shapes
    copy = graphs.graph()
    copy += shapes
    for shape, texts in several.items():
        literals = [each for each in texts if isinstance(each, Literal)]
        copy.remove((shape, SH.message, None))
        copy.add((shape, SH.message, best(literals or texts, spoken)))
    return copy


class Words:
    """Messages for the findings of a shapes graph."""

    def __init__(self, shapes: Graph, objects: Objects, spoken: Sequence[str] = ("en",)) -> None:
        self._shapes, self._objects, self._spoken = shapes, objects, spoken

    def of(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings with messages, and with what distinguishes equal ones."""
        listed = list(findings)
        alike: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
        for number, each in enumerate(listed):
            about = each.focus_node, each.path, each.component, each.value, each.source_shape
            alike[about].append(number)
        for numbers in alike.values():
            first = listed[numbers[0]]
            others = self._others(first) if self._is_core(first) else []
            for number, (path, value) in zip(numbers, others, strict=False):
                listed[number] = replace(listed[number], other_path=path, other_value=value)
        return [self._worded(each) for each in listed]

    def _worded(self, finding: Finding) -> Finding:
        details = tuple(self.of(finding.details))
        message = finding.message
        if self._is_core(finding) and not self._has_message(finding.source_shape):
            about = _About(
                finding=finding,
                shape=self._shape(finding),
                shapes=self._shapes,
                objects=self._objects,
                spoken=self._spoken,
            )
            message = _SENTENCES[finding.kind](about)
        elif not message:
            message = "The query of the shape finds this node."
        elif message == _OF_A_COMPONENT:
            message = f"This node does not satisfy {finding.component}."
        elif message == _OF_AN_EXPRESSION:
            message = "The expression of the shape (sh:expression) is not true for this value."
        other = finding.other_value
        if self._says_more(finding):
            other = terms.n_triples(Literal(message))
        return replace(finding, message=message, details=details, other_value=other)

    def _says_more(self, finding: Finding) -> bool:
        """Tell whether the message of a query has more values than the finding itself."""
        source = finding.source_constraint
        messages = self._shapes.objects(_node(source), SH.message) if source else ()
        return any(set(_VARIABLE.findall(str(each))) - _MEMBERS for each in messages)

    def _is_core(self, finding: Finding) -> bool:
        return finding.component.startswith(f"<{ns.SH}") and finding.kind in _SENTENCES

    def _has_message(self, shape: str) -> bool:
        return (_node(shape), SH.message, None) in self._shapes

    def _shape(self, finding: Finding) -> Any:
        return _node(finding.source_shape)

    def _others(self, finding: Finding) -> list[tuple[str | None, str | None]]:
        """Return what distinguishes the findings equal to this one: a property and a term."""
        kind, focus, value = finding.kind, finding.focus_node, finding.value
        if kind == "UniqueLang":
            path = paths.parse(finding.path or "")
            values = path and _values(path, focus, self._objects)
            tags = Counter(tag for each in values or () if (tag := _tag(each)))
            return [(None, f'"{tag}"') for tag, count in sorted(tags.items()) if count > 1]
        if kind not in _PARAMETERS:
            return []
        parameter = URIRef(ns.SH + _PARAMETERS[kind])
        given = sorted(map(terms.n_triples, self._shapes.objects(self._shape(finding), parameter)))
        if kind in ("LessThan", "LessThanOrEquals"):
            orders = (-1,) if kind == "LessThan" else (-1, 0)
            return [
                (predicate, other)
                for predicate in given
                for other in sorted(self._objects(focus, predicate))
                if _compare(value or "", other) not in orders
            ]
        if kind in ("Equals", "Disjoint"):
            is_wrong = {
                predicate: (value in self._objects(focus, predicate)) is (kind == "Disjoint")
                for predicate in given
            }
            return [(each, None) for each in given if is_wrong[each]] or [
                (each, None) for each in given
            ]
        if len(given) < 2:
            return [(None, each) for each in given if kind == "HasValue"]
        return [(None, each) for each in given if not self._holds(kind, finding, each)]

    def _holds(self, kind: str, finding: Finding, given: str) -> bool:
        """Tell whether a finding is not about one value of a parameter that has several."""
        if kind == "HasValue":
            path = paths.parse(finding.path or "")
            values = path and _values(path, finding.focus_node, self._objects)
            return given in (values or ())
        return kind == "Class" and given in self._objects(finding.value or "", _RDF_TYPE)


@dataclass(frozen=True)
class _About:
    """A finding with the parts of its sentence."""

    finding: Finding
    shape: Any
    shapes: Graph
    objects: Objects
    spoken: Sequence[str]

    def given(self, parameter: str) -> list[str]:
        """Return the values of a parameter of the shape."""
        values = self.shapes.objects(self.shape, URIRef(ns.SH + parameter))
        return sorted(map(terms.n_triples, values))

    def number(self, parameter: str) -> int:
        """Return the value of a parameter as a number; 0 if it is none."""
        text = next(iter(self.given(parameter)), "")
        match = _LITERAL.match(text)
        return int(match["text"]) if match and match["text"].isdigit() else 0

    def listed(self, parameter: str) -> list[str]:
        """Return the members of the list that is the value of a parameter, in words."""
        heads = self.shapes.objects(self.shape, URIRef(ns.SH + parameter))
        return [self.described(each) for head in heads for each in self.shapes.items(head)]

    def described(self, node: Any, depth: int = 1) -> str:
        """Return a shape, or another term of the shapes graph, in words."""
        if not isinstance(node, BNode):
            return terms.n_triples(node)
        statements = []
        for predicate, value in sorted(self.shapes.predicate_objects(node), key=str):
            name = str(predicate)
            if not name.startswith(ns.SH) or name.removeprefix(ns.SH) in ("message", "description"):
                continue
            if name == f"{ns.SH}path":
                written = paths.shown(paths.written(self.shapes, value))
            elif isinstance(value, BNode):
                written = self.described(value, depth - 1) if depth else "[ … ]"
            else:
                written = terms.n_triples(value)
            statements.append(f"<{name}> {written}")
        return f"[ {' ; '.join(statements)} ]" if statements else "[ … ]"

    @cached_property
    def property(self) -> str:
        """The property of the shape: ``sh:name`` and the path."""
        path = paths.shown(self.finding.path or "")
        named = self.shapes.objects(self.shape, SH.name)
        names = [each for each in named if isinstance(each, Literal)]
        return f"{best(names, self.spoken)} ({path})" if names and path else path or "This node"

    @cached_property
    def subject(self) -> str:
        """The value, as the subject of a sentence."""
        value = self.finding.value
        if value is None:
            return self.property
        if self.finding.path is None:
            if value != self.finding.focus_node:
                return _term(value)
            return "This value" if value.startswith('"') else "This node"
        if value.startswith("_:"):
            return f"A value of {self.property}"
        return f"The value {_term(value)} of {self.property}"

    @cached_property
    def values(self) -> list[str] | None:
        """The values of the path; ``None`` if the path is not a simple one."""
        path = paths.parse(self.finding.path or "")
        return _values(path, self.finding.focus_node, self.objects) if path else None


def _values(path: paths.Path, focus: str, objects: Objects) -> list[str] | None:
    """Return the values of a path; ``None`` if it is not a sequence of predicates."""
    patterns = paths.ends(path, focus, objects)
    if not patterns or any(subject is None for subject, _, _ in patterns):
        return None
    return list(dict.fromkeys(value for s, p, _ in patterns if s and p for value in objects(s, p)))


def _node(text: str) -> Any:
    return BNode(text[2:]) if text.startswith("_:") else URIRef(text.strip("<>"))


def _tag(term: str) -> str:
    match = _LITERAL.fullmatch(term)
    return (match["tag"] or "").lower() if match else ""


def _typed(term: str) -> tuple[str, str] | None:
    """Return the text and the datatype of a literal."""
    literal = _LITERAL.fullmatch(term)
    if literal is None:
        return None
    text = re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1]),
                  literal["text"], flags=re.DOTALL)  # fmt: skip
    if literal["tag"]:
        return text, f"{ns.RDF}langString"
    return text, literal["type"] or f"{ns.XSD}string"


def _compare(one: str, other: str) -> int | None:
    first, second = _typed(one), _typed(other)
    return datatypes.compare(first, second) if first and second else None


def _term(term: str) -> str:
    return "a blank node" if term.startswith("_:") else term


def _kind(term: str) -> str:
    """Return the kind of a term in words."""
    return "a blank node" if term[:2] == "_:" else "an IRI" if term[:1] == "<" else "a literal"


def _all(items: Sequence[str], last: str = "or") -> str:
    """Return a list in words; a long one is cut."""
    if len(items) > _MOST_LISTED:
        return f"{', '.join(items[:_MOST_LISTED])}, … ({len(items):,} in all)"
    return f"{', '.join(items[:-1])} {last} {items[-1]}" if len(items) > 1 else "".join(items)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _needed(number: int) -> str:
    return f"at least {number:,} {'is' if number == 1 else 'are'} needed"


def _allowed(number: int) -> str:
    if not number:
        return "none is allowed"
    return f"at most {number:,} {'is' if number == 1 else 'are'} allowed"


def _min_count(about: _About) -> str:
    least, values = about.number("minCount"), about.values
    if values is not None and 0 < len(values) < least:
        return f"{about.property} has {_count(len(values), 'value')}: {_needed(least)}."
    if values == [] or least == 1:
        return f"{about.property} is missing: {_needed(least)}."
    return f"{about.property} has too few values: {_needed(least)}."


def _max_count(about: _About) -> str:
    most, values = about.number("maxCount"), about.values
    if values is not None and len(values) > most:
        return f"{about.property} has {_count(len(values), 'value')}: {_allowed(most)}."
    return f"{about.property} has too many values: {_allowed(most)}."


def _datatype(about: _About) -> str:
    needed, value = _all(about.given("datatype")), about.finding.value or ""
    typed = _typed(value)
    if typed is None:
        return f"{about.subject} is {_kind(value)}: a literal of datatype {needed} is needed."
    if f"<{typed[1]}>" == needed:
        return f"{about.subject} is not a valid {needed}."
    if _tag(value):
        return f"{about.subject} has a language tag: a literal of datatype {needed} is needed."
    return f"{about.subject} has the datatype <{typed[1]}>: {needed} is needed."


def _class(about: _About) -> str:
    value = about.finding.value or ""
    needed = about.finding.other_value or _all(about.given("class"), "and")
    if not value.startswith(("<", "_:")):
        return f"{about.subject} is a literal: an instance of {needed} is needed."
    types = sorted(about.objects(value, _RDF_TYPE))
    actual = f", but of {_all(types, 'and')}" if types else ": it has no type"
    return f"{about.subject} is not an instance of {needed}{actual}."


def _node_kind(about: _About) -> str:
    needed = _all(
        [_KINDS.get(each[1:-1].removeprefix(ns.SH), each) for each in about.given("nodeKind")]
    )
    return f"{about.subject} is {_kind(about.finding.value or '')}: it must be {needed}."


def _in(about: _About) -> str:
    return f"{about.subject} is not one of {_all(about.listed('in'))}."


def _bound(words: str, parameter: str) -> Callable[[_About], str]:
    def sentence(about: _About) -> str:
        bounds, value = about.given(parameter), about.finding.value or ""
        unlike = [each for each in bounds if _compare(value, each) is None]
        if unlike:
            bound = unlike[0]
            return f"{about.subject} must be {words} {bound}, but cannot be compared with it."
        return f"{about.subject} must be {words} {_all(bounds, 'and')}."

    return sentence


def _length(parameter: str, words: Callable[[int], str]) -> Callable[[_About], str]:
    def sentence(about: _About) -> str:
        value, limit = about.finding.value or "", about.number(parameter)
        if value.startswith("_:"):
            return f"{about.subject} is a blank node, which has no text."
        typed = _typed(value)
        length = len(typed[0] if typed else value.strip("<>"))
        return f"{about.subject} has {_count(length, 'character')}: {words(limit)}."

    return sentence


def _pattern(about: _About) -> str:
    if (about.finding.value or "").startswith("_:"):
        return f"{about.subject} is a blank node, which has no text that a pattern could match."
    flags = "".join(about.given("flags")).replace('"', "")
    with_flags = f" with the flags {flags}" if flags else ""
    patterns = [_plain(each) for each in about.given("pattern")]
    return f"{about.subject} does not match the pattern {_all(patterns)}{with_flags}."


def _plain(literal: str) -> str:
    """Return a pattern in quotes, its backslashes as its author wrote them."""
    typed = _typed(literal)
    return f'"{typed[0]}"' if typed else literal


def _language_in(about: _About) -> str:
    tags = [each.strip('"') for each in about.listed("languageIn")]
    value = about.finding.value or ""
    actual = f"the language {_tag(value)}" if _tag(value) else "no language"
    return f"{about.subject} has {actual}: {_all(tags)} is needed."


def _unique_lang(about: _About) -> str:
    tag = (about.finding.other_value or "").strip('"')
    if not tag:
        return f"{about.property} has several values in one language: only one is allowed."
    count = sum(_tag(each) == tag for each in about.values or ())
    return f"{about.property} has {count} values in the language {tag}: only one is allowed."


def _equals(about: _About) -> str:
    other, value = about.finding.other_path or _all(about.given("equals")), about.finding.value
    shown = _term(value or "")
    if about.values is not None and value not in about.values:
        return f"{other} has the value {shown}, which {about.property} has not: both must be equal."
    return f"{about.property} has the value {shown}, which {other} has not: both must be equal."


def _disjoint(about: _About) -> str:
    other = about.finding.other_path or _all(about.given("disjoint"))
    return f"{about.subject} is a value of {other}, too: they must have no value in common."


def _less_than(words: str, parameter: str) -> Callable[[_About], str]:
    def sentence(about: _About) -> str:
        other, value = about.finding.other_value, about.finding.value or ""
        if other is None:
            return f"{about.subject} must be {words} each value of {_all(about.given(parameter))}."
        whose = f"{_term(other)}, the value of {about.finding.other_path}"
        if _compare(value, other) is None:
            return f"{about.subject} must be {words} {whose}, but cannot be compared with it."
        return f"{about.subject} must be {words} {whose}."

    return sentence


def _has_value(about: _About) -> str:
    needed = about.finding.other_value or _all(about.given("hasValue"))
    if about.finding.path is None:
        return f"This node must be {needed}."
    if about.values is None:
        return f"{about.property} must have the value {needed}."
    actual = _all([_term(each) for each in about.values], "and") or "none"
    return f"{about.property} must have the value {needed}: it has {actual}."


def _nested(words: str, parameter: str) -> Callable[[_About], str]:
    def sentence(about: _About) -> str:
        other = about.finding.other_value
        shapes = [_node(other)] if other else [_node(each) for each in about.given(parameter)]
        return f"{about.subject} {words} {_all([about.described(each) for each in shapes])}."

    return sentence


def _logical(words: str, parameter: str) -> Callable[[_About], str]:
    return lambda about: f"{about.subject} {words} {_all(about.listed(parameter), 'and')}."


def _qualified(words: str, parameter: str) -> Callable[[_About], str]:
    def sentence(about: _About) -> str:
        shape = _all([about.described(_node(each)) for each in about.given("qualifiedValueShape")])
        number = about.number(parameter)
        verb = "conforms" if number == 1 else "conform"
        return f"{about.property} has {words} {_count(number, 'value')} that {verb} to {shape}."

    return sentence


def _closed(about: _About) -> str:
    value = about.finding.value
    with_value = f" with the value {_term(value)}" if value else ""
    return (
        f"{about.property}{with_value} is not allowed: the shape is closed, and does not name it."
    )


_SENTENCES: Mapping[str, Callable[[_About], str]] = {
    "MinCount": _min_count,
    "MaxCount": _max_count,
    "Datatype": _datatype,
    "Class": _class,
    "NodeKind": _node_kind,
    "In": _in,
    "MinExclusive": _bound("greater than", "minExclusive"),
    "MinInclusive": _bound("at least", "minInclusive"),
    "MaxExclusive": _bound("less than", "maxExclusive"),
    "MaxInclusive": _bound("at most", "maxInclusive"),
    "MinLength": _length("minLength", _needed),
    "MaxLength": _length("maxLength", _allowed),
    "Pattern": _pattern,
    "LanguageIn": _language_in,
    "UniqueLang": _unique_lang,
    "Equals": _equals,
    "Disjoint": _disjoint,
    "LessThan": _less_than("less than", "lessThan"),
    "LessThanOrEquals": _less_than("at most", "lessThanOrEquals"),
    "HasValue": _has_value,
    "Node": _nested("does not conform to", "node"),
    "Not": _nested("must not conform to", "not"),
    "And": _logical("does not conform to all of", "and"),
    "Or": _logical("conforms to none of", "or"),
    "Xone": _logical("must conform to exactly one of", "xone"),
    "QualifiedMinCount": _qualified("fewer than", "qualifiedMinCount"),
    "QualifiedMaxCount": _qualified("more than", "qualifiedMaxCount"),
    "Closed": _closed,
}
"""A sentence for each kind of constraint of SHACL Core (§4)."""


def objects_of_facts(facts: Any) -> Objects:
    """Return a function for the values of a predicate, as the project's files write them."""

    def objects(subject: str, predicate: str) -> list[str]:
        if subject.startswith('"'):
            return []
        node: Any = (
            ox.BlankNode(subject[2:]) if subject[:2] == "_:" else ox.NamedNode(subject[1:-1])
        )
        return list(_written(facts, node, ox.NamedNode(predicate[1:-1])))

    return objects


def _written(facts: Any, node: Any, predicate: Any) -> Iterator[str]:
    for quad in facts.store.quads_for_pattern(node, predicate, None, None):
        kept = quad.object
        for each in facts.written.get((node, predicate, kept), [kept]):
            yield terms.n_triples(terms.to_rdflib(each))
