"""What is left behind, as the clean-up Job's report tells it (docs/architecture.md): pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from p2p.config.names import hosts_directory

LONGEST = 4095  # bytes: kubelet cuts a termination message after 4096, and a newline follows
Report = dict[str, Any]


def report(answers: Mapping[str, tuple[str, ...] | None], secrets: Iterable[tuple[str, str]], folder: PurePosixPath) -> Report:
    """answers: node → the names whose hosts files are left there, None where that is not known. secrets: namespace, name."""
    files = [
        {"kind": "HostsFile", "node": node, "path": str(folder / hosts_directory(name) / "hosts.toml"), "name": name}
        for node, names in sorted(answers.items())
        for name in names or ()
    ]
    kept = [{"kind": "Secret", "namespace": namespace, "name": name} for namespace, name in secrets]
    return {"version": 1, "kept": kept + files, "unreachable": sorted(node for node, names in answers.items() if names is None)}


def termination_message(whole: Report) -> str:
    """As much of a report as fits, whole entries; `more` is the number of those that do not."""
    kept, unreachable, more = list(whole["kept"]), list(whole["unreachable"]), 0
    while True:
        cut = {**whole, "kept": kept, "unreachable": unreachable} | ({"more": more} if more else {})
        text = json.dumps(cut, separators=(",", ":"))
        if len(text.encode()) <= LONGEST:
            return text
        longer = kept if len(kept) >= len(unreachable) else unreachable
        out = len(longer) // 10 + 1
        del longer[-out:]
        more += out
