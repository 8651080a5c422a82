"""SERVICE inside an evaluator: it always fails, because the process has no network.

See SPARQL 1.1 Federated Query.

The kernel prevents all connections. This module only makes the error messages understandable.
"""

from __future__ import annotations

import os
from pathlib import Path

from kg_server import formats
from kg_server.errors import EvaluationFailed, Problem, ServiceRefused
from kg_server.formats import Kind
from kg_server.sparql import keywords
from kg_server.sparql.query import Query
from kg_server.store import EvaluatingStore

_CERTIFICATE = Path(__file__).with_name("unused-certificate.pem")
_SERVICE = frozenset(("SERVICE",))
_TO_NOWHERE = Query(
    "ASK { SERVICE SILENT <https://127.0.0.1:1/> {} }",
    formats.named("json", Kind.BOOLEAN),
)
"""A query that sends nothing: the engine refuses port 1."""


def let_https_fail(store: EvaluatingStore) -> None:
    """Let SERVICE over HTTPS fail as over HTTP, in this process and in its children.

    For the first HTTPS request, the engine reads the machine's certificates. If it finds none, it
    aborts the process (oxhttp 0.3.3), even for SERVICE SILENT (§2.3). An evaluator cannot open
    files, so the engine reads a certificate now, whose key does not exist any more.
    """
    os.environ["SSL_CERT_FILE"] = str(_CERTIFICATE)
    store.query(_TO_NOWHERE)


def explained(problem: Problem, query: Query) -> Problem:
    """Replace an engine error by ``ServiceRefused`` if the query uses SERVICE."""
    if isinstance(problem, EvaluationFailed) and keywords.uses(query.text, _SERVICE):
        return ServiceRefused(
            "This server asks no other one. Ask each of them yourself and join the answers, "
            "or write SERVICE SILENT to go on without what the other would say."
        )
    return problem
