from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from tests.lab import images


@pytest.fixture(autouse=True)
def _no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pause"
    program.write_bytes(b"\x7fELF")
    monkeypatch.setattr(images, "sleeper", lambda: program)


def test_the_layout_is_whole_and_its_layers_have_the_size_asked_for(tmp_path: Path) -> None:
    layout = images.random_image(tmp_path / "layout", layers=2, layer_bytes=64 << 10, seed=1)
    blobs = {path.name: path.read_bytes() for path in (layout / "blobs/sha256").iterdir()}
    assert all(hashlib.sha256(content).hexdigest() == name for name, content in blobs.items())
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = json.loads(blobs[entry["digest"].removeprefix("sha256:")])
    assert [layer["size"] for layer in manifest["layers"]] == [64 << 10] * 2
    first = layout / "blobs/sha256" / manifest["layers"][0]["digest"].removeprefix("sha256:")
    with tarfile.open(first) as tar:
        assert tar.getnames() == ["pause", "bin/sleep", "data-0"]


def test_another_seed_is_another_image(tmp_path: Path) -> None:
    one, two = (images.random_image(tmp_path / str(seed), 1, 64 << 10, seed) for seed in (1, 2))
    assert {p.name for p in (one / "blobs/sha256").iterdir()}.isdisjoint(p.name for p in (two / "blobs/sha256").iterdir())
