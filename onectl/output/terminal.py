"""Talk on a terminal: rows are drawn in place, beneath what has been said."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text


class Terminal:
    """Colours and in-place progress by rich, which heeds NO_COLOR and TERM=dumb."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, highlight=False)
        self._live = Live(console=self._console, transient=True, refresh_per_second=8)

    def say(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)

    def progress(self, rows: Sequence[str]) -> None:
        self._live.update(Group(*(Text(f"  {row}", style="dim", no_wrap=True, overflow="ellipsis") for row in rows)))

    def live(self) -> AbstractContextManager[object]:
        return self._live
