from __future__ import annotations

import json
from pathlib import PurePosixPath

from p2p.webhook.leave import names_in_use
from p2p.webhook.report import report, termination_message

from tests.unit.p2p.webhook.samples import IMAGE, P2P, P2P_IMAGE, pod

DIRECTORY = PurePosixPath("/etc/containerd/certs.d")


def test_names_in_use_are_those_of_pods_that_may_still_pull() -> None:
    ended = {**pod(P2P_IMAGE), "status": {"phase": "Succeeded"}}
    assert names_in_use([pod(IMAGE), ended], {P2P}) == set()
    init = pod(IMAGE, initContainers=[{"name": "i", "image": P2P_IMAGE}])
    debugged = pod(IMAGE, ephemeralContainers=[{"name": "d", "image": P2P_IMAGE}])
    for user in (pod(P2P_IMAGE), init, debugged, {**pod(P2P_IMAGE), "status": {"phase": "Running"}}):
        assert names_in_use([ended, user], {P2P}) == {P2P}
        assert names_in_use([user], {"another:65001"}) == set()


def test_a_report_names_files_secrets_and_who_was_not_reached() -> None:
    assert report({"n2": None, "n1": (P2P,), "n3": ()}, [("default", "s")], DIRECTORY) == {
        "version": 1,
        "kept": [
            {"kind": "Secret", "namespace": "default", "name": "s"},
            {"kind": "HostsFile", "node": "n1", "name": P2P,
             "path": f"{DIRECTORY}/{P2P.replace(':', '_')}_/hosts.toml"},
        ],
        "unreachable": ["n2"],
    }  # fmt: skip


def test_a_termination_message_is_whole_json_within_kubelets_limit_and_says_how_many_are_not_in_it() -> None:
    few = report({"n1": (P2P,)}, [], DIRECTORY)
    assert json.loads(termination_message(few)) == few
    many = report({f"n{i}": (P2P,) if i % 3 else None for i in range(900)}, [("default", "s")], DIRECTORY)
    text = termination_message(many)
    cut = json.loads(text)
    assert len(text.encode()) < 4096
    assert cut["kept"][0] == many["kept"][0]
    assert len(cut["kept"]) + len(cut["unreachable"]) + cut["more"] == 901
