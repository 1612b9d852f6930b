"""`addon upgrade`: other values, or another version, for an addon that is installed."""

from __future__ import annotations

from onectl.addon import checks, key, repair, wanted
from onectl.addon.manifest import Manifest
from onectl.addon.ports import Stage
from onectl.addon.values import Values, differences, lookup
from onectl.addon.waiting import Deadline, until_ready
from onectl.cluster import workloads
from onectl.cluster.helm import Release
from onectl.cluster.workloads import Snapshot
from onectl.errors import OnectlError


def not_installed(name: str) -> OnectlError:
    return OnectlError(f"addon {name} is not installed", f"onectl addon install {name} --set …")


def upgrade(stage: Stage, manifest: Manifest, namespace: str, given: Values, cloud: checks.Cloud) -> None:
    """Set `given` upon the values set before and return when the addon works; else it is rolled back.

    Raises OnectlError; nothing was changed unless the talk says so.
    """
    deadline = Deadline(stage.clock, stage.timeout)
    found = repair.locate(stage, manifest.name, namespace)
    access_key = key.read(stage.api) if manifest.instance_check else None
    stage.announce(found.namespace if found else namespace or manifest.namespace, access_key)
    if found is None:
        raise not_installed(manifest.name)
    checks.rights(stage.api, manifest, found.namespace)
    release = repair.mend(stage, found, deadline)
    if release is None:
        raise not_installed(manifest.name)
    stored = stage.releases.values(release)
    values = wanted.for_upgrade(manifest, stored, given)
    if _asks_for_others(manifest, stored, values):
        checks.instances(manifest, values, access_key, cloud)
    changed = differences(stored, values)
    if not changed and release.version == manifest.version:
        stage.talk.say("Nothing to change; seeing that it works")
        until_ready(stage, manifest, release.namespace, Snapshot(), deadline)
        return
    stage.talk.say(f"Upgrading {manifest.name} to {manifest.version}: {', '.join(changed) or 'same values'}")
    _upgrade(stage, manifest, release, values, deadline)


def _asks_for_others(manifest: Manifest, stored: Values, values: Values) -> bool:
    check = manifest.instance_check
    return check is not None and any(lookup(stored, k) != lookup(values, k) for k in (check.region, check.instances))


def _upgrade(stage: Stage, manifest: Manifest, release: Release, values: Values, deadline: Deadline) -> None:
    before = workloads.take(stage.api, release.namespace, release.name)
    good = stage.releases.last_good(release)
    try:
        notes = stage.releases.apply(release.name, release.namespace, manifest.chart, values)
        until_ready(stage, manifest, release.namespace, before, deadline)
    except OnectlError as error:
        stage.talk.say(f"The upgrade failed: {error.message}")
        if good is None:
            raise
        stage.talk.say(f"Going back to revision {good}")
        stage.releases.rollback(release, good)
        error.add_hint(f"the upgrade was rolled back to revision {good}")
        raise
    if notes:
        stage.talk.say(notes.strip())
