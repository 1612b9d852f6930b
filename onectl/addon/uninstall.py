"""`addon uninstall`: until nothing is left but what is still needed, and that by name."""

from __future__ import annotations

from collections.abc import Callable

from onectl.addon import repair
from onectl.addon.manifest import Manifest
from onectl.addon.ports import Stage
from onectl.addon.upgrade import not_installed
from onectl.addon.waiting import Deadline, until_gone
from onectl.cluster import reports, workloads
from onectl.cluster.helm import Release
from onectl.cluster.readiness import assess
from onectl.cluster.reports import Report
from onectl.errors import OnectlError


def uninstall(stage: Stage, manifest: Manifest, namespace: str, confirm: Callable[[], None]) -> None:
    """Remove the addon and return when it is gone. `confirm` raises when the user says no.

    Also finishes what an earlier run began. Raises OnectlError.
    """
    deadline = Deadline(stage.clock, stage.timeout)
    release = repair.locate(stage, manifest.name, namespace)
    begun = release is None and bool(reports.jobs(stage.api, manifest.name))
    stage.announce(release.namespace if release else namespace or manifest.namespace, None)
    if release is None and not begun:
        raise not_installed(manifest.name)
    confirm()
    if release is None:
        stage.talk.say("Found an earlier uninstall that did not end: finishing it")
        report = repair.collect(stage, manifest.name)
    else:
        if release.status != "deployed":
            stage.talk.say(f"Found an earlier run that did not end: {release.name} is {release.status}")
        stage.talk.say(f"Removing {release.name} {release.version}")
        report = _remove(stage, release, deadline)
    until_gone(stage, manifest.name, report.kept_objects if report else (), deadline)
    _tell(stage, report)


def _remove(stage: Stage, release: Release, deadline: Deadline) -> Report | None:
    before = workloads.take(stage.api, release.namespace, release.name)
    try:
        return repair.remove(stage, release, deadline.left)
    except OnectlError as error:
        verdict = assess(workloads.take(stage.api, release.namespace, release.name), before, ())
        if verdict.failure is None:
            raise
        without = f"helm uninstall {release.name} -n {release.namespace} --no-hooks"
        raise OnectlError(
            f"its clean-up job failed: {verdict.failure.reason}",
            f"the same command again goes on from here; `{without}` removes it without cleaning nodes",
        ) from error


def _tell(stage: Stage, report: Report | None) -> None:
    if report is None:
        return
    if report.kept:
        stage.talk.say("Kept, since Pods still need it:")
    for kept in report.kept:
        stage.talk.say(f"  {kept}")
    for node in report.unreachable:
        stage.talk.say(f"Warning: node {node} can't be reached, its files were not cleaned up")
