"""What has to be done in the runtime's directory, as a pure decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from p2p.config.names import hosts_directory
from p2p.setup.hosts import Files


@dataclass(frozen=True)
class Found:
    """The directory as it is. `ours`: directories with a hosts file of this addon; `backed_up`: what they took the place of."""

    ours: Mapping[str, Files]
    foreign: frozenset[str]
    backed_up: frozenset[str]


@dataclass(frozen=True)
class BackUp:
    directory: str


@dataclass(frozen=True)
class Write:
    directory: str
    file: str
    content: bytes


@dataclass(frozen=True)
class Delete:
    directory: str
    file: str


@dataclass(frozen=True)
class Remove:
    directory: str


@dataclass(frozen=True)
class Restore:
    directory: str


@dataclass(frozen=True)
class TidyUp:
    """Nothing of ours is left: what was made to hold it goes too."""


@dataclass(frozen=True)
class Leave:
    """The order to take the hosts files away, save those of the names in `keep`, which shall lead to the origin only."""

    id: str
    keep: frozenset[str]


Action = BackUp | Write | Delete | Remove | Restore | TidyUp


def plan(found: Found, wanted: Mapping[str, Files], order: Leave | None) -> list[Action]:
    """The actions, in order, that make `wanted` (by directory) of what was found. Broken off, the next plan completes them.

    Only an order takes anything away: a file of a name that is not wanted now may be what a running Pod still pulls by.
    """
    actions: list[Action] = []
    for directory, files in wanted.items():
        if directory in found.foreign and directory not in found.backed_up:
            actions.append(BackUp(directory))
        actions += _fill(directory, found.ours.get(directory, {}), files)
    return actions + _leave(found, order) if order else actions


def _leave(found: Found, order: Leave) -> list[Action]:
    kept = {hosts_directory(name) for name in order.keep}
    removals = [Remove(directory) for directory in found.ours if directory not in kept]
    restores = [Restore(directory) for directory in sorted(found.backed_up) if directory not in kept]
    is_last = not kept & (found.ours.keys() | found.backed_up)
    return [*removals, *restores, *([TidyUp()] if is_last else [])]


def _fill(directory: str, have: Files, wanted: Files) -> list[Action]:
    writes = [Write(directory, file, content) for file, content in wanted.items() if have.get(file) != content]
    return [*writes, *(Delete(directory, file) for file in have if file not in wanted)]
