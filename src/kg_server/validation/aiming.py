"""Aims: the constraints that pySHACL checks, and the focus nodes of each.

pySHACL 0.40 has ``focus_nodes=`` and ``use_shapes=`` for that. They give wrong results, because
they also filter the values of nested shapes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rdflib import SH

if TYPE_CHECKING:
    from rdflib.term import Node

Constraint = tuple["Node", "Node"]
"""A parameter of a shape with its value, such as ``sh:property`` and a property shape."""
Aim = Mapping[Constraint | None, Set["Node"]]
"""The focus nodes that each constraint of a shape is checked on; ``None``: all constraints."""
Aims = Mapping["Node", Aim | None]
"""The aim of each shape; ``None``: all its targets. pySHACL skips other shapes."""

_TOP = 2
"""Length of the evaluation path at a top-level shape: the shape and a component."""


def nodes(aim: Aim) -> Set[Node]:
    """Return all focus nodes of an aim."""
    return frozenset().union(*aim.values())


def count(aims: Aims) -> int:
    """Return the number of focus nodes of all shapes together, without those of ``None``."""
    return sum(len(nodes(aim)) for aim in aims.values() if aim is not None)


def shares(aims: Aims, number: int) -> list[Aims]:
    """Divide aims into ``number`` parts of about the same size."""
    divided: list[dict[Node, dict[Constraint | None, Set[Node]] | None]]
    divided = [{} for _ in range(number)]
    parts_of: dict[int, list[Set[Node]]] = {}
    turn = 0
    for shape, aim in aims.items():
        if aim is None:
            divided[turn % number][shape] = None
            turn += 1
            continue
        for constraint, all_nodes in aim.items():
            parts = parts_of.get(id(all_nodes))  # many constraints may share one set
            if parts is None:
                listed = list(all_nodes)
                parts = [frozenset(listed[(at - turn) % number :: number]) for at in range(number)]
                parts_of[id(all_nodes)] = parts
                turn += len(listed)
            for share, part in zip(divided, parts, strict=True):
                if part:
                    share.setdefault(shape, {})[constraint] = part  # type: ignore[index]
    return list(divided)


@contextmanager
def applied(aims: Aims | None) -> Iterator[None]:
    """Restrict pySHACL to the aims inside the block; ``None``: no restriction."""
    if aims is None:
        yield
        return
    from pyshacl import shape as theirs
    from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP

    components, kind = dict(CONSTRAINT_PARAMETERS_MAP), vars(theirs)["Shape"]
    targets = kind.focus_nodes

    def focus_nodes(shape: Any, *arguments: Any, **named: Any) -> Set[Node]:
        aim = aims.get(shape.node, {})
        aimed: Set[Node] = targets(shape, *arguments, **named) if aim is None else nodes(aim)
        return aimed

    aimed = {each: _aimed(each, aims) for each in set(components.values())}
    CONSTRAINT_PARAMETERS_MAP.update({name: aimed[each] for name, each in components.items()})
    kind.focus_nodes = focus_nodes
    try:
        yield
    finally:
        kind.focus_nodes = targets
        CONSTRAINT_PARAMETERS_MAP.update(components)


@contextmanager
def noted() -> Iterator[dict[Node, set[Node]]]:
    """Record the focus nodes of each shape that pySHACL checks inside the block."""
    from pyshacl import shape as theirs

    focus: dict[Node, set[Node]] = defaultdict(set)
    kind = vars(theirs)["Shape"]
    targets = kind.focus_nodes

    def focus_nodes(shape: Any, *arguments: Any, **named: Any) -> Set[Node]:
        nodes: Set[Node] = targets(shape, *arguments, **named)
        focus[shape.node].update(nodes)
        return nodes

    kind.focus_nodes = focus_nodes
    try:
        yield focus
    finally:
        kind.focus_nodes = targets


def _aimed(kind: Any, aims: Aims) -> Any:
    """Return a subclass of a pySHACL component that respects the aims of top-level shapes.

    pySHACL checks all values of a parameter together, but each property shape and query alone.
    """
    parameters = frozenset(kind.constraint_parameters())

    def kept(component: Any, values: Any, fits: Callable[[Constraint], bool]) -> Any:
        aim = aims.get(component.shape.node) if component.is_top else None
        if aim is None:
            return values
        some = [aim[each] for each in aim if each is None or fits(each)]
        return {focus: values[focus] for focus in values if any(focus in each for each in some)}

    def evaluate(self: Any, executor: Any, graph: Any, values: Any, path: Any) -> Any:  # noqa: PLR0917  # pySHACL's signature
        self.is_top = len(path) == _TOP
        values = kept(self, values, lambda each: each[0] in parameters)
        return kind.evaluate(self, executor, graph, values, path)

    def query(self: Any, query: Any, graph: Any, values: Any) -> Any:
        values = kept(self, values, lambda each: each == (SH.sparql, query.node))
        return kind._evaluate_sparql_constraint(self, query, graph, values)

    def shape(self: Any, executor: Any, shape: Any, graph: Any, values: Any, *more: Any) -> Any:  # noqa: PLR0917  # pySHACL's signature
        values = kept(self, values, lambda each: each == (SH.property, shape))
        return kind._evaluate_property_shape(self, executor, shape, graph, values, *more)

    methods: dict[str, Any] = {"evaluate": evaluate}
    if parameters == {SH.sparql}:
        methods["_evaluate_sparql_constraint"] = query
    if parameters == {SH.property}:
        methods["_evaluate_property_shape"] = shape
    return type(kind.__name__, (kind,), methods)
