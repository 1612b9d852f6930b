"""What was built once, kept outside the checkout under the hash of what it was built from."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path


def directory() -> Path:
    """`$ONECTL_CACHE`, else `onectl` in the user's cache directory."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("ONECTL_CACHE") or home / "onectl")


def product(name: str, sources: Iterable[Path | str], make: Callable[[Path], None]) -> Path:
    """The directory of a product; made first when it is not there. sources: files, directories, or plain texts.

    It appears whole or not at all: made under another name, then renamed.
    """
    target = directory() / f"{name}-{digest(sources)}"
    if not target.exists():
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        fresh.mkdir(parents=True)
        try:
            make(fresh)
            fresh.rename(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return target


def digest(sources: Iterable[Path | str]) -> str:
    """16 hex digits that change when any source does."""
    total = hashlib.sha256()
    for source in sources:
        for name, content in _read(source):
            total.update(f"{name} {len(content)}\n".encode() + content)
    return total.hexdigest()[:16]


def _read(source: Path | str) -> Iterable[tuple[str, bytes]]:
    if isinstance(source, str):
        yield "", source.encode()
    elif source.is_dir():
        for path in sorted(p for p in source.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            yield str(path.relative_to(source)), path.read_bytes()
    else:
        yield source.name, source.read_bytes()
