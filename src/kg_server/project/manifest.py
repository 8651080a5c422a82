"""The manifest of a project: ``kg.toml``, or ``[tool.kg-server]`` in ``pyproject.toml``."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from os.path import normpath
from pathlib import Path
from typing import Any, NoReturn

from kg_server.config import is_base_iri
from kg_server.errors import ProjectFault
from kg_server.project import boundary, nesting
from kg_server.project.profile import Evidence, HomeQuery, Profile, Texts

FILE = "kg.toml"
TABLE = "tool.kg-server"
LISTS = {
    "data": ("data",),
    "ontology": ("ontology",),
    "shapes": ("ontology/shapes",),
    "queries": ("queries",),
    "tests": ("tests",),
    "derive": ("ontology/rules",),
}
"""The keys whose values are lists of files, directories and patterns, with their defaults."""
_TEXTS = ("title", "description")
_TABLES = ("rules", "imports", "columns", "topics", "evidence", "home")
KEYS = ("base-iri", *_TEXTS, "licence", "languages", *LISTS, *_TABLES)
_HOME_KEYS = ("query", "parameters", "view", "title")
_EVIDENCE = tuple(each.name.replace("_", "-") for each in fields(Evidence))
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_IRI = re.compile(r"(https?://|urn:|tag:)[^\s\x00-\x1f\x7f-\x9f<>\"{}|^`\\]+")

Place = tuple[str | int, ...]
"""Place of a value in the manifest: keys, and numbers in arrays, from 0."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Contents of kg.toml: paths are below ``root``, patterns are resolved.

    ``base_iri`` is the one that is written in the files, ``None`` if the manifest has none;
    ``rules`` are levels of the rules of ``lint``, by name; ``derive`` are the files and folders of
    CONSTRUCT queries; ``imports`` are the files of imported ontologies, by the IRIs of these. The
    terms of ``profile.evidence`` are as written, with prefixes.
    """

    root: Path
    base_iri: str | None = None
    data: tuple[Path, ...] = ()
    ontology: tuple[Path, ...] = ()
    shapes: tuple[Path, ...] = ()
    queries: tuple[Path, ...] = ()
    tests: tuple[Path, ...] = ()
    derive: tuple[Path, ...] = ()
    rules: Mapping[str, str] = field(default_factory=dict)
    profile: Profile = field(default_factory=Profile)
    imports: Mapping[str, Path] = field(default_factory=dict)


def source(root: Path) -> Path | None:
    """Return the file with a directory's manifest.

    Raises:
        ProjectFault: kg.toml is a folder, or a link that leads nowhere.
    """
    path = root / FILE
    if path.is_file():
        return path
    if path.is_symlink() or path.exists():
        raise ProjectFault("this is no file that can be read", path=path)
    path = root / "pyproject.toml"
    if path.is_file() and re.search(rb"(?m)^\s*\[\s*tool\s*\.\s*\"?kg-server", path.read_bytes()):
        return path
    return None


def read(root: Path) -> Manifest:
    """Read a project's manifest; without one, the parts are where they usually are.

    Raises:
        ProjectFault: it is not TOML, has a key that is not known or a value of the wrong kind,
            or names a path that does not exist; says file and line.
    """
    path = source(root)
    read = _Reader(path, _table(path) if path else {})
    read.only(read.table, KEYS, ())
    base_iri = read.text(("base-iri",))
    if base_iri is not None and not is_base_iri(base_iri):
        message = "base-iri starts with http:// or https:// and ends with a slash"
        read.refuse(("base-iri",), f"{message}, such as https://kg.example.org/")
    rules = read.words(("rules",), 'such as: no-definition = "off"')
    profile = Profile(
        title=read.texts(("title",)),
        description=read.texts(("description",)),
        licence=read.text(("licence",)),
        languages=read.languages(),
        home=tuple(read.home()),
        evidence=read.evidence(),
        columns=read.named_texts("columns", 'city = { fr = "ville" }'),
        topics=read.named_texts("topics", 'trade = { fr = "Commerce" }'),
        path=path,
        text=path.read_text("utf-8-sig") if path else "",
    )
    parts = {key: _paths(root, read, key) for key in LISTS}
    if "derive" in read.table and not any(_has_rules(each) for each in parts["derive"]):
        read.refuse(("derive",), "derive: there is no .rq file with a rule")
    imports = _imports(root, read)
    return Manifest(root, base_iri, **parts, rules=rules, profile=profile, imports=imports)


def _check_inside(root: Path, path: Path, read: _Reader, place: Place, *, written: str) -> None:
    """Refuse a path that leads out of the project by ``..`` or, if it is a file, by a link."""
    if normpath(path.relative_to(root)).startswith(".."):
        message = f"{place[0]}: {written!r} leads out of the folder of {read.name}"
        read.refuse(place, f"{message}; write {read.name} in a folder above both", written)
    if not path.is_dir():
        boundary.check_link(path, root)


def _has_rules(path: Path) -> bool:
    return path.is_file() or next(path.rglob("*.rq"), None) is not None


def _imports(root: Path, read: _Reader) -> dict[str, Path]:
    files = read.words(("imports",), 'such as: "https://example.org/onto" = "vendor/onto.ttl"')
    for iri, name in files.items():
        if not _IRI.fullmatch(iri):
            read.refuse(("imports", iri), f"imports: {iri!r} is no IRI of an ontology")
        if not (root / name).is_file():
            read.refuse(("imports", iri), f"imports: there is no file {name!r}", name)
        _check_inside(root, root / name, read, ("imports", iri), written=name)
    return {iri: root / name for iri, name in files.items()}


def evidence_iri(declared: Manifest, name: str, term: str, prefixes: Mapping[str, str]) -> str:
    """Return the IRI of a term of the evidence, which is written in full or with a prefix.

    Raises:
        ProjectFault: the term is no IRI, and no file of the project has its prefix.
    """
    prefix, colon, local = term.partition(":")
    is_known = bool(colon) and prefix in prefixes
    iri = prefixes[prefix] + local if is_known else term
    if not _IRI.fullmatch(iri):
        why = "" if is_known else f", and no file of the project has a prefix {prefix!r}"
        key = name.replace("_", "-")
        message = f"{key}: {term!r} is no IRI{why}"
        _Reader(source(declared.root), {}).refuse(("evidence", key), message)
    return iri


class _Reader:
    """Reads the values of a manifest, and refuses wrong ones with their line."""

    def __init__(self, path: Path | None, table: Mapping[str, Any]) -> None:
        self.path, self.table = path, table

    @cached_property
    def lines(self) -> Sequence[str]:
        """The lines of the file."""
        return self.path.read_text("utf-8-sig").split("\n") if self.path else []

    @cached_property
    def lines_of(self) -> Mapping[Place, int]:
        """The lines of keys and tables."""
        return _lines_of(self.lines)

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name if self.path else FILE

    def refuse(self, place: Place, message: str, value: str = "") -> NoReturn:
        """Raise a fault at the line of a key, or of its value where that has a line of its own."""
        number = _nearest(self.lines_of, place)
        quoted = re.compile(rf"""(["']){re.escape(value)}\1""")
        below = enumerate(self.lines[(number or 1) - 1 :], number or 1) if value else ()
        at_value = next((n for n, line in below if quoted.search(line)), None)
        raise ProjectFault(message, path=self.path, line=at_value or number)

    def only(self, table: Mapping[str, Any], keys: Sequence[str], place: Place) -> None:
        """Refuse keys that are not known."""
        for key in table:
            if key not in keys:
                close = difflib.get_close_matches(key, keys, 1)
                hint = f"; did you mean {close[0]}?" if close else f": {', '.join(keys)}"
                self.refuse((*place, key), f"there is no key {key!r}{hint}")

    def text(self, place: Place) -> str | None:
        """Return a text that is not empty, ``None`` where the key is missing."""
        value = self._value(place)
        if value is not None and not (isinstance(value, str) and value.strip()):
            self.refuse(place, f"{place[-1]} is a text in quotes")
        return value

    def texts(self, place: Place) -> Texts:
        """Return a text, or a table of texts by language."""
        value = self._value(place)
        if value is None:
            return {}
        if isinstance(value, str) and value.strip():
            return {"": value}
        if not isinstance(value, dict) or not value:
            self.refuse(place, f'{place[-1]} is a text, or a table such as {{ en = "…" }}')
        for tag, text in value.items():
            if not _LANGUAGE.fullmatch(tag):
                self.refuse((*place, tag), f"{tag!r} is no language tag, such as en or pt-BR")
            if not (isinstance(text, str) and text.strip()):
                self.refuse((*place, tag), f"{place[-1]}.{tag} is a text in quotes")
        return dict(value)

    def words(self, place: Place, example: str) -> Mapping[str, str]:
        """Return a table of texts by name."""
        value = self._value(place)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.refuse(place, f"{place[-1]} is a table, {example}")
        for key, text in value.items():
            if not isinstance(text, str):
                self.refuse((*place, key), f"{place[-1]} is a table, {example}")
        return value

    def languages(self) -> tuple[str, ...]:
        """Return the language tags."""
        value = self._value(("languages",))
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.refuse(("languages",), 'languages is a list of language tags, such as ["en"]')
        for each in value:
            if not _LANGUAGE.fullmatch(each):
                message = f"{each!r} is no language tag, such as en or pt-BR"
                self.refuse(("languages",), message, each)
        return tuple(dict.fromkeys(value))

    def home(self) -> Iterator[HomeQuery]:
        """Yield the canned queries of the home page."""
        value = self._value(("home",))
        if value is None:
            return
        example = 'home is a list of tables: [[home]] and below it query = "NAME"'
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.refuse(("home",), example)
        for number, each in enumerate(value):
            place = ("home", number)
            self.only(each, _HOME_KEYS, place)
            query = self.text((*place, "query"))
            if query is None:
                self.refuse(place, example)
            parameters = self.words((*place, "parameters"), 'such as { year = "1990" }')
            view = (self.text((*place, "view")) or "").split()
            title = self.texts((*place, "title"))
            number_of_line = _nearest(self.lines_of, place)
            yield HomeQuery(
                query=query,
                parameters=parameters,
                view=tuple(view),
                title=title,
                path=self.path,
                line=number_of_line,
            )

    def named_texts(self, name: str, example: str) -> Mapping[str, Texts]:
        """Return a table of texts by name: names of columns, headings of topics."""
        value = self._value((name,))
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.refuse((name,), f"{name} is a table, such as: {example}")
        return {each: self.texts((name, each)) for each in value}

    def evidence(self) -> Evidence | None:
        """Return the vocabulary of evidence, with terms as they are written."""
        value = self.words(("evidence",), 'such as: claim = "ex:Claim"')
        if not value:
            return None
        self.only(value, _EVIDENCE, ("evidence",))
        return Evidence(**{key.replace("-", "_"): term for key, term in value.items()})

    def _value(self, place: Place) -> Any:
        value: Any = self.table
        for step in place:
            value = value.get(step) if isinstance(value, dict) else value[step]
        return value


_MOST_BYTES = 1 << 20
"""Largest manifest; those that people write have some kilobytes."""
_DEEPEST_PATTERN = 100
_TOML_MESSAGES = {"Cannot overwrite a value": "this key has a value already, further up"}
"""Messages in place of those of tomllib."""


def _table(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ProjectFault(f"this file is larger than {_MOST_BYTES:,} bytes", path=path)
        content = path.read_bytes()
        text = content.decode("utf-8-sig")  # editors of Windows write a mark at the beginning
        nesting.check_toml(path, text)
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        at_end = text.rstrip("\n").count("\n") + 1, None
        line, column = (int(place[1]), int(place[2])) if place else at_end
        message = re.sub(r" \(at .*\)$", "", str(error))
        message = _TOML_MESSAGES.get(message, message)
        raise ProjectFault(message, path=path, line=line, column=column) from error
    except UnicodeDecodeError as error:
        at = content.count(b"\n", 0, error.start) + 1
        raise ProjectFault("not UTF-8 text", path=path, line=at) from error
    table = document if path.name == FILE else document["tool"]["kg-server"]
    if not isinstance(table, dict):
        raise ProjectFault(f"{TABLE} is a table", path=path)
    return table


def _paths(root: Path, read: _Reader, key: str) -> tuple[Path, ...]:
    if key not in read.table:
        return tuple(root / each for each in LISTS[key] if (root / each).exists())
    entries = read.table[key]
    if not isinstance(entries, list) or not all(isinstance(each, str) for each in entries):
        message = f'{key} is a list of files, directories or patterns, such as ["{LISTS[key][0]}"]'
        read.refuse((key,), message)
    paths: list[Path] = []
    for each in entries:
        if Path(each).is_absolute():
            message = f"{key}: {each!r} is absolute; paths start at the folder of {read.name}"
            read.refuse((key,), message, each)
        if each.count("/") > _DEEPEST_PATTERN:
            message = f"{key}: a pattern with more than {_DEEPEST_PATTERN} folders"
            read.refuse((key,), message, each)
        matches = sorted(root.glob(each)) if each else []
        if not matches and each and key == "tests":
            matches = [root / each]  # a copy of the graph, such as a wheel, has no tests
        if not matches:
            read.refuse((key,), f"{key}: there is no file or directory {each!r}", each)
        for path in matches:
            _check_inside(root, path, read, (key,), written=each)
        paths += matches
    return tuple(dict.fromkeys(paths))


_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_PART = r"""\"[^\"]*\"|'[^']*'|[\w-]+"""
_KEY = re.compile(rf"\s*((?:{_PART})(?:\s*\.\s*(?:{_PART}))*)\s*=")


def line(lines: Sequence[str], place: Place) -> int | None:
    """Return the line of a key, or of the nearest table or key around it that has a line.

    >>> line(['a = 1', '[[home]]', 'query = "x"', '[[home]]', 'query = "y"'], ("home", 1, "query"))
    5
    """
    return _nearest(_lines_of(lines), place)


def _nearest(line_of: Mapping[Place, int], place: Place) -> int | None:
    around = (place[:length] for length in range(len(place), 0, -1))
    return next((line_of[each] for each in around if each in line_of), None)


def _lines_of(lines: Sequence[str]) -> Mapping[Place, int]:
    line_of: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(lines, 1):
        if header := _HEADER.match(line):
            table = _keys(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                line_of.setdefault(table, number)
                table = (*table, counts[table])
            for length in range(1, len(table) + 1):
                line_of.setdefault(table[:length], number)
        elif key := _KEY.match(line):
            keys = (*table, *_keys(key[1]))
            for length in range(len(table) + 1, len(keys) + 1):
                line_of.setdefault(keys[:length], number)
    return line_of


def _keys(dotted: str) -> Place:
    """Return the keys of a dotted key, without the table that pyproject.toml has around them."""
    keys = tuple(key.strip("\"'") for key in re.findall(_PART, dotted))
    own = tuple(TABLE.split("."))
    return keys[len(own) :] if keys[: len(own)] == own else keys
