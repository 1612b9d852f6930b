"""The program as a user starts it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

import onectl
from onectl.cli.duration import seconds

CHECKOUT = Path(__file__).parents[4]
HEAVY = (
    "kubernetes", "pyhelm3", "alibabacloud", "darabonba", "yaml", "jsonschema", "pydantic", "asyncio", "rich", "urllib3",
)  # fmt: skip


def onectl_says(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "onectl", *words],
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


@pytest.mark.parametrize("words", ["--help", "addon install -h", "version"])
def test_help_and_version_load_nothing_heavy(words: str) -> None:
    program = (
        "import sys; from onectl.cli.main import main\n"
        f"sys.argv[1:] = {words.split()!r}\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print([m for m in sys.modules if m.startswith({HEAVY!r})], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.mark.parametrize("words", [[], ["-h"], ["addon", "-h"], ["addon", "upgrade", "-h"], ["ram-user", "grant", "-h"]])
def test_every_level_has_help(tmp_path: Path, words: list[str]) -> None:
    done = onectl_says(tmp_path, *words)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: onectl")


def test_version_is_the_packages(tmp_path: Path) -> None:
    assert tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"] == onectl.__version__
    assert onectl_says(tmp_path, "version").stdout.startswith(f"onectl: v{onectl.__version__} ")


ADDON = "ack-acr-acceleration-p2p"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["addon", "instal", ADDON], "No such command 'instal'. Did you mean 'install'"),
        (["addon", "install"], "Missing argument 'NAME'"),
        (["addon", "uninstall", "ack-acr-accelerator-p2p"], f"did you mean {ADDON}?"),
        (["addon", "upgrade", ADDON, "--set", "a"], 'Error: --set a: key "a" has no value'),
        (["addon", "uninstall", ADDON, "--timeout", "5"], "'5' is not a duration such as 5m, 90s or 1h30m"),
        (["addon", "uninstall", ADDON, "--kubeconfig", "/nowhere"], "Error: no kubeconfig at /nowhere (--kubeconfig)"),
        (["ram-user", "grant", "--addon", ADDON], "Error: no kubeconfig at"),
    ],
)
def test_wrong_usage_is_one_clear_error_with_exit_code_2(tmp_path: Path, words: list[str], message: str) -> None:
    done = onectl_says(tmp_path, *words)
    assert message in done.stderr
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_a_broken_configuration_is_told_with_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / ".onectl").mkdir()
    (tmp_path / ".onectl/config.json").write_text("{")
    done = onectl_says(tmp_path, "addon", "uninstall", ADDON)
    assert (done.returncode, done.stderr.splitlines()[0].startswith("Error: ")) == (2, True)


def test_no_helm_is_told(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        "{kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],"
        " clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}], users: [{name: u, user: {}}]}"
    )
    done = onectl_says(tmp_path, "addon", "uninstall", ADDON, "--kubeconfig", str(kubeconfig), PATH=str(tmp_path))
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, "Error: helm is not on PATH")


@pytest.mark.parametrize(
    ("text", "value"), [("5m", 300), ("90s", 90), ("1h30m", 5400), ("1.5h", 5400), ("500ms", 0.5), (".5s", 0.5)]
)
def test_durations_are_gos(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "5", "m", "5x", "-5m", "0s", "5 m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"is not a duration|more than zero"):
        seconds(text)
