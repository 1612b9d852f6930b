"""Who has the machine: the lab's addresses exist once, so there is one lab at a time.

The claim is a file. It holds as long as its owner lives, or, when the owner left the lab running on purpose, as long as the
lab's processes do.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.lab.shell import LabError, marked

FILE = Path("/run/onectl-lab.json")


@dataclass(frozen=True)
class Claim:
    id: str
    checkout: str
    directory: str
    owner: int
    owner_started: int
    kept: bool = False

    def holds(self) -> bool:
        """Whether somebody would miss this lab."""
        alive = _started(self.owner) == self.owner_started
        return alive or (self.kept and bool(marked(self.id)))


def lab_id(checkout: Path) -> str:
    """Four hex digits of the checkout's path."""
    return hashlib.sha256(str(checkout).encode()).hexdigest()[:4]


def current() -> Claim | None:
    try:
        return Claim(**json.loads(FILE.read_text()))
    except FileNotFoundError:
        return None


def take(checkout: Path, directory: Path) -> Claim | None:
    """Claim the machine for this process. Returns an older claim whose lab nobody misses: it has to be removed.

    Raises LabError, which names the checkout, when the machine is taken.
    """
    with _locked():
        old = current()
        if old and old.holds():
            raise LabError(f"the checkout {old.checkout} has a lab running on this machine; there: nox -s lab -- down")
        _write(Claim(lab_id(checkout), str(checkout), str(directory), os.getpid(), _started(os.getpid())))
        return old


def keep() -> None:
    """The lab shall outlive this process."""
    with _locked():
        claim = current()
        assert claim
        _write(Claim(**{**asdict(claim), "kept": True}))


def release() -> None:
    FILE.unlink(missing_ok=True)


def _started(pid: int) -> int:
    """When a process started, in ticks since boot; 0 if there is none. With the id it names a process for good."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _write(claim: Claim) -> None:
    fresh = FILE.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(claim)))
    fresh.rename(FILE)


@contextmanager
def _locked() -> Iterator[None]:
    with FILE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
