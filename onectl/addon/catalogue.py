"""The addons that come with onectl: a folder each, found by its addon.yaml."""

from __future__ import annotations

import difflib
from pathlib import Path

from onectl.addon.manifest import MANIFEST, Manifest, load
from onectl.errors import UsageError


def home() -> Path:
    """Where the addons are: inside the installed package, else in the checkout that onectl runs from."""
    package = Path(__file__).parents[1]
    bundled = package / "bundled"
    return bundled if bundled.is_dir() else package.parent / "addons"


def find(name: str, where: Path) -> Manifest:
    """The addon of that name. Raises UsageError with the nearest name when there is none."""
    names = sorted(path.parent.name for path in where.glob(f"*/{MANIFEST}"))
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names) or 'none'}"
        raise UsageError(f"unknown addon {name}", hint)
    return load(where / name)
