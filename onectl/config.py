"""`~/.onectl/config.json`: what is the same for every command of an operator."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onectl.errors import UsageError


@dataclass(frozen=True)
class Config:
    """All settings are optional; an empty one means that the default applies."""

    kubeconfig: str = ""
    """Path of the kubeconfig to use when neither `--kubeconfig` nor KUBECONFIG names one."""
    ram_endpoint: str = ""
    cr_endpoint: str = ""
    ca_file: str = ""
    """PEM file with the CA of the cloud's endpoints and of the registry, when it is a private one."""
    image_registry: str = ""

    def settings(self, addon: str) -> dict[str, str]:
        """What an addon.yaml's `fromConfig` may refer to, by setting; those that are not set are left out."""
        image = f"{self.image_registry.rstrip('/')}/{addon}" if self.image_registry else ""
        found = {"endpoints.cr": self.cr_endpoint, "caFile": self._ca_text(), "imageRegistry": image}
        return {setting: value for setting, value in found.items() if value}

    def _ca_text(self) -> str:
        if not self.ca_file:
            return ""
        try:
            return Path(self.ca_file).expanduser().read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"caFile of onectl's configuration can't be read: {error}") from error


def load(path: Path) -> Config:
    """Read the file; one that does not exist is an empty one. Keys that onectl does not know are left alone.

    Raises UsageError for one that can't be read or holds something of another type.
    """
    try:
        body = json.loads(path.read_text())
    except FileNotFoundError:
        return Config()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} can't be read: {error}", "correct the file, or remove it") from error
    if not isinstance(body, dict):
        raise UsageError(f"{path} must hold a JSON object", "correct the file, or remove it")
    endpoints = body.get("endpoints", {})
    if not isinstance(endpoints, dict):
        raise UsageError(f"{path}: endpoints must be an object such as {{'cr': 'cr.example.com'}}")
    return Config(
        kubeconfig=_text(path, body, "Kubeconfig Path"),
        ram_endpoint=_text(path, endpoints, "ram"),
        cr_endpoint=_text(path, endpoints, "cr"),
        ca_file=_text(path, body, "caFile"),
        image_registry=_text(path, body, "imageRegistry"),
    )


def kubeconfig(flag: str, environment: Mapping[str, str], config: Config) -> str:
    """The kubeconfig to use: flag, KUBECONFIG, configuration, `~/.kube/config`.

    Only KUBECONFIG may name several files, joined by `:`. Raises UsageError when there is no such file.
    """
    if not flag and environment.get("KUBECONFIG"):
        paths, source = environment["KUBECONFIG"].split(os.pathsep), "KUBECONFIG"
    elif flag or config.kubeconfig:
        paths = [flag or config.kubeconfig]
        source = "--kubeconfig" if flag else "Kubeconfig Path in onectl's configuration"
    else:
        paths, source = ["~/.kube/config"], "the default"
    found = [Path(path).expanduser() for path in paths if path]
    if not any(path.is_file() for path in found):
        hint = "name one by --kubeconfig, KUBECONFIG, or Kubeconfig Path in ~/.onectl/config.json"
        raise UsageError(f"no kubeconfig at {os.pathsep.join(map(str, found))} ({source})", hint)
    return os.pathsep.join(map(str, found))


def _text(path: Path, body: dict[str, Any], key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str):
        raise UsageError(f"{path}: {key} must be text, not {json.dumps(value)}")
    return value
