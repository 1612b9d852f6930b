from __future__ import annotations

import json
from pathlib import Path

import pytest

from onectl import config
from onectl.config import Config
from onectl.errors import UsageError


def test_every_key_is_optional_and_strangers_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    assert config.load(path) == Config()
    path.write_text(json.dumps({"AccessKey": "x", "endpoints": {"cr": "cr.example.com"}, "Kubeconfig Path": "/k"}))
    assert config.load(path) == Config(kubeconfig="/k", cr_endpoint="cr.example.com")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "can't be read"),
        ("[]", "must hold a JSON object"),
        ('{"caFile": 1}', "caFile must be text, not 1"),
        ('{"endpoints": "x"}', "endpoints must be an object"),
        ('{"endpoints": {"ram": null}}', "ram must be text, not null"),
    ],
)
def test_a_broken_file_is_told_with_its_path(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        config.load(path)
    assert str(path) in caught.value.message
    assert caught.value.exit_code == 2


def test_settings_are_what_an_addon_may_refer_to(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("PEM")
    full = Config(ca_file=str(tmp_path / "ca.pem"), image_registry="r.example.com/ops/", cr_endpoint="cr.example.com")
    assert full.settings("tiny") == {
        "endpoints.cr": "cr.example.com",
        "caFile": "PEM",
        "imageRegistry": "r.example.com/ops/tiny",
    }
    assert Config().settings("tiny") == {}
    with pytest.raises(UsageError, match="caFile of onectl's configuration can't be read"):
        Config(ca_file="/nowhere").settings("tiny")


def test_the_kubeconfig_is_the_flags_then_the_environments_then_the_configurations(tmp_path: Path) -> None:
    flag, first, second, configured = (str(tmp_path / name) for name in ("flag", "first", "second", "configured"))
    for path in (flag, first, configured):
        Path(path).touch()
    environment, settings = {"KUBECONFIG": f"{first}:{second}"}, Config(kubeconfig=configured)
    assert config.kubeconfig(flag, environment, settings) == flag
    assert config.kubeconfig("", environment, settings) == f"{first}:{second}"
    assert config.kubeconfig("", {"KUBECONFIG": ""}, settings) == configured


def test_a_kubeconfig_that_is_not_there_is_told_with_who_named_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UsageError, match=r"no kubeconfig at /nowhere \(--kubeconfig\)"):
        config.kubeconfig("/nowhere", {}, Config())
    with pytest.raises(UsageError, match=r"\.kube/config \(the default\)"):
        config.kubeconfig("", {}, Config())
