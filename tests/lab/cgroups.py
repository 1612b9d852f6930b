"""The nodes' control groups, in every hierarchy of a machine with cgroup v1 (v2 beside it included) or in the one of v2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


def hierarchies() -> list[Path]:
    if (ROOT / "cgroup.procs").exists():
        return [ROOT]
    return [path for path in ROOT.iterdir() if not path.is_symlink() and (path / "cgroup.procs").exists()]


def make(name: str) -> None:
    for hierarchy in hierarchies():
        (hierarchy / name).mkdir(exist_ok=True)
        for limits in ("cpuset.cpus", "cpuset.mems"):  # empty in a new v1 cpuset, which then admits no process
            if (hierarchy / limits).exists():
                (hierarchy / name / limits).write_text((hierarchy / limits).read_text())


def existing(prefix: str) -> Iterator[Path]:
    """The top groups whose names start so; runc makes groups in every hierarchy."""
    for hierarchy in hierarchies():
        yield from hierarchy.glob(f"{prefix}*")


def remove(prefix: str) -> None:
    """Children first; a directory of the cgroup file system goes by rmdir alone, its files notwithstanding."""
    for top in existing(prefix):
        for group in sorted((p for p in top.rglob("*") if p.is_dir()), key=lambda p: len(p.parts), reverse=True):
            group.rmdir()
        top.rmdir()
