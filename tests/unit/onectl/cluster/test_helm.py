from __future__ import annotations

from pathlib import Path

import pytest

from onectl.cluster.helm import Helm, translate
from onectl.errors import AccessError, OnectlError, TimedOutError


@pytest.mark.parametrize(
    ("stderr", "kind", "message"),
    [
        ('Error: Kubernetes cluster unreachable: Get "https://x": refused', AccessError, "the cluster can't be reached: K"),
        ("Error: list: failed to list: secrets is forbidden: User x", AccessError, "not allowed in the cluster: list"),
        ("WARNING: file mode\nError: INSTALLATION FAILED: a\nb\n", OnectlError, "helm: INSTALLATION FAILED: a b"),
        ("Error: failed pre-delete: timed out waiting for the condition", TimedOutError, "helm: failed pre-delete"),
        ("", OnectlError, "helm: helm failed without a word"),
    ],
)
def test_what_helm_prints_becomes_one_line(stderr: str, kind: type[OnectlError], message: str) -> None:
    error = translate(stderr)
    assert type(error) is kind
    assert error.message.startswith(message)


def test_a_helm_that_does_not_work_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "helm").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "helm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(OnectlError, match="does not tell its version"):
        Helm("config", "lab")


def test_no_helm_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OnectlError, match="helm is not on PATH"):
        Helm("config", "lab")
