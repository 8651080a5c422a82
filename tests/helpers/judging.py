"""Validation within the process of the tests: what `kg-server validate` finds by SHACL, quickly.

The prefilter and pySHACL work as they do for the command, without processes of their own: hundreds
of small changes are judged in the time that the command takes for some.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from rdflib import Graph

from kg_server import project as projects
from kg_server.project import ProjectFile, Role
from kg_server.rdf import terms
from kg_server.validation import graphs, pyshacl_engine
from kg_server.validation.prefilter import data as facts
from kg_server.validation.prefilter import view
from kg_server.validation.prefilter.select import Sieve, Task
from kg_server.validation.report import Finding

ROOT = Path(__file__).resolve().parents[2]
BASE = "https://diplomacy.example/"


@cache
def shipped() -> projects.Project:
    return projects.load([ROOT])


@cache
def shapes_but(*stems: str) -> Graph:
    """Return the shapes of the project without those of some files."""
    files = shipped().of_role(Role.SHAPES)
    return graphs.read([each for each in files if each.path.stem not in stems], "shapes")


def data_file(text: str, path: Path = ROOT / "data" / "case.ttl") -> ProjectFile:
    """Return Turtle as a file of data."""
    return ProjectFile(path, Role.DATA, f"{BASE}graph/data/{path.name}", "turtle", text.encode())


def findings(data: Sequence[ProjectFile], shapes: Graph) -> tuple[Finding, ...]:
    """Judge files of data, with the ontology beside them, by shapes."""
    files = [*data, *shipped().of_role(Role.ONTOLOGY)]
    read = facts.read(files)
    sieve = Sieve(read, shapes, pyshacl_engine.targeted(shapes))
    if not read.altered | read.merged:
        vars(sieve)["tasks"] = _tasks(shapes)  # they depend on the ontology and on those only
    aims = {
        task.shape: None if task.whole else [terms.to_rdflib(node) for node in sieve.suspects(task)]
        for task in sieve.tasks
    }
    if not any(nodes is None or nodes for nodes in aims.values()):
        return ()
    return pyshacl_engine.findings(view.graph(read), pyshacl_engine.aimed(shapes, aims))


@cache
def _tasks(shapes: Graph) -> tuple[Task, ...]:
    files = [data_file("<urn:s> <urn:p> <urn:o> ."), *shipped().of_role(Role.ONTOLOGY)]
    return Sieve(facts.read(files), shapes, pyshacl_engine.targeted(shapes)).tasks
