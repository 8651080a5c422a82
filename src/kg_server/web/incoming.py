"""A request as the HTTP server gives it, with its body read."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from kg_server.web.coding import Coding, negotiate


@dataclass(slots=True)
class Request:
    """One request as it came, with its body read."""

    scope: Any
    body: bytes = b""
    started: float = field(default_factory=time.perf_counter)
    _coding: Coding | None = None

    def header(self, name: str) -> str:
        """Return a header's value, empty when there is none."""
        return self.scope.headers.get(name) or ""

    def key(self, generation: int) -> tuple[object, ...] | None:
        """Return the cache's key for this request; ``None`` when it cannot be cached."""
        if self.scope.method not in ("GET", "HEAD", "POST"):
            return None
        return (
            generation,
            "POST" if self.scope.method == "POST" else "GET",
            self.scope.path,
            self.scope.query_string,
            self.body,
            self.header("content-type") if self.body else "",
            self.header("accept"),
            self.header("accept-language"),
            self.header("cookie"),
            self.coding,
        )

    @property
    def coding(self) -> Coding:
        """The content coding in which the client takes the answer best (RFC 9110 §12.5.3)."""
        if self._coding is None:
            self._coding = negotiate(self.header("accept-encoding"))
        return self._coding
