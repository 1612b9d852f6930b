"""What an addon's clean-up job says it left behind: JSON in its Pod's termination message.

Any addon may have one: a Job labelled `onectl.io/report=uninstall`, run by a pre-delete hook.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from onectl.cluster.api import Api, Object
from onectl.cluster.workloads import INSTANCE
from onectl.errors import OnectlError

LABEL = "onectl.io/report=uninstall"
_VERSION = 1


@dataclass(frozen=True)
class Report:
    """`kept` as sentences for people; `kept_objects` as (kind, namespace, name). `unreachable` are names of nodes."""

    kept: tuple[str, ...]
    kept_objects: frozenset[tuple[str, str, str]]
    unreachable: tuple[str, ...]


class ReportError(OnectlError):
    """A report that onectl can't read."""


def parse(message: str) -> Report:
    """Read a report. Raises ReportError for what is none, or is of a version that came later."""
    try:
        body = json.loads(message)
        if body["version"] > _VERSION:
            raise ReportError(f"the clean-up job's report has version {body['version']}", "install a newer onectl")
        kept, unreachable = list(body.get("kept", [])), tuple(map(str, body.get("unreachable", [])))
        return Report(
            kept=tuple(map(_sentence, kept)),
            kept_objects=frozenset((k["kind"], k["namespace"], k["name"]) for k in kept if "namespace" in k),
            unreachable=unreachable,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportError(f"the clean-up job's report makes no sense: {message[:200]!r}") from error


def _sentence(kept: Object) -> str:
    if "node" in kept:
        return f"{kept['kind']} {kept['path']} on node {kept['node']}, for {kept['name']}"
    return f"{kept['kind']} {kept['namespace']}/{kept['name']}"


def jobs(api: Api, release: str) -> list[Object]:
    """The clean-up jobs of a release that are still there, of whatever namespace."""
    return list(api.select("/apis/batch/v1/jobs", f"{LABEL},{INSTANCE}={release}"))


def read(api: Api, job: Object) -> Report | None:
    """The report of a Job's Pod that ended well; None when there is none."""
    meta = job["metadata"]
    pods = api.select(f"/api/v1/namespaces/{meta['namespace']}/pods", f"batch.kubernetes.io/job-name={meta['name']}")
    for pod in pods:
        for status in pod.get("status", {}).get("containerStatuses") or []:
            ended = status.get("state", {}).get("terminated") or {}
            if ended.get("exitCode") == 0 and ended.get("message"):
                return parse(ended["message"])
    return None


def delete(api: Api, job: Object) -> None:
    """Delete a Job and, in the background, its Pods."""
    api.delete(f"/apis/batch/v1/namespaces/{job['metadata']['namespace']}/jobs/{job['metadata']['name']}")
