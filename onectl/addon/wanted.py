"""From what the user typed to the values of a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onectl.addon import schema
from onectl.addon.lists import join_lists
from onectl.addon.manifest import Manifest
from onectl.addon.strvals import parse_into
from onectl.addon.values import Values, fill, lookup, merge, nest
from onectl.errors import UsageError


def typed(manifest: Manifest, texts: Sequence[str]) -> tuple[Values, list[str]]:
    """All `--set` of a command, and what to tell the user about how they were read. Raises UsageError."""
    values: Values = {}
    notes: list[str] = []
    for text in texts:
        spelled, said = join_lists(text, manifest.list_keys)
        notes += said
        parse_into(values, spelled)
    return values, notes


def for_install(manifest: Manifest, settings: Mapping[str, str], given: Values) -> Values:
    """onectl's configuration, and what was typed above it. Raises UsageError for what the chart refuses."""
    values: Values = {}
    for setting, key in manifest.from_config.items():
        if setting in settings:
            values = merge(values, nest(key, settings[setting]))
    values = fill(values, given)
    check(manifest, values)
    return values


def for_upgrade(manifest: Manifest, stored: Values, given: Values) -> Values:
    """What was set before, with what is typed now; null takes a key back to the chart's default. Raises UsageError."""
    values = merge(stored, given)
    check(manifest, values)
    return values


def check(manifest: Manifest, values: Values) -> None:
    """Raise UsageError unless the chart's closed schema accepts these values upon its defaults."""
    complete = merge(manifest.defaults(), values)
    schema.check(complete, manifest.schema(), "values")
    if looked_up := manifest.instance_check:
        for key in (looked_up.region, looked_up.instances):
            if not lookup(complete, key):
                raise UsageError(f"values: {key} is required", f"--set {key}=…")
