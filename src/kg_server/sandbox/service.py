"""SERVICE inside an evaluator: it always fails, because the process has no network.

See SPARQL 1.1 Federated Query.

That nothing is reached is the kernel's doing, not this module's: it only sees to the answers.
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
"""Sends nothing: the engine knows that port 1 is not for HTTP."""


def let_https_fail(store: EvaluatingStore) -> None:
    """Let an HTTPS SERVICE fail as an HTTP one does, in this process and those forked from it.

    The engine reads the machine's certificates at its first one, and aborts the process when there
    are none (oxhttp 0.3.3), also if an error was to be ignored (SILENT, §2.3). An evaluator can
    open no file; so the engine is given a certificate now, one whose key is lost.
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
