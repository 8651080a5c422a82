"""Columns of numbers and texts in one block of bytes, which processes can share.

A block begins with a mark and the place of its table of columns. The mark is written last, so that
a reader never uses an unfinished block.
"""

from __future__ import annotations

import json
import mmap
import struct
from array import array
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

_HEAD = struct.Struct("=8sQQ")  # the mark, where the table begins and ends
_MARK = b"columns1"
_ALIGNMENT = 8
_ENCODING = ("utf-8", "surrogatepass")

Block = bytes | mmap.mmap


class Texts:
    """A column of texts.

    Args:
        block: the block, which has the texts in UTF-8, one a line.
        starts: the offsets of the lines in the block, and the end of the last one.
    """

    def __init__(self, block: Block, starts: memoryview) -> None:
        self.block, self.starts = block, starts

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, place: int) -> str:
        return self.line(place).decode(*_ENCODING)

    def line(self, place: int) -> bytes:
        """Return a text in UTF-8, whose order is the order of the characters."""
        return self.block[self.starts[place] : self.starts[place + 1] - 1]


class Columns:
    """The columns of a block; ``version`` is the version of their graph."""

    def __init__(self, block: Block) -> None:
        _, begin, end = _HEAD.unpack_from(block)
        table = json.loads(block[begin:end])
        self.version: str = table["version"]
        self._places: dict[str, tuple[str, int, int]] = table["columns"]
        self._block, self._view = block, memoryview(block)

    def numbers(self, name: str) -> memoryview:
        """Return a column of numbers."""
        type_, begin, end = self._places[name]
        return self._view[begin:end].cast("Q" if type_ == "Q" else "I")

    def texts(self, name: str) -> Texts:
        """Return a column of texts."""
        return Texts(self._block, self.numbers(name))


def read(path: str, version: str) -> Columns | None:
    """Return the columns of a file; ``None`` if it is unfinished, or about another graph."""
    with suppress(OSError), Path(path).open("rb") as file:
        if is_written(file):
            columns = Columns(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
            return columns if columns.version == version else None
    return None


def is_written(file: IO[bytes]) -> bool:
    """Tell whether a file is finished."""
    file.seek(0)
    return file.read(len(_MARK)) == _MARK


def write(
    file: IO[bytes],
    version: str,
    numbers: Mapping[str, array[int]],
    texts: Mapping[str, Iterable[bytes]],
) -> None:
    """Write columns to a file.

    Args:
        file: the file.
        version: the version of the graph.
        numbers: columns of numbers.
        texts: columns of texts, as ``encode`` gives them.
    """
    file.seek(0)
    at, places = file.write(_HEAD.pack(b"", 0, 0)), {}
    columns = dict(numbers)
    for name, lines in texts.items():
        columns[name] = starts = array("Q", [at])
        for line in lines:
            at += file.write(line) + file.write(b"\n")
            starts.append(at)
    for name, column in columns.items():
        at += file.write(b"\n" * (-at % _ALIGNMENT))
        begin, at = at, at + file.write(memoryview(column).cast("B"))
        places[name] = (column.typecode, begin, at)
    table = json.dumps({"version": version, "columns": places}).encode()
    file.write(table)
    file.flush()
    file.seek(0)
    file.write(_HEAD.pack(_MARK, at, at + len(table)))
    file.flush()


def encode(text: str) -> bytes:
    """Return a text in UTF-8."""
    return text.encode(*_ENCODING)
