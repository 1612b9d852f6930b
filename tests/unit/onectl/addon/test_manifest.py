from __future__ import annotations

from pathlib import Path

import pytest

from onectl.addon import catalogue
from onectl.addon.manifest import load
from onectl.errors import OnectlError, UsageError

MINIMAL = "{apiVersion: onectl/v1, name: a, version: 1.0.0, summary: s, chart: chart, namespace: n%s}"


def test_the_bundled_addon_asks_for_the_documents_two_actions_and_nothing_else() -> None:
    manifest = catalogue.find("ack-acr-acceleration-p2p", catalogue.home())
    assert manifest.ram_policy == {
        "Version": "1",
        "Statement": [{"Action": ["cr:ListInstanceEndpoint", "cr:GetInstanceVpcEndpoint"], "Resource": "*", "Effect": "Allow"}],
    }
    assert manifest.list_keys == {"acrInstances"}
    assert manifest.namespace == "kube-system"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (MINIMAL % ", listKey: [a]", "unknown key listKey", "did you mean listKeys?"),
        (MINIMAL % ", listKeys: a", 'listKeys must be array, not "a"', ""),
        ("{name: a}", "apiVersion is required", ""),
        ("[]", "must hold a mapping", ""),
        ("{a", "expected ',' or '}'", ""),
    ],
)
def test_a_broken_addon_is_told_with_its_file(tmp_path: Path, text: str, message: str, hint: str) -> None:
    (tmp_path / "addon.yaml").write_text(text)
    with pytest.raises(OnectlError) as caught:
        load(tmp_path)
    assert message in caught.value.message
    assert str(tmp_path / "addon.yaml") in caught.value.message
    assert (caught.value.hint, caught.value.exit_code) == (hint, 1)


def test_an_unknown_addon_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        catalogue.find("ack-acr-acceleration", catalogue.home())
    assert caught.value.hint == "did you mean ack-acr-acceleration-p2p?"
