from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from p2p.store.blob import Blob
from p2p.store.errors import Full, Stalled, Unobtainable, WrongBytes
from p2p.store.pieces import SMALLEST
from p2p.store.store import FAILED_SECONDS, WRONG_SECONDS, Store

from tests.unit.p2p.store.filled import Content, until

A, B, C = (Content.of(size) for size in (1000, 1001, 1002))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Fixture:
    def __init__(self, directory: Path, capacity: int = 2500, ttl: float = 60) -> None:
        self.clock, self.gone = Clock(), list[str]()
        self.store = Store(directory, capacity, ttl, self.clock, self.gone.append)

    async def have(self, content: Content) -> Blob:
        blob = self.store.open(content.digest, len(content.data))
        content.fill(blob)
        await until(lambda: blob.complete)
        self.clock.now += 1
        return blob


@pytest.fixture
def made(tmp_path: Path) -> Fixture:
    return Fixture(tmp_path)


async def test_only_complete_blobs_of_several_pieces_count_as_layers(tmp_path: Path) -> None:
    made = Fixture(tmp_path, capacity=2 * SMALLEST)
    layer = Content.of(SMALLEST + 1)
    await made.have(A)
    made.store.open(layer.digest, SMALLEST + 1)
    assert made.store.whole() == 0
    await made.have(layer)
    assert made.store.whole() == 1


async def test_a_blob_is_one_for_all_who_ask(made: Fixture, tmp_path: Path) -> None:
    blob = await made.have(A)
    assert made.store.open(A.digest, 1000) is blob
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Unobtainable, match="is 1000 bytes large, not 999"):
        made.store.open(A.digest, 999)


async def test_room_is_made_by_what_was_used_longest_ago(made: Fixture) -> None:
    await made.have(A)
    await made.have(B)
    made.store.open(A.digest, 1000)
    await made.have(C)
    assert made.gone == [B.digest]


async def test_what_is_in_use_stays_and_what_does_not_fit_is_refused(made: Fixture) -> None:
    a, b = await made.have(A), await made.have(B)
    with a.use(), b.use(), pytest.raises(Full, match="does not fit"):
        made.store.open(C.digest, 1002)
    assert made.gone == []
    with pytest.raises(Full, match="does not fit"):
        made.store.open(C.digest, 5000)


async def test_what_is_still_to_be_filled_stays(made: Fixture) -> None:
    blob = made.store.open(A.digest, 1000)
    await made.have(B)
    made.clock.now += 100
    with pytest.raises(Full, match="does not fit"):
        made.store.open(C.digest, 1600)
    made.store.sweep()
    assert made.gone == [B.digest]
    assert made.store.open(A.digest, 1000) is blob


async def test_what_nobody_uses_goes_after_its_time(made: Fixture) -> None:
    await made.have(A)
    b = await made.have(B)
    made.clock.now += 58.5
    made.store.sweep()
    assert made.gone == [A.digest]
    made.clock.now += 59.5
    with b.use():
        made.store.sweep()
    assert made.gone == [A.digest]
    made.store.sweep()
    assert made.gone == [A.digest, B.digest]


@pytest.mark.parametrize(("error", "seconds"), [(WrongBytes("x"), WRONG_SECONDS), (Stalled("x"), FAILED_SECONDS)])
async def test_a_digest_that_failed_is_refused_for_a_while(made: Fixture, error: Exception, seconds: float) -> None:
    blob = made.store.open(A.digest, 1000)
    made.store.reject(blob, error)
    assert (blob.failed, made.gone) == (error, [A.digest])
    made.clock.now += seconds - 1
    with pytest.raises(Unobtainable, match="failed a short while ago"):
        made.store.open(A.digest, 1000)
    made.clock.now += 2
    assert made.store.open(A.digest, 1000) is not blob


async def test_a_blob_that_failed_and_is_not_rejected_yet_is_not_given_out(made: Fixture) -> None:
    made.store.open(A.digest, 1000).fail(Stalled("x"))
    with pytest.raises(Unobtainable):
        made.store.open(A.digest, 1000)


async def test_a_directory_that_can_not_be_written_is_told(made: Fixture, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path)
    with pytest.raises(Full, match="No such file"):
        made.store.open(A.digest, 1000)
