"""The ports of onectl in memory: a cluster that keeps what it is given, Helm upon it, RAM's users and policies."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from onectl.addon.manifest import Manifest, load
from onectl.addon.ports import Clock, Stage
from onectl.cloud.key import AccessKey
from onectl.cluster.api import Object
from onectl.cluster.helm import Release
from onectl.errors import ConflictError, NotFoundError, OnectlError
from onectl.output.talk import Plain

TINY = Path(__file__).parent / "addons/tiny"
_KINDS = {
    "/api/v1": {"namespaces": "Namespace", "pods": "Pod", "secrets": "Secret", "events": "Event"},
    "/apis/apps/v1": {"deployments": "Deployment", "daemonsets": "DaemonSet", "statefulsets": "StatefulSet"},
    "/apis/batch/v1": {"jobs": "Job"},
}


def tiny() -> Manifest:
    return load(TINY)


class MemoryApi:
    """onectl.cluster.api.Api over a dict of paths."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.forbidden: set[str] = set()
        self._uid = 0
        self.put("/api/v1/namespaces/kube-system", {"metadata": {"uid": "uid-of-kube-system"}})

    def put(self, path: str, body: Object) -> None:
        """Have an object there, with a UID of its own."""
        self._uid += 1
        stored = deepcopy(body)
        meta = stored.setdefault("metadata", {})
        meta.update({"name": path.rpartition("/")[2], "uid": meta.get("uid", str(self._uid))})
        _, found, rest = path.partition("/namespaces/")
        if found and "/" in rest:
            meta["namespace"] = rest.partition("/")[0]
        self.objects[path] = stored

    def get(self, path: str) -> Object:
        if path == "/version":
            return {"gitVersion": "v1.34.4"}
        if path == "/apis":
            groups = [root.removeprefix("/apis/") for root in _KINDS if root.startswith("/apis/")]
            return {"groups": [{"preferredVersion": {"groupVersion": group}} for group in groups]}
        if path in _KINDS:
            return {"resources": [{"name": n, "kind": k, "verbs": ["list"]} for n, k in _KINDS[path].items()]}
        if path not in self.objects:
            raise NotFoundError(f"{path} not found")
        return deepcopy(self.objects[path])

    def select(self, path: str, labels: str = "") -> Sequence[Object]:
        wanted = dict(pair.split("=") for pair in labels.split(",") if pair)
        return [
            deepcopy(item)
            for at, item in self.objects.items()
            if _in(path, at) and wanted.items() <= (item["metadata"].get("labels") or {}).items()
        ]

    def create(self, path: str, body: Object) -> Object:
        if body["kind"] == "SelfSubjectAccessReview":
            asked = body["spec"]["resourceAttributes"]
            return {"status": {"allowed": asked["resource"] not in self.forbidden}}
        at = f"{path}/{body['metadata']['name']}"
        if at in self.objects:
            raise ConflictError(f"{at} exists")
        self.put(at, body)
        return self.objects[at]

    def delete(self, path: str) -> None:
        self.objects.pop(path, None)


def _in(collection: str, path: str) -> bool:
    """Whether a collection, of one namespace or of all, holds an object."""
    root, _, kind = collection.rpartition("/")
    folder, _, _ = path.rpartition("/")
    return folder == collection or (folder.startswith(f"{root}/namespaces/") and folder.rpartition("/")[2] == kind)


LABELS = {"app.kubernetes.io/instance": "tiny"}
DEPLOYMENT = "/apis/apps/v1/namespaces/kube-system/deployments/tiny"
POD = "/api/v1/namespaces/kube-system/pods/tiny-1"


def put_workload(api: MemoryApi, container: Object, ready: int = 0) -> None:
    """A Deployment of one Pod, whose only container is in that state."""
    status = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": ready}
    spec = {"replicas": 1, "selector": {"matchLabels": LABELS}}
    api.put(DEPLOYMENT, {"metadata": {"labels": LABELS, "generation": 1}, "spec": spec, "status": status})
    api.put(
        POD,
        {
            "metadata": {"labels": LABELS},
            "spec": {"nodeName": "node-1"},
            "status": {"containerStatuses": [{"name": "tiny", "image": "example.com/tiny:1", **container}]},
        },
    )


def runs(api: MemoryApi) -> None:
    """What a healthy addon looks like."""
    put_workload(api, {"state": {"running": {}}}, ready=1)


