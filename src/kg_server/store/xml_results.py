"""Repair of the XML that the engine writes; results that XML cannot express are refused.

The engine (pyoxigraph 0.5.13) escapes no control characters. For a predicate such as
``http://example.org/p/``, it writes an RDF/XML element without a local name.
"""

from __future__ import annotations

import re
from typing import IO

from kg_server.errors import NotAcceptable

_NO_CHARACTER = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_NO_NAME = b"<oxprefix: "
_AHEAD = len(_NO_NAME) - 1


class WellFormed:
    r"""A binary file that passes on the XML written to it as well-formed XML 1.0.

    Raises:
        NotAcceptable: from ``write``, if XML 1.0 does not allow a character (§2.2), or RDF/XML an
            element (RDF 1.1 XML Syntax §2.2).

    >>> import io
    >>> output = io.BytesIO()
    >>> WellFormed(output).write(b"<literal>two\r\nlines</literal>")
    29
    >>> output.getvalue()
    b'<literal>two&#xD;\nlines</literal>'
    """

    def __init__(self, output: IO[bytes]) -> None:
        self._output, self._end = output, b""

    def write(self, data: bytes) -> int:
        """Pass on a chunk; escape carriage returns, which XML reads as line feeds (§2.11)."""
        seen = self._end + data
        if forbidden := _NO_CHARACTER.search(seen):
            code = ord(forbidden[0].decode())
            raise NotAcceptable(
                f"The result has the character U+{code:04X}, which XML cannot have. "
                "Ask for another format."
            )
        if _NO_NAME in seen:
            raise NotAcceptable(
                "The result has a predicate whose IRI does not end in a name, which RDF/XML "
                "cannot have. Ask for another format, such as text/turtle."
            )
        self._end = bytes(seen[-_AHEAD:])
        self._output.write(data.replace(b"\r", b"&#xD;"))
        return len(data)

    def flush(self) -> None:
        """Flush the file."""
        self._output.flush()
