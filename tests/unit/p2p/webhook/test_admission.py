"""Decisions on Pods, and their patches applied as the API server would."""

from __future__ import annotations

import json
from typing import Any

import pytest
from p2p.webhook import admission
from p2p.webhook.admission import CONFIG, MODE, SKIPPED, Decision, decide
from p2p.webhook.patches import ephemeral_patch, pod_patch
from p2p.webhook.state import Nodes

from tests.unit.p2p.webhook.memory import apply
from tests.unit.p2p.webhook.samples import IMAGE, INTERNET, P2P_IMAGE, READY, TABLE, VPC, pod, pull_secret

SECRET = pull_secret({VPC: "abc"})
COPY = "acr-credential-test-registry-p2p"


def admitted(subject: dict[str, Any], *secrets: dict[str, Any]) -> dict[str, Any]:
    decision = decide(subject, TABLE, secrets or [SECRET], READY)
    return apply(subject, pod_patch(subject, decision))


def test_the_documents_pod_becomes_what_step_5_shows() -> None:
    result = admitted(pod())
    notes = result["metadata"]["annotations"]
    assert notes[MODE] == "p2p"
    assert json.loads(notes[CONFIG]) == {"version": 1, "images": {"containers/test": IMAGE}}
    assert result["spec"]["containers"] == [{"name": "test", "image": P2P_IMAGE, "command": ["sleep", "3600"]}]
    assert result["spec"]["imagePullSecrets"] == [{"name": "test-registry"}, {"name": COPY}]


def test_what_was_there_stays() -> None:
    subject = pod(initContainers=[{"name": "init", "image": f"{VPC}/a/init:1"}], dnsPolicy="Default")
    subject["metadata"]["annotations"] = {"a/b~c": "kept"}
    subject["spec"]["containers"].append({"name": "side", "image": "docker.io/library/redis"})
    result = admitted(subject)
    assert result["metadata"]["annotations"]["a/b~c"] == "kept"
    assert [c["image"] for c in result["spec"]["containers"]] == [P2P_IMAGE, "docker.io/library/redis"]
    assert result["spec"]["initContainers"][0]["image"].endswith(":65001/a/init:1")
    assert set(json.loads(result["metadata"]["annotations"][CONFIG])["images"]) == {"containers/test", "initContainers/init"}


def test_called_again_it_changes_nothing() -> None:
    result = admitted(pod())
    copy = pull_secret({P2P_IMAGE: "abc"}, COPY)
    copy["metadata"]["labels"] = {"k8s.aliyun.com/p2p-credential": "true"}
    assert pod_patch(result, decide(result, TABLE, [SECRET, copy], READY)) == []


def test_called_again_it_finds_what_others_have_put_in_meanwhile() -> None:
    result = admitted(pod())
    result["spec"]["containers"].append({"name": "injected", "image": f"{INTERNET}/a/side:1"})
    again = admitted(result, pull_secret({VPC: "abc", INTERNET: "abc"}))
    assert json.loads(again["metadata"]["annotations"][CONFIG])["images"] == {
        "containers/test": IMAGE, "containers/injected": f"{INTERNET}/a/side:1"
    }  # fmt: skip


def test_an_annotation_that_does_not_lead_to_the_image_is_not_believed() -> None:
    subject = pod(P2P_IMAGE)
    subject["metadata"]["annotations"] = {CONFIG: json.dumps({"version": 1, "images": {"containers/test": f"{VPC}/other:1"}})}
    assert decide(subject, TABLE, [SECRET], READY).skipped == admission.NO_ORIGINAL


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"images": 1}', '{"images": {"containers/test": 1}}'])
def test_an_annotation_that_makes_no_sense_is_as_none(text: str) -> None:
    subject = pod()
    subject["metadata"]["annotations"] = {CONFIG: text}
    assert decide(subject, TABLE, [SECRET], READY).images == {"containers/test": P2P_IMAGE}


