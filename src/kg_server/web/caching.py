"""Freshness and entity tags: one table of ``Cache-Control`` values, one recipe for tags."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

from cachetools import LRUCache

FRESH = "public, max-age=60, must-revalidate"
"""Reads: caches may keep them, and ask again after a minute (RFC 9111 §5.2.2)."""
VOLATILE = "no-cache"
"""Reads that may differ each time: caches have to ask first."""
NEVER = "no-store"
"""Errors, health and metrics."""
PERSONAL = "private, no-cache"
"""Pages whose language was just chosen: they set a cookie."""
IMMUTABLE = "public, max-age=31536000, immutable"
"""Files whose address changes with their contents."""

_WRITTEN_BYTES, _ONE_BYTES = 16 << 20, 2 << 20
"""Memory limits of kept documents, bytes: of all, and of each."""
_PACKAGE = Path(__file__).resolve().parents[1]
_WRITTEN_BY = (".py", ".html", ".xml", ".toml", ".css", ".js", ".json", ".svg")


class Written:
    """Cache of written documents by entity tag, for one document under several addresses."""

    def __init__(self) -> None:
        self._kept: LRUCache[str, str | bytes] = LRUCache(_WRITTEN_BYTES, getsizeof=len)
        self._lock = threading.Lock()

    def get(self, etag: str, write: Callable[[], str | bytes]) -> str | bytes:
        """Return the document with this entity tag; call ``write`` if it is not in the cache."""
        with self._lock:
            kept = self._kept.get(etag)
        if kept is None:
            kept = write()
            if len(kept) <= _ONE_BYTES:
                with self._lock:
                    self._kept[etag] = kept
        return kept


@cache
def software() -> str:
    """Return a hash of the files of this package, because a new version may write other bytes."""
    digest = hashlib.sha256()
    for file in sorted(_PACKAGE.rglob("*")):
        if file.suffix in _WRITTEN_BY and "project_files" not in file.parts:
            digest.update(file.relative_to(_PACKAGE).as_posix().encode() + b"\0")
            digest.update(file.read_bytes())
    return digest.hexdigest()


def etag(*parts: object) -> str:
    """Return a strong entity tag, without quotes (RFC 9110 §8.8.3).

    It depends on ``parts`` and on the software, so it survives a restart and no upgrade.

    Args:
        parts: everything that the bytes depend on: the graph's version, the format, parameters.
    """
    text = repr((software(), *parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
