"""What the chart renders: who may do what, where, and under which name."""

from __future__ import annotations

from typing import Any

import pytest
from p2p.config.environment import Environment
from p2p.webhook.settings import CONFIGURATION, Settings

from tests.unit.chart.chart import CHART, NEEDED, containers, pod_of, render, run, variables

LABEL = "k8s.aliyun.com/image-accelerate-mode"
ROLES = ["name", "instance", "component", "version", "managed-by"]


@pytest.fixture(scope="module")
def rendered() -> dict[tuple[str, str], dict[str, Any]]:
    return render()


def test_every_object_is_labelled_and_in_the_releases_namespace(rendered: dict[tuple[str, str], dict[str, Any]]) -> None:
    for (kind, name), body in rendered.items():
        labels = body["metadata"]["labels"]
        assert {f"app.kubernetes.io/{role}" for role in ROLES} <= labels.keys(), (kind, name)
        assert labels["app.kubernetes.io/instance"] == "r"
        if not kind.startswith("Cluster") and kind != "MutatingWebhookConfiguration":
            assert body["metadata"]["namespace"] == "apps", (kind, name)


def test_no_secret_key_or_certificate_is_rendered_and_nothing_changes_by_itself(
    rendered: dict[tuple[str, str], dict[str, Any]],
) -> None:
    assert "Secret" not in {kind for kind, _ in rendered}
    assert render() == rendered


def test_the_parts_read_all_that_the_chart_sets(rendered: dict[tuple[str, str], dict[str, Any]]) -> None:
    for container in containers(rendered["DaemonSet", "r-agent"]).values():
        environment = Environment.read(variables(container) | {"NODE_ADDRESS": "fd00::1"})
        assert (environment.port, environment.ratelimit) == (65001, 512_000_000)
    settings = Settings.read(variables(containers(rendered["Deployment", "r-webhook"])["webhook"]))
    assert settings.service_host == "r-webhook.apps.svc"
    assert settings.origins_name == "r-origins"
    assert Settings.read(variables(containers(rendered["Job", "r-leave"])["leave"])) == settings
    account = variables(containers(rendered["Deployment", "r-scheduler"])["scheduler"])["P2P_AGENT_ACCOUNT"]
    assert account == "system:serviceaccount:apps:r-agent"


def test_the_webhook_sees_pods_by_their_own_label_or_their_namespaces(rendered: dict[tuple[str, str], dict[str, Any]]) -> None:
    pods, namespaces = rendered["MutatingWebhookConfiguration", CONFIGURATION]["webhooks"]
    asked = {"key": LABEL, "operator": "In", "values": ["p2p"]}
    system = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "kube-node-lease"]}
    ours = {"key": "app.kubernetes.io/name", "operator": "NotIn", "values": ["ack-acr-acceleration-p2p"]}
    assert pods["namespaceSelector"]["matchExpressions"] == [system]
    assert pods["objectSelector"]["matchExpressions"] == [asked, ours]
    assert namespaces["namespaceSelector"]["matchExpressions"] == [system, asked]
    assert namespaces["objectSelector"]["matchExpressions"] == [{"key": LABEL, "operator": "DoesNotExist"}, ours]
    for hook in (pods, namespaces):
        assert "caBundle" not in hook["clientConfig"]
        assert (hook["failurePolicy"], hook["timeoutSeconds"]) == ("Ignore", 3)
        assert (hook["sideEffects"], hook["reinvocationPolicy"], hook["matchPolicy"]) == (
            "NoneOnDryRun",
            "IfNeeded",
            "Equivalent",
        )


def test_only_setup_is_root_and_none_has_a_capability_that_it_does_not_need(
    rendered: dict[tuple[str, str], dict[str, Any]],
) -> None:
    bodies = [body for (kind, _), body in rendered.items() if kind in ("Deployment", "DaemonSet", "Job")]
    roots = set()
    for body in bodies:
        for name, container in containers(body).items():
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"]["drop"] == ["ALL"]
            assert name == "check" or "add" not in context["capabilities"]
            if context["runAsUser"] == 0:
                roots.add(name)
    assert roots == {"setup", "check"}


def test_the_agent_asks_kubernetes_nothing_and_waits_for_the_origins(rendered: dict[tuple[str, str], dict[str, Any]]) -> None:
    spec = pod_of(rendered["DaemonSet", "r-agent"])
    assert spec["automountServiceAccountToken"] is False
    assert (spec["hostNetwork"], spec["dnsPolicy"]) == (True, "Default")
    assert spec["tolerations"] == [{"operator": "Exists"}]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert volumes["origins"]["configMap"] == {"name": "r-origins"}, "not optional"
    assert volumes["runtime"]["hostPath"]["path"] == "/etc/containerd"
    assert [port for one in containers(rendered["DaemonSet", "r-agent"]).values() for port in one.get("ports", [])] == []
    bound = {body["subjects"][0]["name"] for (kind, _), body in rendered.items() if kind.endswith("RoleBinding")}
    assert bound == {"r-webhook", "r-scheduler"}


