"""`addon install`: from nothing, or from whatever was found, to an addon that works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from onectl.addon import checks, key, repair
from onectl.addon.manifest import Manifest
from onectl.addon.ports import Stage
from onectl.addon.values import Values, differences
from onectl.addon.waiting import Deadline, until_ready
from onectl.cluster import workloads
from onectl.cluster.helm import Release
from onectl.cluster.objects import require_namespace
from onectl.cluster.workloads import Snapshot
from onectl.errors import OnectlError


class Step(Enum):
    """What is left to do for an install."""

    INSTALL = "install"
    WAIT = "it is as asked for: only see that it works"
    REFUSE = "it is installed otherwise"


@dataclass(frozen=True)
class Plan:
    step: Step
    differing: tuple[str, ...] = ()


def decide(release: Release | None, version: str, stored: Values, wanted: Values) -> Plan:
    """What an install has to do, given the release that is deployed and the values that it has."""
    if release is None:
        return Plan(Step.INSTALL)
    differing = differences(stored, wanted)
    if release.version != version:
        differing.insert(0, f"version {release.version}")
    return Plan(Step.REFUSE, tuple(differing)) if differing else Plan(Step.WAIT)


def install(stage: Stage, manifest: Manifest, namespace: str, wanted: Values, cloud: checks.Cloud) -> None:
    """Install the addon and return when it works; what does not come to work is taken back.

    `namespace` empty: the addon's own. Raises OnectlError; nothing was changed unless the talk says so.
    """
    deadline = Deadline(stage.clock, stage.timeout)
    found = repair.locate(stage, manifest.name, namespace)
    where = found.namespace if found else namespace or manifest.namespace
    access_key = key.read(stage.api) if manifest.instance_check else None
    stage.announce(where, access_key)
    if found is None or found.status != "deployed":
        require_namespace(stage.api, where)
        checks.rights(stage.api, manifest, where)
        checks.instances(manifest, wanted, access_key, cloud)
    release = repair.mend(stage, found, deadline)
    stored = stage.releases.values(release) if release else {}
    plan = decide(release, manifest.version, stored, wanted)
    if plan.step is Step.REFUSE:
        raise OnectlError(
            f"addon {manifest.name} is installed already, with other values: {', '.join(plan.differing)}",
            f"onectl addon upgrade {manifest.name} --set …",
        )
    if plan.step is Step.WAIT:
        stage.talk.say(f"{manifest.name} is installed with these values; seeing that it works")
        until_ready(stage, manifest, where, Snapshot(), deadline)
    else:
        _install(stage, manifest, where, wanted, deadline)


def _install(stage: Stage, manifest: Manifest, namespace: str, wanted: Mapping[str, Any], deadline: Deadline) -> None:
    stage.talk.say(f"Installing {manifest.name} {manifest.version}")
    # The clean-up job of an earlier uninstall says nothing about this install.
    repair.collect(stage, manifest.name)
    before = workloads.take(stage.api, namespace, manifest.name)
    try:
        notes = stage.releases.apply(manifest.name, namespace, manifest.chart, wanted)
        until_ready(stage, manifest, namespace, before, deadline)
    except OnectlError as error:
        stage.talk.say(f"The install failed: {error.message}")
        error.add_hint(_take_back(stage, manifest.name, namespace))
        raise
    if notes:
        stage.talk.say(notes.strip())


def _take_back(stage: Stage, name: str, namespace: str) -> str:
    """Returns how it went, for the hint of the error that led to it."""
    stage.talk.say("Taking it back")
    try:
        for release in stage.releases.find(name):
            if release.namespace == namespace:
                # Whatever was left of the time, this has as much again.
                repair.take_back(stage, release, Deadline(stage.clock, stage.timeout))
    except OnectlError as error:
        return f"taking the install back failed: {error.message}"
    return "the install was taken back"
