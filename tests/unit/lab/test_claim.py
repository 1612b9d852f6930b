from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import claim
from tests.lab.shell import LabError


@pytest.fixture(autouse=True)
def _own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "FILE", tmp_path / "claim.json")


def take_in_another_process(checkout: str, keep: bool = False) -> None:
    """A process that claims the machine and is gone."""
    code = (
        "import sys; from pathlib import Path; from tests.lab import claim;"
        f"claim.FILE = Path({str(claim.FILE)!r}); claim.take(Path({checkout!r}), Path('/tmp/x'))"
    )
    subprocess.run([sys.executable, "-c", code + ("; claim.keep()" if keep else "")], check=True)


def test_the_second_is_told_which_checkout_holds_the_machine(tmp_path: Path) -> None:
    assert claim.take(Path("/somewhere/first"), tmp_path) is None
    with pytest.raises(LabError, match="/somewhere/first"):
        claim.take(Path("/somewhere/second"), tmp_path)


def test_a_claim_whose_owner_died_is_handed_over_to_be_removed(tmp_path: Path) -> None:
    take_in_another_process("/somewhere/first")
    old = claim.take(Path("/somewhere/second"), tmp_path)
    assert old
    assert (old.checkout, old.id) == ("/somewhere/first", claim.lab_id(Path("/somewhere/first")))


def test_a_lab_that_was_left_running_on_purpose_is_missed_while_its_processes_live(tmp_path: Path) -> None:
    take_in_another_process("/somewhere/first", keep=True)
    mark = {"ONECTL_LAB": claim.lab_id(Path("/somewhere/first"))}
    with subprocess.Popen(["sleep", "60"], env={**os.environ, **mark}) as process:
        try:
            with pytest.raises(LabError):
                claim.take(Path("/somewhere/second"), tmp_path)
        finally:
            process.kill()
    assert claim.take(Path("/somewhere/second"), tmp_path)