def test_rights_are_as_few_as_the_parts_need(rendered: dict[tuple[str, str], dict[str, Any]]) -> None:
    granted = {
        (name, resource, verb)
        for (kind, name), body in rendered.items()
        if kind == "ClusterRole"
        for rule in body["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if not rule.get("resourceNames")
    }
    assert {(r, v) for name, r, v in granted if name == "r-scheduler"} == {("tokenreviews", "create"), ("nodes", "get")}
    changed = {(r, v) for name, r, v in granted if name == "r-webhook" and v not in ("get", "list", "watch")}
    assert changed == {("secrets", verb) for verb in ("create", "update", "delete")}


def test_the_last_job_runs_before_the_release_goes_and_is_found_by_its_label(
    rendered: dict[tuple[str, str], dict[str, Any]],
) -> None:
    job = rendered["Job", "r-leave"]
    assert job["metadata"]["labels"]["onectl.io/report"] == "uninstall"
    assert job["metadata"]["annotations"] == {
        "helm.sh/hook": "pre-delete",
        "helm.sh/hook-delete-policy": "before-hook-creation",
    }
    assert job["spec"]["ttlSecondsAfterFinished"] == 300
    assert pod_of(job)["serviceAccountName"] == "r-webhook"


def test_every_role_can_be_placed_and_sized(rendered: dict[tuple[str, str], dict[str, Any]]) -> None:
    for role, kind in (("webhook", "Deployment"), ("agent", "DaemonSet"), ("scheduler", "Deployment")):
        words = [f"{role}.nodeSelector.a=b", f"{role}.tolerations[0].key=k", f"{role}.priorityClassName=p",
                 f"{role}.resources.limits.cpu=1", f"{role}.affinity.nodeAffinity.x=y"]  # fmt: skip
        spec = pod_of(render("--set", ",".join(words))[kind, f"r-{role}"])
        assert (spec["nodeSelector"], spec["tolerations"], spec["priorityClassName"]) == ({"a": "b"}, [{"key": "k"}], "p")
        assert spec["affinity"] == {"nodeAffinity": {"x": "y"}}
        assert spec["containers"][0]["resources"]["limits"]["cpu"] == 1
    selected = pod_of(render("--set", "p2p.plusMode.nodeSelectorEnable=true")["Deployment", "r-scheduler"])
    assert selected["nodeSelector"] == {"k8s.aliyun.com/p2p-plus-node": "true"}


def test_what_agents_read_once_restarts_them_when_it_changes(rendered: dict[tuple[str, str], dict[str, Any]]) -> None:
    def template(*words: str) -> Any:
        return render(*words)["DaemonSet", "r-agent"]["spec"]["template"]

    for change in ("p2p.port=65101", "p2p.metricsPort=65103", "p2p.runtime.hostsDir=/etc/x/certs.d", "caBundle=PEM"):
        assert template("--set", change) != template()
    assert template("--set", "caBundle=PEM") != template("--set", "caBundle=OTHER")
    assert template("--set", "webhook.replicas=3") == template(), "nothing of theirs"


def test_values_without_effect_are_said_to_have_none() -> None:
    notes = (CHART / "templates/NOTES.txt").read_text()
    assert "have no effect in this version" in notes
    assert "without effect in this version" in (CHART / "values.yaml").read_text()


def test_the_image_is_the_charts_own_version_unless_told_otherwise() -> None:
    def image(*words: str) -> set[str]:
        return {one["image"] for one in containers(render(*words)["DaemonSet", "r-agent"]).values()}

    assert image() == {"registry.cn-hangzhou.aliyuncs.com/onectl/ack-acr-acceleration-p2p:0.1.0"}
    assert image("--set", "image.repository=x/y,image.tag=z") == {"x/y:z"}
    secrets = pod_of(render("--set", "image.pullSecrets={s}")["DaemonSet", "r-agent"])["imagePullSecrets"]
    assert secrets == [{"name": "s"}]


def test_without_hooks_everything_else_is_there() -> None:
    done = run(*NEEDED, "--no-hooks")
    assert "kind: Job" not in done.stdout
    assert "kind: MutatingWebhookConfiguration" in done.stdout
