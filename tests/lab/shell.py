"""Running programs: once, in the background, and until something is true."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

MARK = "ONECTL_LAB"


class LabError(Exception):
    """Something that the lab needs did not happen. The text says what, and where to look."""


def run(
    *argv: str | Path,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float | None = 600,
    check: bool = True,
) -> str:
    """Run a program to its end and return what it printed."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            cwd=cwd,
            timeout=timeout,
            env={**os.environ, **(env or {})},
        )
    except subprocess.TimeoutExpired as slow:
        raise LabError(f"{' '.join(words)}: not done after {timeout} s") from slow
    except FileNotFoundError as missing:
        raise LabError(f"{words[0]} is not installed; `sh tests/run …` installs what the lab needs") from missing
    if check and done.returncode:
        raise LabError(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def spawn(mark: str, log: Path, *argv: str | Path, env: Mapping[str, str] | None = None) -> int:
    """Start a program that outlives us, in a session of its own (no terminal signal reaches it). Returns its id.

    Its environment carries the lab's mark, so that it is found again wherever it went.
    """
    words = [str(word) for word in argv]
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawnp(words[0], words, {**os.environ, **(env or {}), MARK: mark}, file_actions=files, setsid=True)


def marked(mark: str) -> set[int]:
    """The ids of all processes with the mark, their descendants among them, whoever started them."""
    found = set()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it ended, or is a zombie
            if f"{MARK}={mark}".encode() in environment.read_bytes().split(b"\0"):
                found.add(int(environment.parent.name))
    return found


def ended(pid: int) -> bool:
    """Whether a process is gone, or waits only for its parent to take notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def until(what: str, probe: Callable[[], object], seconds: float = 60, every: float = 0.2) -> float:
    """Call probe until it answers something true; a LabError it raises counts as 'not yet'. Returns the seconds it took."""
    start = time.monotonic()
    last = ""
    while (spent := time.monotonic() - start) < seconds:
        try:
            if probe():
                return time.monotonic() - start
        except LabError as no:
            last = f": {no}"
        time.sleep(every)
    raise LabError(f"{what}: not so after {spent:.0f} s{last}")
