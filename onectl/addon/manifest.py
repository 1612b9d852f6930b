"""addon.yaml: all that onectl knows of an addon."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from onectl.addon.schema import check
from onectl.errors import OnectlError, UsageError

MANIFEST = "addon.yaml"


@dataclass(frozen=True)
class Right:
    """What whoever installs must be allowed to create."""

    group: str
    resource: str
    namespaced: bool


@dataclass(frozen=True)
class InstanceCheck:
    """The values that name Container Registry instances, which must exist before anything is changed."""

    region: str
    instances: str


@dataclass(frozen=True)
class Manifest:
    name: str
    version: str
    """The chart's version."""
    summary: str
    chart: Path
    namespace: str
    """Where it is installed unless told otherwise."""
    ram_policy: Mapping[str, Any] | None
    """The permissions that its AccessKey needs, as a RAM policy document."""
    list_keys: frozenset[str]
    """Values that are lists and may be written with bare commas in `--set`."""
    image_keys: tuple[str, ...]
    """The values to set when its image can't be pulled."""
    from_config: Mapping[str, str]
    """Settings of onectl's configuration, each with the value that it becomes."""
    fatal_events: frozenset[str]
    """Reasons of Warning events that no waiting will mend."""
    rights: tuple[Right, ...]
    instance_check: InstanceCheck | None

    def schema(self) -> dict[str, Any]:
        """The chart's closed schema of values."""
        return _mapping(_read(self.chart / "values.schema.json"), json.loads)

    def defaults(self) -> dict[str, Any]:
        """The chart's default values."""
        return _mapping(_read(self.chart / "values.yaml"), yaml.safe_load)


def load(folder: Path) -> Manifest:
    """Read a folder's addon.yaml. Raises OnectlError that names the file and what is wrong in it."""
    path = folder / MANIFEST
    body = _mapping(_read(path), yaml.safe_load)
    schema = json.loads(Path(__file__).with_name("manifest.schema.json").read_text())
    try:
        check(body, schema, str(path))
    except UsageError as error:
        # Not the user's mistake: the addon's.
        raise OnectlError(error.message, error.hint) from error
    instances = body.get("checks", {}).get("acr-instances")
    return Manifest(
        name=body["name"],
        version=body["version"],
        summary=body["summary"],
        chart=folder / body["chart"],
        namespace=body["namespace"],
        ram_policy=body.get("ramPolicy"),
        list_keys=frozenset(body.get("listKeys", ())),
        image_keys=tuple(body.get("imageKeys", ())),
        from_config=body.get("fromConfig", {}),
        fatal_events=frozenset(body.get("fatalEvents", ())),
        rights=tuple(_rights(body.get("rights", ()))),
        instance_check=InstanceCheck(**instances) if instances else None,
    )


def _rights(entries: list[dict[str, Any]]) -> list[Right]:
    return [
        Right(entry["group"], resource, not entry.get("cluster", False)) for entry in entries for resource in entry["resources"]
    ]


def _read(path: Path) -> tuple[Path, str]:
    try:
        return path, path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise OnectlError(f"the addon is broken: {error}", "install onectl anew") from error


def _mapping(file: tuple[Path, str], parse: Any) -> dict[str, Any]:
    path, text = file
    try:
        body = parse(text)
    except (ValueError, yaml.YAMLError) as error:
        raise OnectlError(f"the addon is broken: {path}: {error}") from error
    if not isinstance(body, dict):
        raise OnectlError(f"the addon is broken: {path} must hold a mapping")
    return body
