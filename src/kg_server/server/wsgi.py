"""WSGI (PEP 3333): the environment of a request, and the response of an application."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from kg_server.server import compression
from kg_server.server.compression import Headers
from kg_server.server.request import Request

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_AS_IT_IS = "".join(map(chr, range(33, 127)))
"""Characters allowed in a query string; others, which some clients send, are encoded."""


class Response:
    """Response of a WSGI application; the caller closes it.

    Args:
        app: the application.
        environ: the request.
    """

    def __init__(self, app: WsgiApp, environ: dict[str, Any]) -> None:
        self.status, self.headers = 500, Headers()
        self._body = app(environ, self._start_response)
        self.chunks: Iterator[bytes] = iter(self._body)

    def gather(self, most_bytes: int) -> tuple[bytes, bool]:
        """Return the body and ``True``; or over ``most_bytes`` bytes of it and ``False``."""
        gathered, size = [], 0
        for chunk in self.chunks:
            gathered.append(chunk)
            size += len(chunk)
            if size > most_bytes:
                return b"".join(gathered), False
        return b"".join(gathered), True

    def close(self) -> None:
        """Close the body of the response, as WSGI requires."""
        close = getattr(self._body, "close", None)
        if close:
            close()

    def _start_response(self, status: str, headers: Headers, exc_info: object = None) -> None:
        del exc_info
        # Werkzeug adds Date to a conditional response, and the cache must not send an old date.
        undated = [each for each in headers if each[0].lower() != "date"]
        self.status, self.headers = int(status[:3]), undated


def environment(request: Request) -> dict[str, Any]:
    """Return the WSGI environment of a request.

    A HEAD becomes a GET, so that its headers are the same.
    """
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET" if request.method == "HEAD" else request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.raw_path).decode("latin-1"),
        "RAW_URI": request.raw_path.decode("latin-1"),
        "QUERY_STRING": quote(request.query_string, _AS_IT_IS),
        "SERVER_NAME": request.server[0],
        "SERVER_PORT": str(request.server[1]),
        "SERVER_PROTOCOL": f"HTTP/{request.http_version}",
        "REMOTE_ADDR": request.client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    environ["HTTP_HOST"] = request.header("host") or request.server[0]
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ["CONTENT_LENGTH"] = str(len(request.body)) if request.body else ""
    environ.pop("HTTP_CONTENT_LENGTH", None)
    for condition in ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"):
        if condition in environ:
            environ[condition] = compression.plain_tags(request.coding, environ[condition])
    return environ
