"""Credentials for a SPARQL service, from the environment or from files that it names."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.request import (
    AbstractDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    Request,
    parse_http_list,
    parse_keqv_list,
)

from kg_server.errors import ProjectFault

_VARIABLE = "KG_SERVER_ENDPOINT_"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user with a password, or a token; all are empty where the engine asks for none."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read ``KG_SERVER_ENDPOINT_USER``, ``_PASSWORD`` and ``_TOKEN``.

        Each can also come from a file, which the variable with ``_FILE`` at its end names.

        Raises:
            ProjectFault: a file cannot be read, or there is a password without a user.
        """
        credentials = cls(*(_value(name, environ) for name in ("USER", "PASSWORD", "TOKEN")))
        if credentials.password and not credentials.user:
            raise ProjectFault(f"{_VARIABLE}PASSWORD is set, but {_VARIABLE}USER is not")
        return credentials

    def header(self) -> str | None:
        """Return the ``Authorization`` header that needs no challenge (RFC 6750, RFC 7617)."""
        if self.token:
            return f"Bearer {self.token}"
        if self.user:
            pair = b64encode(f"{self.user}:{self.password}".encode()).decode()
            return f"Basic {pair}"
        return None

    def digest(self, challenge: str, method: str, target: str) -> str | None:
        """Return the header that answers a Digest challenge (RFC 7616); ``None`` for any other.

        Args:
            challenge: the ``WWW-Authenticate`` header.
            method: the method of the request.
            target: the path of the request, with its query.
        """
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() != "digest" or not self.user:
            return None
        manager = HTTPPasswordMgrWithDefaultRealm()
        manager.add_password(None, "http://engine/", self.user, self.password)
        request = Request(f"http://engine{target}", method=method)
        parameters = parse_keqv_list(parse_http_list(rest))
        answer = AbstractDigestAuthHandler(manager).get_authorization(request, parameters)
        return f"Digest {answer}" if answer else None


def _value(name: str, environ: Mapping[str, str]) -> str:
    variable = _VARIABLE + name
    if path := environ.get(f"{variable}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ProjectFault(f"{variable}_FILE names {path}, which cannot be read") from error
    return environ.get(variable, "")
