"""`--set` by Helm's grammar (pkg/strvals of Helm 3 and 4), so that a line that works there works here.

`a=1,b.c=x,d[0]=y,e={x,y}`: comma between items, dot into maps, index into lists, braces for a list; a backslash takes
any next character literally. Values become true, false, null and int64 where they look like it, text otherwise.
"""

from __future__ import annotations

import re
from typing import Any

from onectl.errors import UsageError

MAX_INDEX = 65536
MAX_DEPTH = 30
_INT = re.compile(r"[+-]?[0-9]+")


def parse_into(values: dict[str, Any], text: str) -> None:
    """Apply one `--set` to `values`; later items win. Raises UsageError with Helm's own words for what is wrong."""
    try:
        _Parser(text).parse(values)
    except _GrammarError as wrong:
        raise UsageError(f"--set {text}: {wrong}", r"write a comma that belongs to a value as \,") from wrong


def typed(text: str) -> Any:
    """A value's text as the type that Helm gives it. Fractions, 007 and 0x10 stay text."""
    words = {"true": True, "false": False, "null": None, "0": 0}
    if text.lower() in words:
        return words[text.lower()]
    if not text.startswith("0") and _INT.fullmatch(text) and -(2**63) <= int(text) < 2**63:
        return int(text)
    return text


class _GrammarError(Exception):
    pass


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def parse(self, values: dict[str, Any]) -> None:
        while self._at < len(self._text):
            self._item(values, 0)

    def _item(self, target: dict[str, Any], depth: int) -> None:
        """Read one `key=value` into the map, and the comma after it."""
        key, stop = self._until("=[,.")
        if stop == "=":
            _put(target, key, self._value())
        elif stop == "[":
            _put(target, key, self._element(_inner(target.get(key), list), self._index(), depth))
        elif stop == ".":
            self._nested(target, key, depth + 1)
        elif stop == ",":
            raise _GrammarError(f'key "{key}" has no value (cannot end with ,)')
        elif key:
            raise _GrammarError(f'key "{key}" has no value')

    def _nested(self, target: dict[str, Any], key: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise _GrammarError(f"value name nested level is greater than maximum supported nested level of {MAX_DEPTH}")
        inner = _inner(target.get(key), dict)
        self._item(inner, depth)
        if not inner:
            raise _GrammarError(f'key map "{key}" has no value')
        _put(target, key, inner)

    def _element(self, items: list[Any], index: int, depth: int) -> list[Any]:
        """Read what follows `[index]` into the list."""
        rest, stop = self._until("[.=")
        if rest:
            raise _GrammarError(f'unexpected data at end of array index: "{rest}"')
        old = items[index] if index < len(items) else None
        if stop == "=":
            new: Any = self._value()
        elif stop == "[":
            new = self._element(_inner(old, list), self._index(), depth)
        elif stop == ".":
            new = old if isinstance(old, dict) else {}
            self._item(new, depth)
        else:
            raise _GrammarError(f"index {index} has no value")
        items.extend([None] * (index + 1 - len(items)))
        items[index] = new
        return items

    def _index(self) -> int:
        text, stop = self._until("]")
        if not stop or not _INT.fullmatch(text):
            raise _GrammarError(f'error parsing index: "{text}" is not a number')
        index = int(text)
        if index < 0:
            raise _GrammarError(f"negative {index} index not allowed")
        if index > MAX_INDEX:
            raise _GrammarError(f"index of {index} is greater than maximum supported index of {MAX_INDEX}")
        return index

    def _value(self) -> Any:
        if self._text[self._at : self._at + 1] == "{":
            self._at += 1
            return self._list()
        return typed(self._until(",")[0])

    def _list(self) -> list[Any]:
        items, stop = [], ","
        while stop == ",":
            text, stop = self._until(",}")
            items.append(typed(text))
        if not stop:
            raise _GrammarError("list must terminate with '}'")
        if self._text[self._at : self._at + 1] == ",":
            self._at += 1
        return items

    def _until(self, stops: str) -> tuple[str, str]:
        """Read up to one of `stops` and past it. Returns what was read and the stop, empty at the text's end."""
        read: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char in stops:
                return "".join(read), char
            if char == "\\":
                char = self._text[self._at : self._at + 1]
                self._at += 1
            read.append(char)
        return "".join(read), ""


def _put(target: dict[str, Any], key: str, value: Any) -> None:
    # Helm ignores an empty key.
    if key:
        target[key] = value


def _inner(old: Any, kind: type[Any]) -> Any:
    """What is there already, to be added to; a value of another kind can't be."""
    if old is None:
        return kind()
    if not isinstance(old, kind):
        raise _GrammarError("unable to parse key: interface conversion: a value of this key was set before and has no parts")
    return old
