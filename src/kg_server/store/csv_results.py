"""CSV results with commas in IRIs, which the engine does not quote (pyoxigraph 0.5.13).

For such a result, the engine writes TSV, whose fields are unambiguous, and this module converts it
to CSV row by row. That is slower, so the store first checks whether such an IRI is possible.
"""

from __future__ import annotations

import re
from typing import IO

from kg_server.sparql import keywords

_OUTSIDE = re.compile(rb"[>\s\"]")
_LONGEST_IRI = 4096
_CANDIDATE = re.compile(rb",[^\s\"]")
_ESCAPED = re.compile(rb"\\(?:,|u002[Cc]|U0000002[Cc])")
_MAKES_IRIS = frozenset(("IRI", "URI"))

_CHARACTER = re.compile(rb"\\(.)", re.DOTALL)
_CHARACTERS = {b"t": b"\t", b"n": b"\n", b"r": b"\r"}
_QUOTED = re.compile(rb"[\",\r\n]")


def in_an_iri(text: bytes) -> bool:
    r"""Tell whether an IRI in a Turtle-like or SPARQL text may have a comma; it may say so wrongly.

    >>> [in_an_iri(each) for each in (b'<a> <p> "1,2",<c> .', b"<a,b>", rb"e:a\,b", b"1,2")]
    [False, True, True, False]
    """
    if _ESCAPED.search(text):
        return True
    return any(_is_inside(text, match.start()) for match in _CANDIDATE.finditer(text))


def _is_inside(text: bytes, at: int) -> bool:
    begin = text.rfind(b"<", max(0, at - _LONGEST_IRI), at)
    return begin >= 0 and not _OUTSIDE.search(text, begin, at)


def in_an_answer(query: str) -> bool:
    """Tell whether a query itself may create an IRI with a comma."""
    return keywords.uses(query, _MAKES_IRIS) or in_an_iri(query.encode("utf-8", "surrogatepass"))


class CsvOfTsv:
    r"""A binary file that converts TSV written to it to CSV (SPARQL 1.1 CSV/TSV §3).

    >>> import io
    >>> output = io.BytesIO()
    >>> CsvOfTsv(output).write(b'?x\t?y\n<http://x/a,b>\t"say \\"a\\" b"@en\n\t1\n')
    41
    >>> output.getvalue()
    b'x,y\r\n"http://x/a,b","say ""a"" b"\r\n,1\r\n'
    """

    def __init__(self, output: IO[bytes]) -> None:
        self._output, self._rest, self._cell = output, b"", _variable

    def write(self, data: bytes) -> int:
        """Convert the rows that end in this chunk."""
        *rows, self._rest = (self._rest + data).split(b"\n")
        for row in rows:
            self._output.write(b",".join(map(self._cell, row.split(b"\t"))) + b"\r\n")
            self._cell = _value
        return len(data)

    def flush(self) -> None:
        """Flush the file."""
        self._output.flush()


def _variable(cell: bytes) -> bytes:
    return cell.removeprefix(b"?")


def _value(cell: bytes) -> bytes:
    """Return a TSV term as a CSV field: only its text, quoted if necessary."""
    if cell.startswith(b"<") and not cell.startswith(b"<<"):
        cell = cell[1:-1]
    elif cell.startswith(b'"'):
        text = cell[1 : cell.rindex(b'"')]  # datatypes and language tags have no quotation marks
        cell = _CHARACTER.sub(lambda match: _CHARACTERS.get(match[1], match[1]), text)
    return b'"' + cell.replace(b'"', b'""') + b'"' if _QUOTED.search(cell) else cell
