"""Which renderer fits a stream."""

from __future__ import annotations

from typing import TextIO

from onectl.output.talk import Plain, Talk


def choose(stream: TextIO) -> Talk:
    """Rich where a person watches, plain lines elsewhere."""
    if not stream.isatty():
        return Plain(stream)
    from onectl.output.terminal import Terminal

    return Terminal(stream)
