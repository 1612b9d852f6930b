"""Install, upgrade and uninstall against a cluster and a Helm in memory: what is done, what is said, what is left."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from onectl.addon.install import install
from onectl.addon.ports import Stage
from onectl.addon.uninstall import uninstall
from onectl.addon.upgrade import upgrade
from onectl.cluster.helm import Release
from onectl.errors import ForbiddenError, OnectlError, TimedOutError, UsageError
from tests.unit.onectl import memory
from tests.unit.onectl.memory import Cloud, MemoryApi, MemoryHelm, put_workload

TARGET = "Context lab, cluster https://lab, namespace kube-system"
WANTED = {"region": "cn-hangzhou", "instances": "cri-a,cri-b"}
JOB = "/apis/batch/v1/namespaces/kube-system/jobs/tiny-leave"


@dataclass
class Scene:
    api: MemoryApi
    helm: MemoryHelm
    said: io.StringIO

    def install(self, values: dict[str, object] | None = None, namespace: str = "") -> None:
        install(self.stage(), memory.tiny(), namespace, values or WANTED, Cloud)

    def upgrade(self, given: dict[str, object]) -> None:
        upgrade(self.stage(), memory.tiny(), "", given, Cloud)

    def uninstall(self, confirm: Callable[[], None] = lambda: None) -> None:
        uninstall(self.stage(), memory.tiny(), "", confirm)

    def stage(self) -> Stage:
        return memory.make_stage(self.api, self.helm, self.said)

    def found(self, status: str) -> None:
        """An earlier run was killed when Helm called the release that."""
        assert self.helm.release is not None
        self.helm.release = replace(self.helm.release, status=status)
        self.helm.calls.clear()

    @property
    def lines(self) -> list[str]:
        return self.said.getvalue().splitlines()


@pytest.fixture
def scene() -> Scene:
    api = MemoryApi()
    memory.put_key(api)
    return Scene(api, MemoryHelm(api), io.StringIO())


@pytest.fixture
def installed(scene: Scene) -> Scene:
    scene.install()
    scene.helm.calls.clear()
    scene.said.seek(0)
    scene.said.truncate()
    return scene


def creating(api: MemoryApi) -> None:
    put_workload(api, {"state": {"waiting": {"reason": "ContainerCreating"}}})


def no_image(api: MemoryApi) -> None:
    put_workload(api, {"state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}})


def no_port(api: MemoryApi) -> None:
    ended = {"terminated": {"exitCode": 1, "message": "port 65001 is held by nginx (pid 12)"}}
    put_workload(api, {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ended, "restartCount": 1})


def test_install_says_first_what_it_is_about_to_change(scene: Scene) -> None:
    scene.install()
    assert scene.lines == [f"{TARGET}, AccessKey …1234", "Installing tiny 1.2.3"]
    assert scene.helm.calls == ["apply"]
    assert scene.helm.revisions[1] == WANTED


def test_install_again_with_the_same_values_changes_nothing(installed: Scene) -> None:
    install(installed.stage(), memory.tiny(), "", WANTED, lambda *_: pytest.fail("asked the cloud"))
    assert installed.helm.calls == []


def test_install_of_an_installed_addon_whose_image_is_gone_names_the_keys_and_takes_nothing_back(installed: Scene) -> None:
    no_image(installed.api)
    with pytest.raises(OnectlError, match="can't be pulled") as caught:
        installed.install()
    assert caught.value.hint == "set image.repository or image.tag"
    assert installed.helm.calls == []


def test_install_of_an_installed_addon_that_does_not_work_waits_for_it(installed: Scene) -> None:
    creating(installed.api)
    with pytest.raises(TimedOutError, match="Deployment tiny 0/1 ready: 1 ContainerCreating"):
        installed.install()
    assert installed.helm.calls == []


def test_install_with_other_values_is_refused_and_names_them(installed: Scene) -> None:
    with pytest.raises(OnectlError) as caught:
        installed.install({**WANTED, "server": {"port": 1}})
    assert caught.value.message == "addon tiny is installed already, with other values: server.port"
    assert caught.value.hint == "onectl addon upgrade tiny --set …"
    assert installed.helm.calls == []


@pytest.mark.parametrize(
    ("state", "message", "hint", "undo"),
    [
        (
            no_image,
            "image example.com/tiny:1 can't be pulled on node node-1: not found",
            "set image.repository or image.tag; the install was taken back",
            "uninstall without hooks",
        ),
        (
            no_port,
            "port 65001 is held by nginx (pid 12) (tiny of tiny-1 on node node-1)",
            "the install was taken back",
            "uninstall",
        ),
    ],
)
def test_what_can_never_work_is_taken_back_at_once(
    scene: Scene, state: Callable[[MemoryApi], None], message: str, hint: str, undo: str
) -> None:
    scene.helm.on_apply = state
    with pytest.raises(OnectlError) as caught:
        scene.install()
    assert (caught.value.message, caught.value.hint, caught.value.exit_code) == (message, hint, 1)
    assert scene.helm.calls == ["apply", undo]
    assert scene.helm.release is None
    assert scene.lines[-2:] == [f"The install failed: {message}", "Taking it back"]


def test_what_does_not_come_in_time_is_taken_back_with_exit_code_4(scene: Scene) -> None:
    scene.helm.on_apply = creating
    with pytest.raises(TimedOutError, match="not ready in time: Deployment tiny 0/1 ready: 1 ContainerCreating"):
        scene.install()
    assert scene.helm.release is None
    assert scene.lines.count("  Deployment tiny 0/1 ready: 1 ContainerCreating") == 1


def test_a_taking_back_that_fails_does_not_hide_why(scene: Scene) -> None:
    scene.helm.on_apply = no_port
    scene.api.put("/api/v1/namespaces/team/secrets/stuck", {"metadata": {"labels": memory.LABELS}})
    with pytest.raises(OnectlError, match="port 65001 is held by nginx") as caught:
        scene.install()
    assert caught.value.hint == ("taking the install back failed: not gone in time: Secret team/stuck is still there")


def test_a_clean_up_that_fails_does_not_stop_the_taking_back(scene: Scene) -> None:
    scene.helm.on_apply, scene.helm.broken_hooks = no_port, True
    with pytest.raises(OnectlError, match="port 65001"):
        scene.install()
    assert scene.helm.calls == ["apply", "uninstall", "uninstall without hooks"]
    assert any(line.startswith("Warning: its clean-up job failed") for line in scene.lines)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"region": "cn-hangzhou", "instances": "cri-a, cri-x"}, "there is no instance cri-x in region cn-hangzhou"),
        ({"region": "cn-beijing", "instances": ["cri-a"]}, "there is no instance cri-a in region cn-beijing"),
    ],
)
def test_an_instance_that_does_not_exist_ends_the_install_before_it_begins(
    scene: Scene, values: dict[str, object], message: str
) -> None:
    with pytest.raises(OnectlError, match=message):
        scene.install(values)
    assert scene.helm.calls == []


def test_without_a_key_install_names_the_grant(scene: Scene) -> None:
    scene.api.delete("/api/v1/namespaces/kube-system/secrets/alibaba-addon-secret")
    with pytest.raises(OnectlError) as caught:
        scene.install()
    assert caught.value.hint == "onectl ram-user grant --addon tiny"
    assert scene.lines == [TARGET]


def test_without_the_rights_nothing_is_begun(scene: Scene) -> None:
    scene.api.forbidden = {"clusterroles"}
    with pytest.raises(ForbiddenError, match=r"may not create clusterroles.rbac.authorization.k8s.io in the cluster") as caught:
        scene.install()
    assert caught.value.exit_code == 3
    assert scene.helm.calls == []


def test_a_namespace_that_does_not_exist_is_told(scene: Scene) -> None:
    with pytest.raises(OnectlError, match="there is no namespace elsewhere"):
        scene.install(namespace="elsewhere")


@pytest.mark.parametrize(
    ("status", "good", "calls"),
    [
        ("pending-install", [], ["uninstall", "apply"]),
        ("failed", [], ["uninstall", "apply"]),
        ("uninstalling", [1], ["uninstall", "apply"]),
        ("pending-upgrade", [1], ["rollback 1"]),
        ("failed", [1], ["rollback 1"]),
    ],
)
def test_install_completes_or_undoes_what_a_killed_run_left_and_says_so(
    installed: Scene, status: str, good: list[int], calls: list[str]
) -> None:
    installed.helm.good = good
    installed.found(status)
    installed.install()
    assert installed.helm.calls == calls
    assert f"Found an earlier run that did not end: tiny is {status}" in installed.lines
    assert installed.helm.release is not None
    assert installed.helm.release.status == "deployed"


def test_a_half_done_uninstall_whose_clean_up_ended_does_not_clean_up_twice(installed: Scene) -> None:
    installed.found("uninstalling")
    labels = {"app.kubernetes.io/instance": "tiny", "onectl.io/report": "uninstall"}
    installed.api.put(JOB, {"metadata": {"labels": labels}, "status": {"succeeded": 1}})
    installed.uninstall()
    assert installed.helm.calls == ["uninstall without hooks"]
    assert JOB not in installed.api.objects


def test_upgrade_keeps_the_values_set_before(installed: Scene) -> None:
    installed.upgrade({"server": {"rate": "72M"}})
    assert installed.helm.revisions[2] == {**WANTED, "server": {"rate": "72M"}}
    assert installed.lines == [f"{TARGET}, AccessKey …1234", "Upgrading tiny to 1.2.3: server.rate"]


def test_upgrade_with_nothing_to_change_changes_nothing(installed: Scene) -> None:
    installed.upgrade({"region": "cn-hangzhou"})
    assert installed.helm.calls == []


def test_upgrade_of_a_missing_addon_says_so(scene: Scene) -> None:
    with pytest.raises(OnectlError) as caught:
        scene.upgrade({})
    assert (caught.value.message, caught.value.exit_code) == ("addon tiny is not installed", 1)


def test_upgrade_refuses_a_wrong_value_and_a_missing_instance_before_it_begins(installed: Scene) -> None:
    with pytest.raises(UsageError, match=r"server\.port must be integer"):
        installed.upgrade({"server": {"port": "ten"}})
    with pytest.raises(OnectlError, match="there is no instance cri-x"):
        installed.upgrade({"instances": "cri-x"})
    assert installed.helm.calls == []


def test_an_upgrade_that_fails_is_rolled_back_to_the_revision_before(installed: Scene) -> None:
    def replaced(api: MemoryApi) -> None:
        api.delete(memory.POD)
        no_image(api)

    installed.helm.on_apply = replaced
    with pytest.raises(OnectlError) as caught:
        installed.upgrade({"image": {"tag": "nope"}})
    assert installed.helm.calls == ["apply", "rollback 1"]
    assert caught.value.hint == "set image.repository or image.tag; the upgrade was rolled back to revision 1"
    assert installed.helm.revisions[3] == WANTED


def test_upgrade_after_a_killed_upgrade_starts_from_the_last_good_values(installed: Scene) -> None:
    installed.helm.revisions[2] = {"region": "half done"}
    assert installed.helm.release is not None
    installed.helm.release = replace(installed.helm.release, revision=2)
    installed.found("pending-upgrade")
    installed.upgrade({"server": {"rate": "1M"}})
    assert installed.helm.calls == ["rollback 1", "apply"]
    assert installed.helm.revisions[4] == {**WANTED, "server": {"rate": "1M"}}


def test_uninstall_leaves_nothing(installed: Scene) -> None:
    installed.uninstall()
    assert installed.lines == [TARGET, "Removing tiny 1.2.3"]
    assert set(installed.api.objects) == {
        "/api/v1/namespaces/kube-system",
        "/api/v1/namespaces/kube-system/secrets/alibaba-addon-secret",
    }


def test_uninstall_names_what_the_clean_up_kept_and_whom_it_did_not_reach(installed: Scene) -> None:
    kept = "/api/v1/namespaces/team/secrets/acr-credential-x-p2p"
    installed.api.put(kept, {"metadata": {"labels": memory.LABELS}})
    installed.helm.report = {
        "version": 1,
        "kept": [
            {"kind": "HostsFile", "node": "node-1", "path": "/etc/x/hosts.toml", "name": "x:65001"},
            {"kind": "Secret", "namespace": "team", "name": "acr-credential-x-p2p"},
        ],
        "unreachable": ["node-3"],
    }
    installed.uninstall()
    assert installed.lines[-4:] == [
        "Kept, since Pods still need it:",
        "  HostsFile /etc/x/hosts.toml on node node-1, for x:65001",
        "  Secret team/acr-credential-x-p2p",
        "Warning: node node-3 can't be reached, its files were not cleaned up",
    ]
    assert kept in installed.api.objects
    assert JOB not in installed.api.objects


def test_uninstall_waits_for_what_is_still_going_and_names_it_when_it_stays(installed: Scene) -> None:
    installed.api.put("/api/v1/namespaces/team/secrets/stuck", {"metadata": {"labels": memory.LABELS}})
    with pytest.raises(TimedOutError, match="not gone in time: Secret team/stuck is still there"):
        installed.uninstall()


def test_a_report_that_cannot_be_read_does_not_stop_the_uninstall(installed: Scene) -> None:
    installed.helm.report = {"version": 2}
    installed.uninstall()
    assert "Warning: the clean-up job's report has version 2" in installed.lines
    assert JOB not in installed.api.objects


def test_a_clean_up_job_that_fails_is_told_with_the_way_on(installed: Scene) -> None:
    def failing(name: str, namespace: str, hooks: bool, seconds: float) -> None:
        labels = {**memory.LABELS, "onectl.io/report": "uninstall"}
        condition = {"type": "Failed", "status": "True", "message": "BackoffLimitExceeded"}
        installed.api.put(JOB, {"metadata": {"labels": labels}, "status": {"conditions": [condition]}})
        raise OnectlError("helm: failed pre-delete")

    installed.helm.uninstall = failing  # type: ignore[method-assign]
    with pytest.raises(OnectlError, match="its clean-up job failed: Job tiny-leave failed") as caught:
        installed.uninstall()
    assert "helm uninstall tiny -n kube-system --no-hooks" in caught.value.hint


def test_uninstall_of_a_missing_addon_says_so_and_asks_nothing(scene: Scene) -> None:
    with pytest.raises(OnectlError, match="addon tiny is not installed"):
        scene.uninstall(confirm=lambda: pytest.fail("asked"))


def test_uninstall_stops_when_the_user_says_no(installed: Scene) -> None:
    def no() -> None:
        raise OnectlError("no")

    with pytest.raises(OnectlError, match=r"^no$"):
        installed.uninstall(confirm=no)
    assert installed.helm.calls == []


def test_uninstall_finishes_one_that_was_killed_before_it_read_the_report(installed: Scene) -> None:
    installed.helm.report = {"version": 1, "kept": [], "unreachable": ["node-3"]}
    installed.helm.uninstall("tiny", "kube-system", hooks=True, seconds=1)
    installed.uninstall()
    assert "Found an earlier uninstall that did not end: finishing it" in installed.lines
    assert JOB not in installed.api.objects


def test_an_addon_in_another_namespace_is_found(scene: Scene) -> None:
    scene.helm.release = Release("tiny", "elsewhere", 1, "deployed", "1.2.3")
    scene.uninstall()
    assert scene.lines[0] == "Context lab, cluster https://lab, namespace elsewhere"
