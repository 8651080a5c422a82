"""Random requests to every route of a running server, and what is wrong with the answers.

    python -m benchmarks.routes --url http://127.0.0.1:8000 --seconds 600 --seed 1

No answer is a 5xx but 503 and 504, or tells of the insides. Each request draws a route, values that
break naive readers, parameters, headers, a method and a body. What is answered wrongly is printed,
and then the exit code is 1.
"""

from __future__ import annotations

import argparse
import re
import socket
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from random import Random
from urllib.parse import quote_from_bytes, urlsplit

ROUTES = (
    *("/", "/about", "/api", "/completion.json", "/conflicts", "/context.jsonld", "/dataset"),
    *("/doc", "/doc/<path>", "/dump-rdf12.<name>", "/dump.<name>", "/embed/doc"),
    *("/embed/doc/<path>", "/embed/queries/<name>", "/embed/things/", "/embed/things/<name>"),
    *("/graph/<path>", "/graphs", "/health/live"),
    *("/health/ready", "/metrics", "/openapi.json", "/opensearch.xml", "/problems/"),
    *("/problems/<name>", "/queries/", "/queries/<name>", "/reconcile", "/reconcile/preview"),
    *("/reconcile/properties", "/reconcile/suggest/<name>", "/reconcile/view", "/robots.txt"),
    *("/search", "/search/suggest", "/sitemap-<name>.xml", "/sitemap.xml", "/sparql"),
    "/sparql/explain",
    *("/static/<path>", "/things/", "/things/<name>", "/validation", "/validation.<name>"),
    *("/vocabularies", "/.well-known/void", "/<path>"),
)
_PARAMETERS = (
    *("query", "default-graph-uri", "named-graph-uri", "timeout", "format", "output", "lang"),
    *("iri", "page", "q", "type", "limit", "class", "sort", "queries", "extend", "prefix"),
    *("id", "state", "year", "from", "to", "view", "explain", "style", "update", "x"),
)
_NASTY = (
    *(b"", b"a", b"0", b"-1", b"1e400", b"99999999999999999999", b"NaN", b"true", b"null"),
    *(b"%", b"%00", b"%zz", b"\x00", b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80"),
    *(b"a:%", b"a:[", b"http://[", b"x://a:b:c", b"//evil.example/", b"\\evil.example"),
    *(b"../../etc/passwd", b"..%2f..%2f", b".", b"..", b"/", b"a/../b", b"CON", b"a" * 3000),
    *(b"\r\nX-Evil: 1", b"\n", b"\t", b"\x1b[2J", b"\x7f", "\u202e\u2028\ufffe".encode()),
    *(b"'", b'"', b"<script>alert(1)</script>", b"{{7*7}}", b"${x}", b"$(id)", b"`", b"=1+1"),
    *(b"{", b"[" * 500, b"{}", b"[]", b'{"q":{"query":"a"}}'),
    *(b'{"ids":["a"],"properties":[{"id":1}]}', b"javascript:1", b"\xf4\x8f\xbf\xbf"),
    *(b"ASK {}", b"SELECT * {", b"SELECT * { ?s ?p ?o } LIMIT 1", b"CONSTRUCT WHERE { ?s ?p ?o }"),
    *(b"DESCRIBE <a:%>", b"ASK { FILTER(" + b"(" * 2000, b"INSERT DATA {}"),
    *(b"ASK { SERVICE <http://x/> {} }", b"_:b", b"CAN", b"bibtex", b"xlsx"),
    *(b"html", b"json", b"csv", b"ttl", b"nt", b"jsonld", b"rdf", b"svg", b"png"),
    *(b"bn", b"en-US", b"zz", b"entity", b"type", b"property", b"museum/LOUVRE", b"state/CAN"),
    *(b"https://diplomacy.example/id/state/CAN", b"http://www.w3.org/2002/07/owl#Class"),
)  # fmt: skip
_HEADERS: Mapping[str, Sequence[bytes]] = {
    "Accept": (
        *(b"text/html", b"*/*", b"text/turtle", b"application/json;q=x", b"a/b," * 200),
        *(b"application/ld+json;profile=x", b";;;,,,", b"text/*;q=0.1, */*;q=0", b"\xff"),
    ),
    "Accept-Language": (b"bn", b"*", b"en;q=5,,", b"\xff", b"x" * 200),
    "Accept-Encoding": (b"gzip", b"zstd", b"br;q=x", b"*;q=0", b"identity;q=0, *;q=0"),
    "Content-Type": (
        *(b"application/x-www-form-urlencoded", b"application/sparql-query", b"text/plain"),
        *(b"multipart/form-data; boundary=x", b"application/sparql-query; charset=utf-16", b"/"),
        *(b"application/sparql-update", b"application/json"),
    ),
    "Cookie": (b"lang=bn", b"lang=%00; a=b", b";;=", b"lang=" + b"x" * 500),
    "Host": (b"evil.example", b"[::1", b"a b", b"x:99999", b"\xff"),
    "If-Match": (b"*", b'"a"', b"W/", b",,,"),
    "If-None-Match": (b"*", b'"a"', b'W/"a", "b', b",,,"),
    "If-Modified-Since": (b"x", b"Thu, 01 Jan 1970 00:00:00 GMT"),
    "Range": (b"bytes=0-1", b"bytes=-", b"x=1", b"bytes=9-1,0-0"),
    "X-Forwarded-For": (b"1.2.3.4", b"x", b"," * 50),
    "Access-Control-Request-Headers": (b"x", b"\xff"),
}
_METHODS = ("GET",) * 12 + ("POST",) * 4 + ("HEAD", "OPTIONS", "QUERY", "PUT", "TRACE", "MADE-UP")
_SAFE = "/?&=%:@!$'()*+,;[]"
_INSIDES = re.compile(rb'Traceback|File "|site-packages|\.py\b|pyoxigraph|werkzeug|jinja', re.I)


@dataclass(frozen=True)
class Sent:
    """One request."""

    method: str
    target: str
    headers: list[tuple[str, bytes]]
    body: bytes

    def raw(self) -> bytes:
        """Return the request as it is sent (RFC 9112)."""
        lines = [f"{self.method} {self.target} HTTP/1.1".encode()]
        lines += [f"{name}: ".encode() + value for name, value in self.headers]
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


@dataclass
class Fuzzer:
    """Draws requests, sends them, and keeps what is wrong with the answers."""

    host: str
    port: int
    seed: int
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.draw = Random(self.seed)  # noqa: S311  # no secret

    def request(self) -> Sent:
        """Draw a request."""
        draw = self.draw
        target = re.sub("<(name|path)>", lambda _: self._value(), draw.choice(ROUTES))
        names = draw.choices(_PARAMETERS, k=draw.choice((0, 0, 1, 1, 2, 3)))
        pairs = "&".join(f"{name}={self._value()}" for name in names)
        method, body = draw.choice(_METHODS), b""
        headers = {name: draw.choice(_HEADERS[name]) for name in draw.sample(list(_HEADERS), 2)}
        headers.setdefault("Host", b"x")
        if method in ("POST", "QUERY", "PUT"):
            body = draw.choice((pairs.encode(), draw.choice(_NASTY), b"x" * 2000))
            headers["Content-Length"] = str(len(body)).encode()
        given = [(name, re.sub(rb"[\r\n\x00]", b"", value)) for name, value in headers.items()]
        query = f"?{pairs}" if pairs and draw.random() < 0.9 else ""
        return Sent(method, target + query, [*given, ("Connection", b"close")], body)

    def _value(self) -> str:
        value = self.draw.choice(_NASTY)
        if self.draw.random() < 0.2:
            value += self.draw.choice(_NASTY)
        # Some escapes are left ill-formed.
        return quote_from_bytes(value, _SAFE if self.draw.random() < 0.3 else "")

    def send(self, sent: Sent) -> None:
        """Send a request, and look at the answer."""
        with socket.create_connection((self.host, self.port), timeout=60) as connection:
            connection.sendall(sent.raw())
            response = HTTPResponse(connection, method=sent.method)
            try:
                response.begin()
                body = response.read()
            except (HTTPException, OSError) as error:
                self.wrong.append(f"{error!r}: {sent}")
                return
        self.statuses[response.status] += 1
        location = response.getheader("Location", "/")
        if response.status >= 500 and response.status not in (503, 504):
            self.wrong.append(f"{response.status}: {sent}")
        elif response.status >= 400 and _INSIDES.search(body):
            self.wrong.append(f"the insides in {body[:300]!r}: {sent}")
        elif not location.startswith("/") or location.startswith(("//", "/\\")):
            self.wrong.append(f"Location {location!r}: {sent}")
        elif response.getheader("X-Evil"):
            self.wrong.append(f"a header of the request's making: {sent}")


def main() -> int:
    """Send requests for some time; print what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    place = urlsplit(given.url)
    fuzzer = Fuzzer(place.hostname or "127.0.0.1", place.port or 80, given.seed)
    until = time.monotonic() + given.seconds
    while time.monotonic() < until:
        fuzzer.send(fuzzer.request())
    print(f"{fuzzer.statuses.total()} answers: {dict(sorted(fuzzer.statuses.items()))}")
    print("\n".join(fuzzer.wrong))
    return 1 if fuzzer.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
