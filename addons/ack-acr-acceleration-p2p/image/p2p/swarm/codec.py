"""Strict JSON for small frozen dataclasses: each field names its wire form with one of the types below.

A reader ignores keys that it does not know, refuses a higher version, and bounds every length. Field names travel in camelCase.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Annotated, Any, TypeVar, get_type_hints

from p2p.swarm.errors import ProtocolError
from p2p.swarm.pieces import from_runs, to_runs

VERSION = 1
MOST_PIECES = 1 << 16
MOST_NAMES = 4096
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
T = TypeVar("T")


@dataclass(frozen=True)
class Form:
    """How a field's value is read from JSON (ValueError: it is not that) and written to it."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any] = lambda value: value


def _check(good: bool, value: T) -> T:
    if not good:
        raise ValueError
    return value


def _text(most: int) -> Form:
    return Form(lambda value: _check(isinstance(value, str) and len(value) <= most, value))


def _digest(value: Any) -> str:
    return str(_check(isinstance(value, str) and _DIGEST.fullmatch(value) is not None, value))


def _number(value: Any) -> int:
    return int(_check(type(value) is int and 0 <= value < 1 << 53, value))


def _address(value: Any) -> str:
    return str(ip_address(_check(isinstance(value, str), value)))


def _list(value: Any, most: int) -> list[Any]:
    return list(_check(isinstance(value, list) and len(value) <= most, value))


def _runs(value: Any) -> int:
    runs = [(_number(start), _number(count)) for start, count in _list(value, MOST_PIECES)]
    _check(all(start + count <= MOST_PIECES for start, count in runs), value)
    return from_runs(runs)


def _names(value: Any) -> tuple[str, ...]:
    return tuple(_check(isinstance(name, str) and len(name) <= 512, name) for name in _list(value, MOST_NAMES))


Text = Annotated[str, _text(512)]
Secret = Annotated[str, _text(1 << 16)]
Digest = Annotated[str, Form(_digest)]
Number = Annotated[int, Form(_number)]
Address = Annotated[str, Form(_address)]
Pieces = Annotated[int, Form(_runs, lambda pieces: [list(run) for run in to_runs(pieces)])]
Names = Annotated[tuple[str, ...], Form(_names, list)]
Digests = Annotated[frozenset[str], Form(lambda value: frozenset(map(_digest, _list(value, MOST_NAMES))), sorted)]


def encode(message: Any) -> dict[str, Any]:
    """The JSON object of a dataclass made of the types above."""
    wire = {key: form.write(getattr(message, name)) for name, key, form in _forms(type(message))}
    return {"version": VERSION, **wire}


def decode(kind: type[T], wire: dict[str, Any]) -> T:
    """The dataclass that encode() wrote. Raises ProtocolError and names the field that is wrong, never its value."""
    values = {}
    for name, key, form in _forms(kind):
        try:
            values[name] = form.read(wire[key])
        except (KeyError, TypeError, ValueError):
            raise ProtocolError(f"{kind.__name__}: {key} is missing or malformed") from None
    return kind(**values)


def load(text: str | bytes | bytearray | memoryview, most: int) -> dict[str, Any]:
    """The JSON object in a text of at most `most` characters or bytes. Raises ProtocolError."""
    if len(text) > most:
        raise ProtocolError(f"a message of {len(text)} bytes, more than {most}")
    try:
        wire = json.loads(text if isinstance(text, str) else bytes(text))
    except (ValueError, RecursionError):
        raise ProtocolError("a message that is not JSON") from None
    if not isinstance(wire, dict) or type(wire.get("version")) is not int:
        raise ProtocolError("a message that is not an object with a version")
    if wire["version"] > VERSION:
        raise ProtocolError(f"version {wire['version']} is newer than {VERSION}")
    return wire


def dump(message: object) -> str:
    return json.dumps(encode(message), separators=(",", ":"), sort_keys=True)


def _read_forms(kind: Any) -> list[tuple[str, str, Form]]:
    hints = get_type_hints(kind, include_extras=True)
    return [(name, _camel(name), hint.__metadata__[0]) for name, hint in hints.items()]


_forms: Callable[[Any], list[tuple[str, str, Form]]] = cache(_read_forms)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.title, rest))
