"""The one thing that `--set` takes beyond Helm's grammar: lists written with bare commas, as the document writes them.

Helm reads `acrInstances=cri-a,cri-b` as a key `cri-b` without a value, which is never meant. For the keys that an
addon.yaml declares under `listKeys`, an item without `=` goes on with the list before it. Other text is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection

# An escaped character, a list in braces where a value begins, or any other character.
_TOKEN = re.compile(r"\\.|(?<==)\{(?:\\.|[^}\\])*\}?|.", re.DOTALL)


def join_lists(text: str, list_keys: Collection[str]) -> tuple[str, list[str]]:
    """Escape the commas within declared lists. Returns Helm's spelling and, for each list joined, how it was read."""
    items = [""]
    for token in _TOKEN.findall(text):
        if token == ",":
            items.append("")
        else:
            items[-1] += token
    joined: list[str] = []
    notes: dict[str, str] = {}
    for item in items:
        key, _, value = joined[-1].partition("=") if joined else ("", "", "")
        if item and "=" not in item and key in list_keys and not value.startswith("{"):
            joined[-1] += rf"\,{item}"
            notes[key] = f'{key} is read as one list: "{joined[-1].partition("=")[2].replace(chr(92), "")}"'
        else:
            joined.append(item)
    return ",".join(joined), list(notes.values())
