"""The RDF syntax of a file, by its name or else by its contents; compression and encodings."""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from pathlib import Path

from kg_server.errors import ProjectFault

SYNTAXES = {
    ".ttl": "turtle",
    ".nt": "ntriples",
    ".nq": "nquads",
    ".trig": "trig",
    ".rdf": "rdfxml",
    ".jsonld": "jsonld",
    ".n3": "turtle",
    ".owl": "rdfxml",
    ".rdfs": "rdfxml",
    ".xml": "rdfxml",
    ".shacl": "turtle",
    ".json": "jsonld",
}
"""File suffix to format name (``formats.py``). Each may be followed by ``.gz``."""

_UNSURE = (".rdf", ".owl", ".rdfs", ".xml", ".shacl", ".json", ".n3")
"""Suffixes that are in use for several syntaxes: the contents decide."""
_OTHER_USES = (".xml", ".json")
"""Suffixes of many files that are no RDF: in a directory only those with RDF in them count."""

_HEAD_BYTES = 1 << 14
_CHUNK_BYTES = 1 << 18
_GZIP = b"\x1f\x8b"
_XML = re.compile(
    rb"\s*<(\?xml\b|!DOCTYPE\b|!--|([A-Za-z_][\w.-]*:)?RDF[\s>]|[A-Za-z_][\w.:-]*\s[^>]*\bxmlns\b)"
)
_RDF_XML = re.compile(rb"<([A-Za-z_][\w.-]*:)?RDF[\s>]|22-rdf-syntax-ns#")
_JSON = re.compile(rb'\s*(\{\s*["}]|\[\s*[\[{\]])')
_CONTEXT = re.compile(rb'\s*\{\s*"@context"\s*:')
_JSON_LD = re.compile(rb'"@(context|id|type|graph)"\s*:')
_TURTLE = re.compile(rb"(?im)^\s*(@?prefix|@?base)\b.*<|^\s*(<[^<>\s]*>|_:\w+)\s")
_DECLARATION = re.compile(rb"(?im)^\s*@?(prefix\s+[\w.-]*:|base)\s*<")
_LANGUAGES = (
    (rb"\s*(Prefix|Ontology)\s*\(", "OWL functional syntax"),
    (rb"\s*(Prefix|Ontology):", "OWL Manchester syntax"),
    (rb"(?s)\s*(<\?xml.*?\?>|<!.*?>|\s)*<(\w+:)?Ontology\b", "OWL/XML"),
    (rb"\s*format-version:", "the OBO format"),
    (rb"(?i)(?s)\s*(<!--.*?-->\s*)*(<!doctype html|<html)\b", "HTML"),
    (rb"version https://git-lfs", "a pointer of Git LFS"),
)
"""Languages that files of RDF may have in place of it, by how they begin."""
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["']""")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def suffix(path: Path) -> str:
    """Return the suffix that names a file's syntax, in small letters and without ``.gz``.

    >>> suffix(Path("onto.OWL.gz"))
    '.owl'
    """
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def is_known(path: Path) -> bool:
    """Tell whether a file in a directory may be RDF, by its name and at need by its contents."""
    ending = suffix(path)
    if ending not in SYNTAXES:
        return False
    if ending not in (*_OTHER_USES, ".jsonld"):
        return True
    try:
        content = text(path)
    except ProjectFault:  # it counts, so that this is said, unless its bytes are of something else
        try:
            content = path.read_bytes()
        except OSError:
            return True
        if content.startswith(_GZIP):
            return True
    if ending == ".xml":
        return bool(_RDF_XML.search(content[:_HEAD_BYTES]))
    if ending == ".jsonld":
        return not _CONTEXT.match(content) or _has_more_than_a_context(content)
    return bool(_JSON_LD.search(content)) and _has_more_than_a_context(content)


def _has_more_than_a_context(content: bytes) -> bool:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return True  # the parser will say what is wrong, and where
    return not isinstance(document, dict) or document.keys() != {"@context"}


