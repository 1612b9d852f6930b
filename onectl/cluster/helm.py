"""Helm releases through pyhelm3, which runs the helm program. Helm never waits here: onectl does, and says for what."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyhelm3
from pyhelm3.errors import Error as HelmError

from onectl.errors import AccessError, OnectlError, TimedOutError

_T = TypeVar("_T")
_UNREACHABLE = ("cluster unreachable", "etcdserver", "operation timed out", "network is unreachable", "i/o timeout")
_REFUSED = ("forbidden", "unauthorized", "must be logged in")


@dataclass(frozen=True)
class Release:
    """The latest revision of a release. `status` is one of Helm's words: deployed, failed, pending-install, …"""

    name: str
    namespace: str
    revision: int
    status: str
    version: str
    """The chart's."""


class Helm:
    """Implements onectl.addon.ports.Releases."""

    def __init__(self, kubeconfig: str, context: str) -> None:
        """Raises OnectlError when helm is not on PATH, or does not work."""
        if shutil.which("helm") is None:
            raise OnectlError("helm is not on PATH", "install helm 3 or 4: https://helm.sh/docs/intro/install/")
        # --kubeconfig takes one file; a list comes from KUBECONFIG, which helm reads itself.
        path = None if os.pathsep in kubeconfig else Path(kubeconfig)
        try:
            self._client = pyhelm3.Client(kubeconfig=path, kubecontext=context)
        except (subprocess.CalledProcessError, ValueError) as error:
            raise OnectlError("helm is on PATH but does not tell its version", "run `helm version`") from error

    def find(self, name: str) -> list[Release]:
        """The releases of that name, of whatever namespace and state."""
        states = dict.fromkeys(("failed", "pending", "uninstalling"), True)
        listed = _run(
            self._client.list_release_definitions(
                all_namespaces=True, max_releases=0, **{f"include_{state}": on for state, on in states.items()}
            )
        )
        return [
            Release(r["name"], r["namespace"], int(r["revision"]), r["status"], r["chart"].removeprefix(f"{name}-"))
            for r in listed
            if r["name"] == name
        ]

    def values(self, release: Release) -> dict[str, Any]:
        """The values that the user gave to this revision."""

        async def read() -> dict[str, Any]:
            latest = await self._client.get_current_revision(release.name, namespace=release.namespace)
            revision = await latest.release.revision(release.revision)
            return await revision.values() or {}

        return _run(read())

    def last_good(self, release: Release) -> int | None:
        """The newest revision that was once deployed; None when there was none."""

        async def read() -> int | None:
            latest = await self._client.get_current_revision(release.name, namespace=release.namespace)
            good = [r.revision for r in await latest.release.history() if r.status in ("deployed", "superseded")]
            return max(good, default=None)

        return _run(read())

    def apply(self, name: str, namespace: str, chart: Path, values: Mapping[str, Any]) -> str:
        """Install or upgrade; returns the chart's notes as soon as the objects are written."""

        async def write() -> str:
            found = await self._client.get_chart(chart)
            revision = await self._client.install_or_upgrade_release(
                name, found, dict(values), namespace=namespace, create_namespace=False, reset_values=True
            )
            return revision.notes or ""

        return _run(write())

    def rollback(self, release: Release, revision: int) -> None:
        """Go back to an earlier revision, as a new one."""

        async def write() -> None:
            latest = await self._client.get_current_revision(release.name, namespace=release.namespace)
            await latest.release.rollback(revision, cleanup_on_fail=True)

        _run(write())

    def uninstall(self, name: str, namespace: str, hooks: bool, seconds: float) -> None:
        """Remove a release, after its hooks have ended. Its objects may take a while to go."""
        timeout = f"{max(1, round(seconds))}s"
        _run(self._client.uninstall_release(name, namespace=namespace, no_hooks=not hooks, timeout=timeout))


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    try:
        return asyncio.run(work)
    except HelmError as error:
        raise translate(error.stderr.decode(errors="replace")) from error


def translate(stderr: str) -> OnectlError:
    """What helm printed as one of onectl's errors, in one line."""
    lines = [line.removeprefix("Error: ") for line in stderr.splitlines() if line and not line.startswith("WARNING:")]
    said = " ".join(lines) or "helm failed without a word"
    lower = said.lower()
    if any(word in lower for word in _UNREACHABLE):
        return AccessError(f"the cluster can't be reached: {said}", "check the context, the network and any proxy")
    if any(word in lower for word in _REFUSED):
        return AccessError(f"not allowed in the cluster: {said}", "ask an administrator for that right")
    if "timed out waiting" in lower:
        return TimedOutError(f"helm: {said}", "look at the hook's Job, or give more --timeout")
    return OnectlError(f"helm: {said}")
