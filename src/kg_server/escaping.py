"""Escaping of untrusted text for terminals, logs, Markdown, XML, SARIF and workflow commands.

Text in a project's files is untrusted: a literal may hold terminal sequences, workflow commands or
markup. Whatever prints such text calls one of these functions.
"""

from __future__ import annotations

import re
import secrets

_CONTROLS = r"\x00-\x1f\x7f-\x9f"
_BIDIRECTIONAL = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_SEPARATORS = r"\u2028\u2029"
_OTHERS = r"\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
_HIDDEN = re.compile(f"[{_CONTROLS}{_BIDIRECTIONAL}{_SEPARATORS}{_OTHERS}]")
_HIDDEN_BUT_LINES = re.compile(f"(?![\\t\\n])[{_CONTROLS}{_BIDIRECTIONAL}{_SEPARATORS}{_OTHERS}]")
_COMMAND = re.compile(r"(?m)^[^\S\n]*::|##\[")
"""Beginnings of workflow commands of GitHub Actions, the older ones anywhere in a line."""
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PLANES = "".join(f"{chr((n << 16) + 0xFFFE)}{chr((n << 16) + 0xFFFF)}" for n in range(17))
_NO_HTML = re.compile(rf"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_PLANES}]")


def terminal(text: str) -> str:
    r"""Return text without control sequences for a terminal; tabs and line feeds stay.

    Controls (C0, C1, DEL), line separators, bidirectional controls, noncharacters and surrogates
    are written as ``\uXXXX``.

    >>> terminal("a\x1b[31m\u202eb\n")
    'a\\u001b[31m\\u202eb\n'
    """
    return _HIDDEN_BUT_LINES.sub(_code_point, text)


def message(text: str) -> str:
    r"""Return text for messages and logs of several lines, in which no line is a workflow command.

    >>> message("a\x1b\n::error::b ##[error]c")
    'a\\u001b\n:\\u003aerror::b ##\\u005berror]c'
    """
    return _COMMAND.sub(lambda found: f"{found[0][:-1]}\\u{ord(found[0][-1]):04x}", terminal(text))


def line(text: str) -> str:
    r"""Return text for a terminal or a log, on one line.

    >>> line("a\n::error::b")
    'a\\u000a::error::b'
    """
    return _HIDDEN.sub(_code_point, text)


def xml(text: str) -> str:
    """Return text without the characters that XML 1.0 cannot carry (§2.2, ``Char``)."""
    return _NO_XML.sub("\ufffd", text)


def html(text: str) -> str:
    """Return a page without the characters that HTML cannot carry (HTML §13.2.3.5).

    These are controls and noncharacters; a reference such as ``&#1;`` is as wrong as they are.
    """
    return _NO_HTML.sub("\ufffd", text) if _NO_HTML.search(text) else text


def markdown(text: str) -> str:
    r"""Return text for a cell of a Markdown table, with markup, addresses and formulas escaped.

    >>> markdown("<b> @you $x$\n| https://e.org")
    '\\<b\\> \\@you \\$x\\$ \\| https\\://e.org'
    """
    escaped = re.sub(r"([\\`*_{}\[\]<>#|!~&@$])", r"\\\1", line(" ".join(text.split())))
    return re.sub(r"(?i)\b(https?|ftp|www)([:.])", r"\1\\\2", escaped)


def fenced(text: str, language: str = "") -> str:
    """Return text as a fenced code block, with a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{terminal(text)}\n{fence}"


def sarif(text: str) -> str:
    r"""Return text for a SARIF message, with embedded links escaped (SARIF 2.1.0 §3.11.6).

    >>> sarif("[x](https://e.org)")
    '\\[x\\](https://e.org)'
    """
    return re.sub(r"([\[\]])", r"\\\1", line(text))


def workflow_message(text: str) -> str:
    """Return the message of a workflow command of GitHub Actions."""
    return terminal(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """Return a property's value of a workflow command of GitHub Actions."""
    return workflow_message(text).replace(":", "%3A").replace(",", "%2C")


def no_commands(text: str) -> str:
    """Return text between lines that switch workflow commands off, for logs of GitHub Actions."""
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n{text.rstrip()}\n::{token}::\n"


def _code_point(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
