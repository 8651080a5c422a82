"""Windows of rows: ``limit`` and ``offset`` of a request, and links to the other windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from kg_server.sparql import protocol

Pairs = Sequence[tuple[str, str]]
MAX_LIMIT = 100_000


def page_links(path: str, pairs: Pairs, *, limit: int, offset: int, rows: int) -> dict[str, str]:
    """Return the addresses of the first, previous, next and last page (RFC 8288, RFC 5988 §5).

    >>> page_links("/queries/x", [], limit=10, offset=10, rows=25)["last"]
    '/queries/x?limit=10&offset=20'
    """
    last = max(rows - 1, 0) // limit * limit
    offsets = {"first": 0, "last": last}
    if offset > 0:
        offsets["prev"] = max(0, min(offset - limit, last))
    if offset + limit < rows:
        offsets["next"] = offset + limit
    kept = [(name, value) for name, value in pairs if name not in ("limit", "offset")]
    return {
        relation: f"{path}?{urlencode([*kept, ('limit', limit), ('offset', start)])}"
        for relation, start in offsets.items()
    }


def window(reserved: Mapping[str, str], default: int | None) -> tuple[int | None, int]:
    """Return ``limit``, which has a default, and ``offset``.

    Raises:
        BadRequest: one is not a whole number in its range.
    """
    limit, offset = reserved.get("limit"), reserved.get("offset", "0")
    return (
        default if limit is None else protocol.whole_number(limit, "limit", 1, MAX_LIMIT),
        protocol.whole_number(offset, "offset", 0, 10**9),
    )
