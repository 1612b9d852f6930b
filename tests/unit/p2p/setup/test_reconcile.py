"""Setup on a directory of its own, as on a node."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import pytest
from p2p.config.environment import Environment
from p2p.config.names import hosts_directory
from p2p.config.origins import Name, Origins
from p2p.setup.reconcile import Setup

from tests.unit.p2p.config.test_environment import GOOD

ONE, TWO = (Name(f"{letter}.example.com:65001", f"https://{letter}.example.com") for letter in "ab")
NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)


class Node:
    def __init__(self, directory: Path) -> None:
        self.etc, self.run_dir = directory / "etc", directory / "run"
        self.hosts_dir = self.etc / "containerd/certs.d"
        self.origins = directory / "origins.json"
        self.etc.mkdir()
        self.run_dir.mkdir()
        places = {"P2P_HOSTS_DIR": self.hosts_dir, "P2P_RUN_DIR": self.run_dir, "P2P_ORIGINS": self.origins}
        self.environment = Environment.read(GOOD | {name: str(path) for name, path in places.items()})
        self.setup = self.restarted()

    def restarted(self) -> Setup:
        return Setup(self.environment, lambda: NOW, group=os.getgid())

    def write_origins(self, *names: Name) -> None:
        self.origins.write_text(Origins(65001, names).to_json())

    def order(self, number: str, *keep: str) -> None:
        wire = {"version": 1, "id": number, "do": "leave", "keep": keep, "expires": 1}
        (self.run_dir / "order.json").write_text(json.dumps(wire))

    def says(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.run_dir / "setup.json").read_text())
        return found

    def tree(self) -> dict[str, bytes]:
        """Every file and directory under etc; directories end with a slash."""
        return {
            f"{path.relative_to(self.etc)}{'/' if path.is_dir() else ''}": b"" if path.is_dir() else path.read_bytes()
            for path in sorted(self.etc.rglob("*"))
        }

    def hosts(self, name: Name) -> str:
        return (self.hosts_dir / hosts_directory(name.name) / "hosts.toml").read_text()


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_the_hosts_files_of_all_names_are_put_in_place(node: Node) -> None:
    node.write_origins(ONE, TWO)
    assert node.setup.reconcile() == ""
    assert node.says() == {"version": 1, "state": "serving", "names": [ONE.name, TWO.name], "order": "", "error": ""}
    assert ONE.origin in node.hosts(ONE)
    assert (node.hosts_dir / "a.example.com_65001_/ca.crt").read_bytes() == (node.run_dir / "ca.crt").read_bytes()


@pytest.mark.parametrize("existing", [[], ["containerd"], ["containerd", "containerd/certs.d"]])
def test_after_the_order_to_leave_the_node_is_as_it_was(node: Node, existing: list[str]) -> None:
    for path in existing:
        (node.etc / path).mkdir()
    before = node.tree()
    node.write_origins(ONE, TWO)
    node.setup.reconcile()
    assert node.tree() != before
    node.order("7")
    setup = node.restarted()
    for _ in range(2):
        assert setup.reconcile() == ""
    assert node.tree() == before
    assert node.says() == {"version": 1, "state": "removed", "names": [], "order": "7", "error": ""}


def test_what_was_there_comes_back(node: Node) -> None:
    mine = node.hosts_dir / "a.example.com_65001_"
    mine.mkdir(parents=True)
    (mine / "hosts.toml").write_text("# by hand\n")
    (mine / "more.crt").write_text("mine")
    other = node.hosts_dir / "docker.io"
    other.mkdir()
    (other / "hosts.toml").write_text("# of somebody else\n")
    before = node.tree()
    node.write_origins(ONE)
    node.setup.reconcile()
    assert "by hand" not in node.hosts(ONE)
    assert (other / "hosts.toml").read_text() == "# of somebody else\n"
    node.order("7")
    node.restarted().reconcile()
    assert node.tree() == before


def test_a_name_in_use_leads_to_its_origin_only_and_goes_with_a_later_order(node: Node) -> None:
    node.write_origins(ONE, TWO)
    node.setup.reconcile()
    node.order("7", TWO.name)
    node.setup.reconcile()
    assert node.says() == {"version": 1, "state": "origin-only", "names": [TWO.name], "order": "7", "error": ""}
    assert [path.name for path in node.hosts_dir.glob("*_")] == ["b.example.com_65001_"]
    assert (TWO.origin in node.hosts(TWO), "127.0.0.1" in node.hosts(TWO)) == (True, False)
    node.order("8")
    node.setup.reconcile()
    assert node.tree() == {}


def test_what_somebody_changes_is_put_right_again(node: Node) -> None:
    node.write_origins(ONE)
    node.setup.reconcile()
    right = node.tree()
    (node.hosts_dir / "a.example.com_65001_/hosts.toml").write_text("# meddled with\n")
    (node.hosts_dir / "a.example.com_65001_/ca.crt").unlink()
    node.setup.reconcile()
    files = node.tree()
    assert {path: files[path] for path in right} == right


def test_without_origins_an_earlier_pods_files_stay(node: Node) -> None:
    node.write_origins(ONE)
    node.setup.reconcile()
    before = node.tree()
    node.origins.unlink()
    assert "the webhook writes it" in node.restarted().reconcile()
    assert node.tree() == before
    node.write_origins()
    assert node.restarted().reconcile() == ""
    assert node.tree() == before


def test_an_order_to_leave_altogether_needs_no_origins(node: Node) -> None:
    node.write_origins(ONE)
    node.setup.reconcile()
    node.origins.unlink()
    node.order("7")
    assert node.restarted().reconcile() == ""
    assert (node.tree(), node.says()["state"]) == ({}, "removed")


def test_a_directory_that_can_not_be_written_is_reported_and_the_order_not_done(node: Node) -> None:
    (node.etc / "containerd").write_text("a file where the directory should be")
    node.write_origins(ONE)
    error = node.setup.reconcile()
    assert "can't be written: Not a directory" in error
    assert (node.says()["names"], node.says()["error"]) == ([], error)
