"""CSV with IRIs that have a comma, which the engine does not quote (pyoxigraph 0.5.13).

Such a result is written as TSV by the engine, whose fields cannot be mistaken, and turned into CSV
here, row by row. That takes longer, so it is first asked whether there can be such an IRI at all.
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
    r"""Tell whether an IRI of a Turtle-like or SPARQL text may have a comma; rather too often.

    >>> [in_an_iri(each) for each in (b'<a> <p> "1,2",<c> .', b"<a,b>", rb"e:a\,b", b"1,2")]
    [False, True, True, False]
    """
    if _ESCAPED.search(text):
        return True
    return any(_is_inside(text, found.start()) for found in _CANDIDATE.finditer(text))


def _is_inside(text: bytes, at: int) -> bool:
    begin = text.rfind(b"<", max(0, at - _LONGEST_IRI), at)
    return begin >= 0 and not _OUTSIDE.search(text, begin, at)


def in_an_answer(query: str) -> bool:
    """Tell whether a query may make an IRI with a comma, of itself."""
    return keywords.uses(query, _MAKES_IRIS) or in_an_iri(query.encode("utf-8", "surrogatepass"))


class CsvOfTsv:
    r"""A binary file that hands on what is written to it in TSV as CSV (SPARQL 1.1 CSV/TSV §3).

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
        """Hand on the rows that end in a piece."""
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
    """Return a term in TSV as a field of CSV: its text alone, quoted where it has to be."""
    if cell.startswith(b"<") and not cell.startswith(b"<<"):
        cell = cell[1:-1]
    elif cell.startswith(b'"'):
        text = cell[1 : cell.rindex(b'"')]  # a datatype or a language has no quotation mark
        cell = _CHARACTER.sub(lambda found: _CHARACTERS.get(found[1], found[1]), text)
    return b'"' + cell.replace(b'"', b'""') + b'"' if _QUOTED.search(cell) else cell
