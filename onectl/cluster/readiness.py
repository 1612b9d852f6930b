"""Whether a release works, and if not, why and whether waiting can help. Pure: a Snapshot in, a verdict out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum

from onectl.cluster.api import Object
from onectl.cluster.workloads import Snapshot

_IMAGE_REASONS = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}


class Cause(Enum):
    """What kind of failure no waiting will mend."""

    IMAGE = "image"
    PROGRAM = "program"
    EVENT = "event"


@dataclass(frozen=True)
class Failure:
    cause: Cause
    reason: str


@dataclass(frozen=True)
class Verdict:
    """`rows` are the workloads that are not ready, each with the reasons known.

    `excused` are nodes that are down: a DaemonSet's Pods there are not waited for, or one such node of hundreds would
    end every install.
    """

    rows: tuple[str, ...]
    failure: Failure | None = None
    excused: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        return not self.rows and self.failure is None


def assess(now: Snapshot, before: Snapshot, fatal_events: Collection[str]) -> Verdict:
    """Judge a release. What was in `before`, its Pods and Events, belongs to the past and is not held against it."""
    old_pods = {pod["metadata"]["uid"] for pod in before.pods}
    old_events = {_occurrence(event) for event in before.events}
    pods = [pod for pod in now.pods if pod["metadata"]["uid"] not in old_pods]
    events = [event for event in now.events if _occurrence(event) not in old_events]
    failures = [*_pod_failures(pods), *_job_failures(now.workloads), *_fatal(events, fatal_events)]
    away = {w["metadata"]["name"]: _away(w, now) for w in now.workloads if w["kind"] == "DaemonSet"}
    rows = [_row(w, now.pods) for w in now.workloads if not _works(w, len(away.get(w["metadata"]["name"], ())))]
    excused = sorted({node for nodes in away.values() for node in nodes})
    return Verdict(tuple(rows), failures[0] if failures else None, tuple(excused))


def anything_ran(now: Snapshot) -> bool:
    """Whether any container ever started: if not, there is nothing on the nodes to clean up."""
    return any(
        "running" in status.get("state", {}) or "terminated" in status.get("state", {}) or status.get("restartCount")
        for pod in now.pods
        for status in _statuses(pod)
    )


def _works(workload: Object, away: int) -> bool:
    """Whether all of it but what is `away` is of the present revision and ready, and nothing of the past is left."""
    ready, wanted = _count(workload)
    there = int(workload.get("status", {}).get("replicas", wanted))
    return not _unseen(workload) and ready >= wanted - away and there <= wanted


def _away(workload: Object, now: Snapshot) -> set[str]:
    """The nodes that are down and have a Pod of this workload."""
    return {node for pod in _own(workload, now.pods) if (node := pod.get("spec", {}).get("nodeName")) in now.down}


def _own(workload: Object, pods: Collection[Object]) -> list[Object]:
    wanted = workload.get("spec", {}).get("selector", {}).get("matchLabels", {}).items()
    return [pod for pod in pods if wanted <= _labels(pod).items()]


def _unseen(workload: Object) -> bool:
    """Whether its controller has yet to look at the present spec; a Job has no such thing."""
    seen = int(workload.get("status", {}).get("observedGeneration", 0))
    return workload["kind"] != "Job" and seen < int(workload["metadata"].get("generation", 0))


def _count(workload: Object) -> tuple[int, int]:
    """How many Pods of the present revision are ready, and how many there should be."""
    spec, status = workload.get("spec", {}), workload.get("status", {})
    if workload["kind"] == "Job":
        return int(status.get("succeeded", 0)), int(spec.get("completions") or 1)
    if workload["kind"] == "DaemonSet":
        updated = status.get("updatedNumberScheduled", 0)
        return min(updated, status.get("numberReady", 0)), int(status.get("desiredNumberScheduled", 0))
    updated = status.get("updatedReplicas", 0)
    return min(updated, status.get("readyReplicas", 0)), int(spec.get("replicas", 1))


def _row(workload: Object, pods: Collection[Object]) -> str:
    """`DaemonSet agent 1/3 ready: 2 ContainerCreating`."""
    ready, wanted = _count(workload)
    row = f"{workload['kind']} {workload['metadata']['name']} {ready}/{wanted} ready"
    reasons = [reason for pod in _own(workload, pods) for reason in _waiting(pod)]
    counted = [f"{reasons.count(reason)} {reason}" for reason in dict.fromkeys(reasons)]
    old = int(workload.get("status", {}).get("replicas", wanted)) - wanted
    counted += [f"{old} being replaced"] if old > 0 else []
    counted += ["change not seen yet"] if _unseen(workload) else []
    return f"{row}: {', '.join(counted)}" if counted else row


def _waiting(pod: Object) -> Iterator[str]:
    """Why a Pod is not ready: its containers' reasons, else that of the scheduler."""
    reasons = [
        waiting.get("message") if waiting.get("reason") == "CreateContainerConfigError" else waiting.get("reason")
        for status in _statuses(pod)
        if (waiting := status.get("state", {}).get("waiting"))
    ]
    conditions = pod.get("status", {}).get("conditions") or []
    unscheduled = [c.get("message") for c in conditions if c.get("type") == "PodScheduled" and c.get("status") == "False"]
    # Init containers hide what the others wait for: those say PodInitializing only.
    telling = [reason for reason in reasons if reason not in (None, "PodInitializing")] or reasons or unscheduled
    yield from (reason for reason in telling[:1] if reason)


def _pod_failures(pods: Collection[Object]) -> Iterator[Failure]:
    for pod in pods:
        for status in _statuses(pod):
            state, last = status.get("state", {}), status.get("lastState", {})
            waiting = state.get("waiting", {})
            if waiting.get("reason") in _IMAGE_REASONS:
                said = waiting.get("message") or waiting["reason"]
                yield Failure(Cause.IMAGE, f"image {status.get('image')} can't be pulled{_where(pod)}: {_line(said)}")
            ended = state.get("terminated") or last.get("terminated") or {}
            if ended.get("exitCode") and ended.get("message"):
                yield Failure(Cause.PROGRAM, f"{_line(ended['message'])} ({status['name']} of {_name(pod)}{_where(pod)})")


def _job_failures(workloads: Collection[Object]) -> Iterator[Failure]:
    for workload in workloads:
        for condition in workload.get("status", {}).get("conditions") or []:
            if workload["kind"] == "Job" and condition["type"] == "Failed" and condition["status"] == "True":
                yield Failure(Cause.PROGRAM, f"Job {_name(workload)} failed: {_line(condition.get('message', ''))}")


def _fatal(events: Collection[Object], reasons: Collection[str]) -> Iterator[Failure]:
    for event in events:
        if event.get("reason") in reasons:
            yield Failure(Cause.EVENT, f"{event['reason']}: {_line(event.get('message', ''))}")


def _occurrence(event: Object) -> tuple[object, ...]:
    """An Event is counted up when the same thing happens again."""
    return event["metadata"]["uid"], event.get("count"), (event.get("series") or {}).get("count")


def _statuses(pod: Object) -> list[Object]:
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _labels(pod: Object) -> dict[str, str]:
    return pod["metadata"].get("labels") or {}


def _name(item: Object) -> str:
    return str(item["metadata"]["name"])


def _where(pod: Object) -> str:
    node = pod.get("spec", {}).get("nodeName")
    return f" on node {node}" if node else ""


def _line(text: str) -> str:
    return " ".join(text.split())