@dataclass
class MemoryHelm:
    """onectl.addon.ports.Releases. `on_apply` is what the cluster makes of a release; it may raise."""

    api: MemoryApi
    on_apply: Callable[[MemoryApi], None] = runs
    report: Mapping[str, Any] | None = None
    release: Release | None = None
    revisions: dict[int, dict[str, Any]] = field(default_factory=dict)
    good: list[int] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    broken_hooks: bool = False

    def find(self, name: str) -> list[Release]:
        return [self.release] if self.release and self.release.name == name else []

    def values(self, release: Release) -> dict[str, Any]:
        return deepcopy(self.revisions[release.revision])

    def last_good(self, release: Release) -> int | None:
        return max(self.good, default=None)

    def apply(self, name: str, namespace: str, chart: Path, values: Mapping[str, Any]) -> str:
        self.calls.append("apply")
        self._add(name, namespace, dict(values))
        self.on_apply(self.api)
        return ""

    def rollback(self, release: Release, revision: int) -> None:
        self.calls.append(f"rollback {revision}")
        self._add(release.name, release.namespace, self.revisions[revision])

    def uninstall(self, name: str, namespace: str, hooks: bool, seconds: float) -> None:
        self.calls.append("uninstall" if hooks else "uninstall without hooks")
        if hooks and self.broken_hooks:
            raise OnectlError("helm: failed pre-delete: job failed")
        self.release = None
        for path in (DEPLOYMENT, POD):
            self.api.delete(path)
        if hooks and self.report is not None:
            self._leave_job()

    def _add(self, name: str, namespace: str, values: dict[str, Any]) -> None:
        revision = max(self.revisions, default=0) + 1
        self.revisions[revision] = values
        self.good.append(revision)
        self.release = Release(name, namespace, revision, "deployed", "1.2.3")

    def _leave_job(self) -> None:
        labels = {**LABELS, "onectl.io/report": "uninstall"}
        job = "/apis/batch/v1/namespaces/kube-system/jobs/tiny-leave"
        self.api.put(job, {"metadata": {"labels": labels}, "status": {"succeeded": 1}})
        ended = {"state": {"terminated": {"exitCode": 0, "message": json.dumps(self.report)}}}
        self.api.put(
            "/api/v1/namespaces/kube-system/pods/tiny-leave-x",
            {
                "metadata": {"labels": {"batch.kubernetes.io/job-name": "tiny-leave"}},
                "status": {"containerStatuses": [ended]},
            },
        )


class MemoryAccounts:
    """onectl.addon.grant.Accounts."""

    def __init__(self) -> None:
        self.users_keys: dict[str, dict[str, bool]] = {}
        self.policies: dict[str, Mapping[str, Any]] = {}
        self.attachments: set[tuple[str, str]] = set()
        self.changes: list[str] = []

    def users(self) -> list[str]:
        return list(self.users_keys)

    def has_user(self, name: str) -> bool:
        return name in self.users_keys

    def create_user(self, name: str) -> None:
        self.changes.append("create user")
        self.users_keys[name] = {}

    def delete_user(self, name: str) -> None:
        self.changes.append("delete user")
        del self.users_keys[name]

    def keys(self, user: str) -> dict[str, bool]:
        if user not in self.users_keys:
            raise NotFoundError("no such user")
        return self.users_keys[user]

    def create_key(self, user: str) -> AccessKey:
        self.changes.append("create key")
        key = AccessKey(f"LTAI-of-{user}-NEW1", "the secret half")
        self.users_keys[user][key.id] = True
        return key

    def delete_key(self, user: str, key_id: str) -> None:
        self.changes.append("delete key")
        del self.users_keys[user][key_id]

    def policy(self, name: str) -> Mapping[str, Any] | None:
        return self.policies.get(name)

    def create_policy(self, name: str, document: Mapping[str, Any], description: str) -> None:
        self.changes.append("create policy")
        self.policies[name] = document

    def change_policy(self, name: str, document: Mapping[str, Any]) -> None:
        self.changes.append("change policy")
        self.policies[name] = document

    def attached(self, user: str) -> set[str]:
        return {policy for owner, policy in self.attachments if owner == user}

    def attach(self, user: str, policy: str) -> None:
        self.changes.append("attach")
        self.attachments.add((user, policy))


class Cloud:
    """onectl.addon.ports.Instances: knows the instances cri-a and cri-b of region cn-hangzhou."""

    def __init__(self, key: AccessKey, region: str) -> None:
        self.region = region

    def require(self, instance: str) -> None:
        if self.region != "cn-hangzhou" or instance not in ("cri-a", "cri-b"):
            raise NotFoundError(f"no instance {instance}")


def make_stage(api: MemoryApi, helm: MemoryHelm, lines: TextIO) -> Stage:
    """A stage whose clock goes on a second at each pause."""
    seconds = [0.0]

    def sleep(pause: float) -> None:
        seconds[0] += pause

    clock = Clock(lambda: seconds[0], sleep)
    return Stage(api, helm, Plain(lines), clock, "Context lab, cluster https://lab", timeout=10)


def put_key(api: MemoryApi, key_id: str = "LTAI-by-hand-1234") -> None:
    """Secret alibaba-addon-secret, as made by hand."""
    data = {"access-key-id": key_id, "access-key-secret": "s3cret"}
    encoded = {name: b64encode(value.encode()).decode() for name, value in data.items()}
    api.put("/api/v1/namespaces/kube-system/secrets/alibaba-addon-secret", {"data": encoded})