def of(path: Path, content: bytes) -> str:
    """Return the name of a file's syntax.

    Raises:
        ProjectFault: neither its name nor its contents tell.
    """
    ending = suffix(path)
    head = content[:_HEAD_BYTES]
    if ending in SYNTAXES and ending not in _UNSURE:
        return SYNTAXES[ending]
    if _XML.match(head) and (ending in SYNTAXES or _RDF_XML.search(head)):
        return "rdfxml"
    if _JSON.match(head):
        return "jsonld"
    if ending in SYNTAXES or _TURTLE.search(head):
        return "turtle" if ending != ".xml" else "rdfxml"
    raise ProjectFault(
        f"not a kind of RDF file that is known here ({', '.join(SYNTAXES)}, also with .gz)",
        path=path,
    )


def other(kind: str, content: bytes) -> str | None:
    """Return the suffix of the syntax that a file has in place of ``kind``, as far as it shows.

    >>> other("turtle", b"<rdf:RDF xmlns:rdf='x'>")
    '.rdf'
    >>> other("ntriples", b"@prefix ex: <https://e.org/> .")
    '.ttl'
    """
    head = content[:_HEAD_BYTES]
    if kind != "rdfxml" and _XML.match(head) and _RDF_XML.search(head):
        return ".rdf"
    if kind != "jsonld" and _JSON.match(head):
        return ".jsonld" if kind != "trig" else None  # which may begin with a graph in braces
    if kind not in ("turtle", "trig") and _DECLARATION.search(head):
        return ".ttl"
    return None


def language(content: bytes) -> str | None:
    """Return what a file is in place of RDF, and what to do, as far as it shows.

    >>> language(b"Prefix(:=<https://e.org/>)")
    'the file is OWL functional syntax, not RDF: convert it, for example with ROBOT or Protégé'
    """
    head = content[:_HEAD_BYTES]
    for beginning, name in _LANGUAGES:
        if re.match(beginning, head):
            if "OWL" in name or "OBO" in name:
                hint = ": convert it, for example with ROBOT or Protégé"
            else:
                hint = ": run git lfs pull" if "LFS" in name else ""
            return f"the file is {name}, not RDF{hint}"
    return None


def text(path: Path) -> bytes:
    """Return a file's contents as UTF-8, unpacked, without a byte order mark.

    Raises:
        ProjectFault: it cannot be read or unpacked, or is no text; says the line.
    """
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ProjectFault(f"cannot be unpacked: {error}", path=path) from error
    except OSError as error:
        raise ProjectFault(f"cannot be read: {error.strerror}", path=path) from error
    return _as_utf8(path, content)


def _as_utf8(path: Path, content: bytes) -> bytes:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            if encoding == "utf-8":
                content = content[len(mark) :]
                break
            return _recoded(path, content, encoding)
    declared = _ENCODING.match(content[:200])
    if declared and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
        return _recoded(path, content, declared[1].decode())
    if [content[:4:2], content[1:4:2]].count(b"\0\0") == 1:  # letters of ASCII, two bytes each
        hint = "UTF-16 text without a byte order mark; save it as UTF-8"
        raise ProjectFault(hint, path=path, line=1)
    try:
        _check_utf8(content)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        hint = (
            f"not UTF-8 text: it has the byte {content[error.start]:02X}. Convert it, for example: "
            f"iconv -f LATIN1 -t UTF-8 {path.name}"
        )
        raise ProjectFault(hint, path=path, line=line) from error
    return content


def _recoded(path: Path, content: bytes, encoding: str) -> bytes:
    """Return text of another encoding as UTF-8, with an XML declaration that says so."""
    try:
        decoded = content.decode(encoding)
    except (LookupError, UnicodeDecodeError) as error:
        raise ProjectFault(f"is not {encoding} text, as it says", path=path, line=1) from error
    declaration = r"""^(\s*<\?xml[^>]*?encoding\s*=\s*["'])[\w.-]+"""
    return re.sub(declaration, r"\1UTF-8", decoded, count=1).encode()


def _check_utf8(content: bytes) -> None:
    """Check that bytes are UTF-8, without making a string of them all: four times their size.

    Raises:
        UnicodeDecodeError: they are not; says where.
    """
    decode = codecs.getincrementaldecoder("utf-8")().decode
    try:
        for start in range(0, len(content), _CHUNK_BYTES):
            decode(content[start : start + _CHUNK_BYTES])
        decode(b"", True)
    except UnicodeDecodeError:
        content.decode()  # raises it again, with the place in the whole
