"""What an interrupted or failed run left behind, and how the next run gets back to firm ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from onectl.addon.ports import Stage
from onectl.addon.waiting import Deadline, until_gone
from onectl.cluster import readiness, reports, workloads
from onectl.cluster.helm import Release
from onectl.cluster.reports import Report, ReportError
from onectl.errors import OnectlError

# A hook that runs longer than this while a failed install is taken back is not worth waiting for.
_HOOK_SECONDS = 120.0


@dataclass(frozen=True)
class Nothing:
    """The release is as it should be, or there is none."""


@dataclass(frozen=True)
class Remove:
    """It never was installed to the end, or is half removed."""


@dataclass(frozen=True)
class RollBack:
    """An upgrade did not come to its end; the revision before it did."""

    revision: int


def decide(release: Release | None, last_good: int | None) -> Nothing | Remove | RollBack:
    """How to get from what Helm says about a release to one that is deployed, or to none."""
    if release is None or release.status == "deployed":
        return Nothing()
    if release.status in ("pending-install", "uninstalling") or last_good is None:
        return Remove()
    return RollBack(last_good)


def locate(stage: Stage, name: str, namespace: str) -> Release | None:
    """Look for the addon's release. Raises AccessError when the cluster does not answer, or not to this user."""
    # Helm waits half a minute for a cluster that does not answer.
    stage.api.get("/version")
    return choose(name, namespace, stage.releases.find(name))


def choose(name: str, namespace: str, found: Sequence[Release]) -> Release | None:
    """The release meant: of the namespace asked for, else of any. Raises OnectlError when that is not one."""
    if namespace:
        here = [release for release in found if release.namespace == namespace]
        if not here and found:
            raise OnectlError(f"addon {name} is in namespace {found[0].namespace}, not in {namespace}")
        return here[0] if here else None
    if len(found) > 1:
        where = ", ".join(release.namespace for release in found)
        raise OnectlError(f"addon {name} is in several namespaces: {where}", "name one by --namespace")
    return found[0] if found else None


def mend(stage: Stage, release: Release | None, deadline: Deadline) -> Release | None:
    """Carry out `decide`, saying what was found. Returns the release that is deployed then, None when there is none."""
    good = stage.releases.last_good(release) if release and release.status != "deployed" else None
    step = decide(release, good)
    if release is None or isinstance(step, Nothing):
        return release
    stage.talk.say(f"Found an earlier run that did not end: {release.name} is {release.status}")
    if isinstance(step, RollBack):
        stage.talk.say(f"Going back to revision {step.revision}")
        stage.releases.rollback(release, step.revision)
        return replace(release, status="deployed", revision=release.revision + 1)
    stage.talk.say("Removing what it left")
    take_back(stage, release, deadline)
    return None


def take_back(stage: Stage, release: Release, deadline: Deadline) -> None:
    """Remove a release that never worked, as far as it got."""
    try:
        report = remove(stage, release, min(_HOOK_SECONDS, deadline.left))
    except OnectlError as error:
        stage.talk.say(f"Warning: its clean-up job failed, so nodes may keep files of it: {error.message}")
        stage.releases.uninstall(release.name, release.namespace, hooks=False, seconds=deadline.left)
        report = None
    until_gone(stage, release.name, report.kept_objects if report else (), deadline)


def remove(stage: Stage, release: Release, seconds: float) -> Report | None:
    """Uninstall; returns the clean-up job's report and takes the job away too."""
    jobs = reports.jobs(stage.api, release.name) if release.status == "uninstalling" else []
    ended = any(job.get("status", {}).get("succeeded") for job in jobs)
    ran = readiness.anything_ran(workloads.take(stage.api, release.namespace, release.name))
    # A clean-up that has ended need not run again. Where nothing runs there is nobody to clean up, nor perhaps an image.
    stage.releases.uninstall(release.name, release.namespace, hooks=ran and not ended, seconds=seconds)
    return collect(stage, release.name)


def collect(stage: Stage, name: str) -> Report | None:
    """Read the reports of a release's clean-up jobs and delete the jobs."""
    report = None
    for job in reports.jobs(stage.api, name):
        try:
            report = reports.read(stage.api, job) or report
        except ReportError as error:
            stage.talk.say(f"Warning: {error.message}")
        reports.delete(stage.api, job)
    return report
