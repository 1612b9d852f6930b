from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import cache


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONECTL_CACHE", str(tmp_path / "cache"))


def test_a_product_is_made_once_and_again_when_a_source_changes(tmp_path: Path) -> None:
    source, made = tmp_path / "source", []

    def make(folder: Path) -> None:
        made.append(source.read_text())
        (folder / "program").write_text(source.read_text())

    for text in ("one", "one", "two"):
        source.write_text(text)
        assert (cache.product("thing", [source], make) / "program").read_text() == text
    assert made == ["one", "two"]


def test_a_product_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("no compiler")

    with pytest.raises(RuntimeError, match="no compiler"):
        cache.product("thing", ["text"], make)
    assert list(cache.directory().iterdir()) == []


def test_the_name_of_a_file_in_a_directory_counts(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")
    before = cache.digest([tmp_path])
    (tmp_path / "a").rename(tmp_path / "b")
    assert cache.digest([tmp_path]) != before
