"""What the audience sees: chapters, commands being typed, what they answered, one table."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.lab.operator import Typed

BOLD, DIM, GREEN, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[0m"


class DemoError(Exception):
    """Something that the demo shows did not happen."""


def paint(text: str, style: str) -> str:
    """Colour on a terminal only."""
    return f"{style}{text}{PLAIN}" if sys.stdout.isatty() else text


def say(text: str) -> None:
    print(text, flush=True)


def chapter(title: str) -> None:
    say(f"\n{paint(title, BOLD)}")


def note(text: str) -> None:
    say(paint(f"  {text}", DIM))


def show(typed: Typed) -> Typed:
    """Print a command with its answer; a command that failed ends the demo."""
    say(f"{paint('$', GREEN)} {typed.command}")
    for line in typed.stderr.splitlines():
        note(line)
    for line in typed.stdout.splitlines():
        say(f"  {line}")
    if typed.code:
        raise DemoError(f"`{typed.command}` ended with {typed.code}")
    return typed


def table(rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they must be; the first row is the heading, numbers stand to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for index, row in enumerate(rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        say("  " + paint("  ".join(cells), BOLD if index == 0 else ""))
