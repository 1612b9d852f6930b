"""The runtime's directory of hosts files: looking at it, and carrying out what was planned."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterable
from pathlib import Path

from p2p.config.files import replace_file
from p2p.setup.hosts import HOSTS_FILE, MARK, Files
from p2p.setup.plan import Action, BackUp, Delete, Found, Remove, Restore, TidyUp, Write

STATE = ".ack-acr-acceleration-p2p"  # no name of a host, so no runtime looks there


class HostsDirectory:
    """`path` may not exist yet. Every method raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._backup = path / STATE / "backup"
        self._made = path / STATE / "made"  # how many levels of `path` were made for us

    def look(self) -> Found:
        entries = [entry for entry in _entries(self._path) if entry.is_dir() and entry.name != STATE]
        ours = {entry.name: _files(entry) for entry in entries if _is_ours(entry)}
        foreign = frozenset(entry.name for entry in entries if entry.name not in ours)
        return Found(ours, foreign, frozenset(entry.name for entry in _entries(self._backup)))

    def carry_out(self, actions: Iterable[Action]) -> None:
        for action in actions:
            self._do(action)

    def _do(self, action: Action) -> None:
        match action:
            case BackUp(directory):
                self._backup.mkdir(parents=True, exist_ok=True)
                (self._path / directory).rename(self._backup / directory)
            case Write(directory, file, content):
                self._make()
                (self._path / directory).mkdir(exist_ok=True)
                replace_file(self._path / directory / file, content)
            case Delete(directory, file):
                (self._path / directory / file).unlink()
            case Remove(directory):
                shutil.rmtree(self._path / directory)
            case Restore(directory):
                (self._backup / directory).rename(self._path / directory)
            case TidyUp():
                self._tidy_up()

    def _make(self) -> None:
        missing = [path for path in (self._path, *self._path.parents) if not path.exists()]
        if missing:
            self._made.parent.mkdir(parents=True)
            self._made.write_text(str(len(missing)))

    def _tidy_up(self) -> None:
        levels = int(self._made.read_text()) if self._made.exists() else 0
        if self._made.parent.exists():
            shutil.rmtree(self._made.parent)
        for path in [self._path, *self._path.parents][:levels]:
            if not _remove_if_empty(path):
                break


def _entries(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else []


def _files(directory: Path) -> Files:
    return {entry.name: entry.read_bytes() for entry in _entries(directory) if entry.is_file()}


def _is_ours(directory: Path) -> bool:
    return _files(directory).get(HOSTS_FILE, b"").startswith(MARK.encode())


def _remove_if_empty(path: Path) -> bool:
    try:
        path.rmdir()
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        return False
    return True
