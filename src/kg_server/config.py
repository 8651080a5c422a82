"""Every setting with its default and unit, read once into a frozen dataclass."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from kg_server.errors import ProjectFault

NEUTRAL_BASE_IRI = "http://localhost/"
"""Base IRI of a project without one: for the server's own names, and for relative IRIs."""

_BASE_IRI = re.compile(r"https?://[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff<>\"{}|^`\\]+[/#]")
_PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~-]+)*/")


def is_base_iri(text: str) -> bool:
    """Tell whether text is a base IRI: http or https, ending with a slash or ``#``."""
    return bool(_BASE_IRI.fullmatch(text))


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the server. Units are in the names: ``_s`` seconds, ``_bytes`` bytes.

    Every field can be set by an environment variable ``KG_SERVER_<FIELD>``; options of the
    command line win over the environment.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    endpoint: str = ""
    """Query endpoint of the SPARQL service that holds the graph, or of several replicas, separated
    by commas; empty: the graph is loaded from files.
    """
    dialect: str = ""
    """Dialect of the service; empty: recognised by its header ``Server``."""
    base_iri: str = ""
    """Base IRI of names; empty: the one that is written in the project's files."""
    public_url: str = ""
    """Address at which clients reach the server, such as ``https://kg.example.org/``; empty: the
    host that a request asks.
    """
    validation_wait_s: float = 10.0
    """Longest wait of a start for the validation; then the graph is served while it goes on."""
    workers: int = 1
    """HTTP worker processes."""
    evaluators: int = 8
    """Processes that evaluate queries, one query at a time each."""
    query_timeout_s: float = 10.0
    """A query is stopped after this time; a request's ``timeout=`` can only shorten it."""
    queue_timeout_s: float = 5.0
    """Longest wait for a free evaluator; then the answer is 503."""
    page_timeout_s: float = 10.0
    """Time limit of the HTTP worker's own work on one request, such as a page; evaluators have
    their own.
    """
    client_budget_s: float = 120.0
    """Seconds in a minute that the requests of one client may take together, without those that
    the cache answers; 0: no limit. Clients on this machine have no limit.
    """
    client_requests: int = 16
    """Most requests of one client that run at one time."""
    client_header: str = ""
    """Header in which a trusted proxy writes the client's address, such as ``x-forwarded-for``;
    empty: the address of the connection.
    """
    queue_length: int = 64
    """Most requests that wait for an evaluator in one HTTP worker."""
    body_timeout_s: float = 10.0
    """Time limit for a client to send a request's body."""
    send_timeout_s: float = 30.0
    """Time limit for a client to read 64 kB of a response. A slow client may also block an
    evaluator for this time while other queries wait.
    """
    max_body_bytes: int = 1 << 20
    max_uri_bytes: int = 16 << 10
    max_result_bytes: int = 1 << 30
    evaluator_memory_bytes: int = 1 << 30
    """Memory limit of one query, beyond the graph itself."""
    evaluator_idle_s: float = 60.0
    """Time without a query after which an evaluator is replaced, to free the memory of its own."""
    cache_bytes: int = 64 << 20
    """The response cache of one HTTP worker."""
    cache_entry_bytes: int = 1 << 20
    """Larger responses are not cached."""
    slow_query_s: float = 1.0
    """Queries slower than this go to the slow-query log with their text."""

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ, **options: object) -> Self:
        """Read the settings: ``options`` that are not ``None``, then ``environ``, then defaults.

        Raises:
            ProjectFault: a value is not a number where one is needed, or out of range.
        """
        values = {name: value for name, value in options.items() if value is not None}
        for field in fields(cls):
            variable = f"KG_SERVER_{field.name.upper()}"
            if field.name not in values and variable in environ:
                values[field.name] = _convert(variable, environ[variable], type(field.default))
        for name, value in values.items():
            _check(name, value)
        return cls(**values)  # type: ignore[arg-type]  # mypy cannot see that names match


_RANGES = {
    "port": (0, 65535),
    "workers": (1, 1000),
    "evaluators": (1, 1000),
    "queue_length": (0, 1_000_000),
    "client_budget_s": (0, 1_000_000),
    "client_requests": (1, 1_000_000),
    "cache_bytes": (0, 1 << 50),
    "cache_entry_bytes": (0, 1 << 50),
    "slow_query_s": (0, 31_536_000),
}
_SECONDS, _BYTES = (0.001, 31_536_000), (1, 1 << 50)
"""The ranges of the other settings, by their units: up to a year, from one byte."""


def _check(name: str, value: object) -> None:
    setting = f"the setting {name} (an option, or KG_SERVER_{name.upper()})"
    if isinstance(value, int | float):
        least, most = _RANGES.get(name, _SECONDS if name.endswith("_s") else _BYTES)
        if not least <= value <= most:  # NaN is in no range
            raise ProjectFault(f"{setting} must be from {least} to {most}, not {value}")
    elif name == "public_url" and value and not _PUBLIC_URL.fullmatch(str(value)):
        raise ProjectFault(
            f"{setting} must start with http:// or https:// and end with a slash, not {value!r}"
        )
    elif name == "host" and not value:
        raise ProjectFault(f"{setting} must not be empty; 0.0.0.0 is every address")


def _convert(variable: str, text: str, kind: type) -> object:
    try:
        return kind(text)
    except ValueError as error:
        message = f"the environment variable {variable} must be of type {kind.__name__}"
        raise ProjectFault(f"{message}, not {text!r}") from error
