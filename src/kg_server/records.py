"""Records: frozen dataclasses as JSON, and back with their types checked.

Values from other machines use this module instead of pickle, which can run code.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def dumped(record: object) -> str:
    """Return a record as JSON in ASCII letters.

    Raises:
        TypeError: the record has a value of an unsupported type.
    """
    return json.dumps(_plain(record))


def restored(kind: type[T], text: str) -> T:
    """Return the record that ``dumped`` wrote.

    Raises:
        ValueError, TypeError: the text is not JSON, or not a record of this type.

    >>> restored(tuple[Path, ...], '["a", "b"]')
    (PosixPath('a'), PosixPath('b'))
    >>> restored(int, '"1"')
    Traceback (most recent call last):
    ValueError: '1' is not of type int
    """
    value: T = _typed(kind, json.loads(text))
    return value


def _plain(value: object) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, frozenset):
        return sorted((_plain(each) for each in value), key=str)
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _typed(kind: Any, value: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _either(inner, value)
    if origin in (tuple, frozenset, list) and isinstance(value, list):
        return origin(_typed(inner[0], each) for each in value)
    if origin is not None and issubclass(origin, Mapping) and isinstance(value, dict):
        return {_typed(inner[0], name): _typed(inner[1], each) for name, each in value.items()}
    if isinstance(kind, type):
        return _simple(kind, value)
    raise ValueError(f"{value!r:.100} is not of type {kind}")


def _either(kinds: tuple[Any, ...], value: Any) -> Any:
    for kind in kinds:
        if kind is types.NoneType and value is None:
            return None
    for kind in kinds:
        if kind is not types.NoneType:
            return _typed(kind, value)
    raise ValueError(f"{value!r:.100} is not of any type")


def _simple(kind: type, value: Any) -> Any:
    if is_dataclass(kind) and isinstance(value, dict):
        hints = get_type_hints(kind)
        if unknown := value.keys() - hints.keys():
            raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
        return kind(**{name: _typed(hints[name], each) for name, each in value.items()})
    if issubclass(kind, Enum):
        return kind(value)
    if issubclass(kind, Path) and isinstance(value, str):
        return kind(value)
    if kind is bytes and isinstance(value, str):
        return value.encode()
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is kind:
        return value
    raise ValueError(f"{value!r:.100} is not of type {kind.__name__}")
