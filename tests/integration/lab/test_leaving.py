"""A lab goes without a trace, also one that was stopped while it came up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import cgroups, claim
from tests.lab.cluster import CHECKOUT, Lab
from tests.lab.shell import marked, run, until

UP = (sys.executable, "-m", "tests.lab", "up", "--nodes", "2")


def traces() -> list[str]:
    """Everything of the lab's that this machine knows, by the lab's names, addresses and marks."""
    lab = Lab.here()
    known = [
        *run("ip", "netns", "list").splitlines(),
        *run("ip", "-o", "link").splitlines(),
        *run("ip", "route").splitlines(),
        *Path("/proc/self/mounts").read_text().splitlines(),
        *map(str, cgroups.existing("lab-")),
    ]
    own = (f"lab-{lab.net.id}", lab.directory.name, "10.90.", "10.91.")
    left = [line for line in known if any(word in line for word in own)]
    return left + [f"process {pid}" for pid in marked(lab.net.id)] + ([str(claim.current())] if claim.current() else [])


@pytest.fixture(autouse=True)
def _nothing_runs() -> None:
    found = claim.current()
    if found and found.holds():
        pytest.fail(f"the checkout {found.checkout} has a lab running on this machine")
    Lab.here().down()
    assert traces() == []


@pytest.mark.parametrize(
    ("stop", "moment"),
    [(signal.SIGINT, "n2"), (signal.SIGTERM, "cp"), (signal.SIGKILL, "cp"), (signal.SIGKILL, "n1")],
)
def test_an_interrupted_up_leaves_nothing(stop: signal.Signals, moment: str) -> None:
    """moment: the host whose namespace has just been made."""
    lab = Lab.here()
    with subprocess.Popen(UP, cwd=CHECKOUT, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}) as process:
        try:
            until(f"{moment} there", lambda: process.poll() is not None or moment in lab.net.hosts(), 60, 0.01)
            assert process.poll() is None, "it ended by itself"
            process.send_signal(stop)
            process.wait(60)
        finally:
            process.kill()
    if stop is signal.SIGKILL:
        assert traces()
        Lab.here().down()
    assert traces() == []


def test_down_leaves_nothing() -> None:
    lab = Lab.up(nodes=1)
    assert traces()
    directory = lab.directory
    lab.down()
    assert traces() == []
    assert not directory.exists()
