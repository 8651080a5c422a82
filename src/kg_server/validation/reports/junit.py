"""JUnit XML: a test suite with its cases and failures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kg_server.escaping import terminal, xml


@dataclass(frozen=True, slots=True)
class Case:
    """One test case.

    ``failure`` is the error in one line, ``None`` for a case that passed; ``output`` is the whole
    text; ``line`` counts from 1.
    """

    classname: str
    name: str
    failure: str | None = None
    kind: str | None = None
    output: str = ""
    file: str | None = None
    line: int | None = None
    seconds: float | None = None


def write(suite: str, cases: Sequence[Case], seconds: float) -> str:
    """Return a test suite as a JUnit document."""
    failures = sum(case.failure is not None for case in cases)
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": "0"}
    root = Element("testsuites", counts)
    element = SubElement(root, "testsuite", {"name": suite, **counts, "time": f"{seconds:.3f}"})
    for case in cases:
        _add(element, case)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add(suite: Element, case: Case) -> None:
    attributes = {"classname": case.classname, "name": case.name, "file": case.file}
    attributes["line"] = None if case.line is None else str(case.line)
    attributes["time"] = None if case.seconds is None else f"{case.seconds:.3f}"
    element = SubElement(suite, "testcase", _given(attributes))
    if case.failure is not None:
        about = _given({"type": case.kind, "message": case.failure})
        SubElement(element, "failure", about).text = _shown(case.output)
    elif case.output:
        SubElement(element, "system-out").text = _shown(case.output)


def _given(attributes: dict[str, str | None]) -> dict[str, str]:
    return {name: _shown(value) for name, value in attributes.items() if value is not None}


def _shown(text: str) -> str:
    return xml(terminal(text))
