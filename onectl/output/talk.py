"""Talk: everything that is said on standard error while a command works. Results go to standard output."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TextIO


class Talk(Protocol):
    """Where progress goes."""

    def say(self, text: str) -> None:
        """One line that stays."""

    def progress(self, rows: Sequence[str]) -> None:
        """What is being waited for, the whole of it each time; no rows: the waiting is over."""

    def live(self) -> AbstractContextManager[object]:
        """Within it, `progress` may be drawn over what it drew before."""


class Plain:
    """For files, pipes and CI: a row is a line, said once for each change. Nothing moves."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._said: set[str] = set()

    def say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)

    def progress(self, rows: Sequence[str]) -> None:
        for row in rows:
            if row not in self._said:
                self.say(f"  {row}")
        self._said = set(rows)

    def live(self) -> AbstractContextManager[object]:
        return nullcontext()
