"""Files that others read while they are written."""

from __future__ import annotations

import os
from pathlib import Path

TERMINATION_LOG = Path("/dev/termination-log")


def replace_file(path: Path, content: bytes, mode: int = 0o644, group: int = -1) -> None:
    """Write by temp and rename, so that a reader sees the old content or the new one. Raises OSError."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        os.fchmod(file.fileno(), mode)
        os.fchown(file.fileno(), -1, group)
        file.write(content)
    temporary.replace(path)


def last_words(message: str, log: Path = TERMINATION_LOG) -> None:
    """Leave the reason of this container's end where `kubectl describe pod` shows it, if that place is there."""
    if log.exists() and os.access(log, os.W_OK):
        log.write_text(message + "\n")
