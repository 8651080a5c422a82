"""Errors as one tree: problems of a request, faults of a project.

A ``Problem`` is answered over HTTP as an RFC 9457 problem document and printed by the command
line as one message. A ``ProjectFault`` means that the files could not be used at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar


class KgError(Exception):
    """Base of all errors that users see as a message instead of a traceback."""


class ProjectFault(KgError):
    """The project's files could not be read, parsed or checked; the command line exits with 2."""

    def __init__(
        self,
        message: str,
        *,
        path: Path | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.message, self.path, self.line, self.column = message, path, line, column
        parts = (str(part) for part in (path, line, column) if part is not None)
        place = ":".join(parts).replace("\n", r"\u000a")  # else a file's name adds lines to a log
        super().__init__(f"{place}: {message}" if place else message)


class NoProject(ProjectFault):
    """There is no project here, and no files were named."""


class Unfinished(ProjectFault):
    """Work on the project's files met its deadline, or ended without a result."""


class Problem(KgError):
    """The request could not be answered, because the server failed (RFC 9110 §15.6.1).

    ``members`` are extension members of the problem document (RFC 9457 §3.2); ``headers`` go
    with the response, such as ``Allow`` (RFC 9110 §10.2.1) or ``Retry-After`` (§10.2.3).
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "The server failed"

    def __init__(
        self, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members

    def document(self, root: str) -> dict[str, Any]:
        """Return the members of the problem document.

        Args:
            root: the address of the server, which ends with a slash; the page of the problem type
                is below it.
        """
        return {
            "type": f"{root}problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }


class MalformedQuery(Problem):
    """The query is not SPARQL 1.1 (SPARQL 1.1 Protocol §2.1.6)."""

    status, slug, title = 400, "malformed-query", "The query is not well-formed SPARQL"


class NestedTooDeeply(Problem):
    """The query nests groups or expressions, or chains them, deeper than the engine can follow."""

    status, slug, title = 400, "nested-too-deeply", "The query is nested too deeply"


class UnknownFunction(Problem):
    """The query calls a function that SPARQL 1.1 does not define (Query §17.4 to §17.6)."""

    status, slug, title = 400, "unknown-function", "The query calls an unknown function"


class BadRequest(Problem):
    """The request itself is wrong: a parameter missing, repeated, unknown or ill-formed."""

    status, slug, title = 400, "bad-request", "The request cannot be understood"


class UpdateRefused(Problem):
    """The request is a SPARQL Update, and this endpoint is read-only."""

    status, slug, title = 403, "update-refused", "This endpoint is read-only"


class ServiceRefused(Problem):
    """The query uses SERVICE, and this server contacts no other (Federated Query §2.3)."""

    status, slug, title = 403, "service-refused", "This endpoint contacts no other"


class NotFound(Problem):
    """There is nothing at this address."""

    status, slug, title = 404, "not-found", "There is nothing here"


class MethodNotAllowed(Problem):
    """The method is not allowed here; the Allow header lists those that are (RFC 9110 §15.5.6)."""

    status, slug, title = 405, "method-not-allowed", "The method is not allowed here"


class NotAcceptable(Problem):
    """The server has none of the formats that the client accepts (RFC 9110 §15.5.7)."""

    status, slug, title = 406, "not-acceptable", "No acceptable format"


class BodyTimeout(Problem):
    """The request's body did not arrive in time (RFC 9110 §15.5.9)."""

    status, slug, title = 408, "body-timeout", "The request did not arrive in time"


class PreconditionFailed(Problem):
    """The representation has changed: it does not match the If-Match header (RFC 9110 §15.5.13)."""

    status, slug, title = 412, "precondition-failed", "The condition of the request is not met"


class BodyTooLarge(Problem):
    """The request's body is larger than the server reads (RFC 9110 §15.5.14)."""

    status, slug, title = 413, "body-too-large", "The request is too large"


class UriTooLong(Problem):
    """The request's URI is longer than the server reads (RFC 9110 §15.5.15)."""

    status, slug, title = 414, "uri-too-long", "The address is too long"


class UnsupportedMediaType(Problem):
    """The request's body is in a format that the resource does not take (RFC 9110 §15.5.16)."""

    status, slug, title = 415, "unsupported-media-type", "The media type is not supported"


class TooManyRequests(Problem):
    """The client has used up its budget (RFC 6585 §4).

    ``Retry-After`` says when it has one again.
    """

    status, slug, title = 429, "too-many-requests", "You ask for more than one client may have"


class HeadersTooLarge(Problem):
    """The request's headers are larger than the server reads (RFC 6585 §5)."""

    status, slug, title = 431, "headers-too-large", "The headers are too large"


class QueryCrashed(Problem):
    """The process that evaluated the query ended without an answer; no other was affected."""

    status, slug, title = 500, "query-crashed", "The query could not be evaluated"


class EvaluationFailed(Problem):
    """The engine reported an error while evaluating a well-formed query."""

    status, slug, title = 500, "evaluation-failed", "The query failed while it was evaluated"


class ResultTooLarge(Problem):
    """The result is larger than the server sends."""

    status, slug, title = 500, "result-too-large", "The result is too large"


class NotImplementedHere(Problem):
    """The server does not know the method or the body's coding (RFC 9110 §15.6.2)."""

    status, slug, title = 501, "not-implemented", "The server does not know this"


class EngineFailed(Problem):
    """The SPARQL service behind this server gave no usable answer (RFC 9110 §15.6.3)."""

    status, slug, title = 502, "engine-failed", "The engine behind this server failed"


class EngineUnavailable(Problem):
    """No SPARQL service behind this server can be reached now (RFC 9110 §15.6.4)."""

    status, slug, title = 503, "engine-unavailable", "The engine behind this server is away"


class MemoryExceeded(Problem):
    """The query needed more memory than one query may use."""

    status, slug, title = 503, "memory-exceeded", "The query needs too much memory"


class Overloaded(Problem):
    """Every evaluator is busy and the queue is full (RFC 9110 §15.6.4)."""

    status, slug, title = 503, "overloaded", "The server is busy"


class QueryTimeout(Problem):
    """The query did not end before its deadline and was stopped (RFC 9110 §15.6.5).

    ``sandbox.failures`` writes the detail, with advice about the query.
    """

    status, slug, title = 504, "query-timeout", "The query took too long"


def problem_types() -> list[type[Problem]]:
    """Return every problem type, in order of status and slug."""
    types: list[type[Problem]] = [Problem]
    for kind in types:
        types.extend(kind.__subclasses__())
    return sorted(types, key=lambda kind: (kind.status, kind.slug))
