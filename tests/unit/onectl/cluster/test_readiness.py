"""What a release's state means: ready, worth waiting for, or hopeless."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onectl.cluster.readiness import Cause, Failure, anything_ran, assess
from onectl.cluster.workloads import Snapshot

FATAL = {"InstanceNotFound"}


def workload(kind: str, status: dict[str, Any], generation: int = 1, **spec: Any) -> dict[str, Any]:
    meta = {"name": "w", "uid": "w", "generation": generation}
    return {
        "kind": kind,
        "metadata": meta,
        "spec": {"selector": {"matchLabels": {"app": "w"}}, **spec},
        "status": status,
    }


def pod(uid: str = "p", **container: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": f"w-{uid}", "uid": uid, "labels": {"app": "w", "more": "x"}},
        "spec": {"nodeName": "node-2"},
        "status": {"containerStatuses": [{"name": "main", "image": "example.com/w:1", **container}]},
    }


def event(uid: str, count: int, reason: str = "InstanceNotFound") -> dict[str, Any]:
    return {"metadata": {"uid": uid}, "count": count, "reason": reason, "message": "no instance\n cri-x"}


@pytest.mark.parametrize(
    "item",
    [
        workload("Deployment", {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}, replicas=2),
        workload("Deployment", {"observedGeneration": 1}, replicas=0),
        workload(
            "DaemonSet",
            {"observedGeneration": 1, "desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberReady": 3},
        ),
        workload(
            "StatefulSet",
            {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1},
            replicas=1,
        ),
        workload("Job", {"succeeded": 1}),
    ],
)
def test_a_workload_is_ready_when_all_its_pods_are_of_the_present_revision_and_ready(item: dict[str, Any]) -> None:
    assert assess(Snapshot((item,)), Snapshot(), FATAL).ready


@pytest.mark.parametrize(
    ("item", "row"),
    [
        (workload("Deployment", {}, replicas=2), "Deployment w 0/2 ready: change not seen yet"),
        (
            workload(
                "Deployment",
                {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2},
                generation=2,
                replicas=2,
            ),
            "Deployment w 2/2 ready: change not seen yet",
        ),
        (
            workload(
                "Deployment",
                {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 1, "readyReplicas": 2},
                replicas=1,
            ),
            "Deployment w 1/1 ready: 1 being replaced",
        ),
        (
            workload(
                "DaemonSet",
                {"observedGeneration": 1, "desiredNumberScheduled": 3, "updatedNumberScheduled": 1, "numberReady": 3},
            ),
            "DaemonSet w 1/3 ready",
        ),
        (workload("Job", {}), "Job w 0/1 ready"),
    ],
)
def test_a_workload_that_is_not_ready_is_a_row(item: dict[str, Any], row: str) -> None:
    assert assess(Snapshot((item,)), Snapshot(), FATAL).rows == (row,)


def test_a_row_counts_the_reasons_of_its_pods() -> None:
    pods = (
        pod("1", state={"waiting": {"reason": "ContainerCreating"}}),
        pod("2", state={"waiting": {"reason": "ContainerCreating"}}),
        pod("3", state={"waiting": {"reason": "CrashLoopBackOff"}}),
    )
    verdict = assess(Snapshot((workload("Deployment", {"observedGeneration": 1}, replicas=3),), pods), Snapshot(), FATAL)
    assert verdict.rows == ("Deployment w 0/3 ready: 2 ContainerCreating, 1 CrashLoopBackOff",)
    assert verdict.failure is None


@pytest.mark.parametrize(
    ("container", "failure"),
    [
        (
            {"state": {"waiting": {"reason": "ErrImagePull", "message": "not\n found"}}},
            Failure(Cause.IMAGE, "image example.com/w:1 can't be pulled on node node-2: not found"),
        ),
        (
            {"state": {"waiting": {"reason": "InvalidImageName"}}},
            Failure(Cause.IMAGE, "image example.com/w:1 can't be pulled on node node-2: InvalidImageName"),
        ),
        (
            {"state": {"terminated": {"exitCode": 1, "message": "port 65001 is held by nginx (pid 12)\n"}}},
            Failure(Cause.PROGRAM, "port 65001 is held by nginx (pid 12) (main of w-p on node node-2)"),
        ),
        (
            {
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 1, "message": "no"}},
            },
            Failure(Cause.PROGRAM, "no (main of w-p on node node-2)"),
        ),
        ({"state": {"terminated": {"exitCode": 0, "message": "done"}}}, None),
        ({"state": {"terminated": {"exitCode": 137}}}, None),
        ({"state": {"waiting": {"reason": "CrashLoopBackOff"}}}, None),
    ],
)
def test_images_and_last_words_end_the_waiting_unless_they_are_of_the_past(
    container: dict[str, Any], failure: Failure | None
) -> None:
    now = Snapshot((), (pod(**container),))
    assert assess(now, Snapshot(), FATAL).failure == failure
    assert assess(now, now, FATAL).failure is None


def test_a_fatal_event_ends_the_waiting_when_it_is_new_or_happened_again() -> None:
    before = Snapshot(events=(event("old", 1),))
    assert assess(before, before, FATAL).failure is None
    told = Failure(Cause.EVENT, "InstanceNotFound: no instance cri-x")
    assert assess(Snapshot(events=(event("old", 2),)), before, FATAL).failure == told
    assert assess(Snapshot(events=(event("new", 1),)), before, FATAL).failure == told
    assert assess(Snapshot(events=(event("new", 1, "BackOff"),)), before, FATAL).failure is None


def test_a_failed_job_ends_the_waiting() -> None:
    condition = {"type": "Failed", "status": "True", "message": "BackoffLimitExceeded"}
    now = Snapshot((workload("Job", {"conditions": [condition]}),))
    assert assess(now, Snapshot(), FATAL).failure == Failure(Cause.PROGRAM, "Job w failed: BackoffLimitExceeded")


def test_a_daemonset_is_not_waited_for_on_nodes_that_are_down() -> None:
    numbers = {"observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 1}
    now = Snapshot((workload("DaemonSet", numbers),), (pod(state={"waiting": {}}),))
    assert not assess(now, Snapshot(), FATAL).ready
    verdict = assess(replace(now, down=frozenset({"node-2", "node-9"})), Snapshot(), FATAL)
    assert (verdict.ready, verdict.excused) == (True, ("node-2",))


@pytest.mark.parametrize(
    ("container", "ran"),
    [
        ({"state": {"running": {}}}, True),
        ({"state": {"terminated": {"exitCode": 1}}}, True),
        ({"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 2}, True),
        ({"state": {"waiting": {"reason": "ErrImagePull"}}, "restartCount": 0}, False),
    ],
)
def test_whether_anything_ever_ran(container: dict[str, Any], ran: bool) -> None:
    assert anything_ran(Snapshot((), (pod(**container),))) is ran