def bound(node: str) -> dict[str, Any]:
    """As the DaemonSet controller does it."""
    fields = [{"key": "metadata.name", "operator": "In", "values": [node]}]
    terms = {"nodeSelectorTerms": [{"matchFields": fields}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (pod("nginx"), admission.NO_IMAGE),
        (pod(imagePullSecrets=[]), admission.NO_SECRET),
        (pod(f"{INTERNET}/a:1"), admission.NO_SECRET),
        (pod(containers=[{"name": "test", "image": IMAGE, "imagePullPolicy": "Never"}]), admission.NEVER),
        (pod(os={"name": "windows"}), "the agents run on Linux only"),
        (pod(nodeSelector={"kubernetes.io/os": "windows"}), "the agents run on Linux only"),
        (pod(nodeSelector={"type": "virtual-kubelet"}), "virtual nodes have no agent"),
        (pod(nodeName="virtual-kubelet-cn-hangzhou-i"), "virtual nodes have no agent"),
        (pod(tolerations=[{"key": "virtual-kubelet.io/provider", "operator": "Exists"}]), "virtual nodes have no agent"),
        (pod(nodeName="node-2"), "the agent on node node-2 is not ready"),
        (pod(**bound("node-2")), "the agent on node node-2 is not ready"),
        (pod(**bound("unheard-of")), "the agent on node unheard-of is not ready"),
        (pod(P2P_IMAGE), admission.NO_ORIGINAL),
    ],
)
def test_a_pod_is_skipped_and_told_why(subject: dict[str, Any], reason: str) -> None:
    named = {secret["name"] for secret in subject["spec"]["imagePullSecrets"]}
    decision = decide(subject, TABLE, [SECRET] if "test-registry" in named else [], READY)
    assert decision == Decision(skipped=reason)
    result = apply(subject, pod_patch(subject, decision))
    assert result["metadata"]["annotations"] == {SKIPPED: reason}
    assert result["spec"] == subject["spec"]


def test_a_pod_bound_to_a_ready_node_is_changed() -> None:
    for subject in (pod(nodeName="node-1"), pod(**bound("node-1"))):
        assert decide(subject, TABLE, [SECRET], READY).images == {"containers/test": P2P_IMAGE}


def test_mirror_pods_and_clusters_without_agents_or_names_are_left_alone() -> None:
    mirror = pod()
    mirror["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    assert decide(mirror, TABLE, [SECRET], READY).skipped == "mirror Pods can't be changed"
    assert decide(pod(), TABLE, [SECRET], Nodes()).skipped == "no node has an agent that is ready"
    assert decide(pod(), {}, [SECRET], READY).skipped == admission.NOT_ISSUED


def test_only_secrets_that_are_for_an_image_are_copied_and_in_the_pods_order() -> None:
    subject = pod(imagePullSecrets=[{"name": name} for name in ("b", "docker", "a")])
    secrets = [pull_secret({VPC: "1"}, "b"), pull_secret({"docker.io": "2"}, "docker"), pull_secret({VPC: "3"}, "a")]
    result = admitted(subject, *secrets)
    assert [s["name"] for s in result["spec"]["imagePullSecrets"]] == [
        "b", "docker", "a", "acr-credential-b-p2p", "acr-credential-a-p2p"
    ]  # fmt: skip


def test_a_success_takes_an_old_reason_away() -> None:
    subject = pod()
    subject["metadata"]["annotations"] = {SKIPPED: "an earlier life"}
    assert SKIPPED not in admitted(subject)["metadata"]["annotations"]


def test_of_a_running_pod_only_new_ephemeral_containers_change() -> None:
    old = pod(imagePullSecrets=[{"name": "test-registry"}, {"name": COPY}],
              ephemeralContainers=[{"name": "before", "image": IMAGE}])  # fmt: skip
    new = {**old, "spec": {**old["spec"], "ephemeralContainers": [{"name": "before", "image": IMAGE},
                                                                   {"name": "debug", "image": IMAGE}]}}  # fmt: skip
    operations = ephemeral_patch(new, old, decide(new, TABLE, [SECRET], READY))
    assert operations == [{"op": "replace", "path": "/spec/ephemeralContainers/1/image", "value": P2P_IMAGE}]


def test_a_running_pod_without_our_secret_is_left_alone() -> None:
    new = pod(ephemeralContainers=[{"name": "debug", "image": IMAGE}])
    assert ephemeral_patch(new, pod(), decide(new, TABLE, [SECRET], READY)) == []
