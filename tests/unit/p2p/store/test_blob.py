from __future__ import annotations

import asyncio
import gc
import os
import resource
import selectors
from collections.abc import Iterator

import pytest
from p2p.store.blob import PATIENCE
from p2p.store.errors import Full, Stalled, WrongBytes
from p2p.store.pieces import SMALLEST

from tests.unit.p2p.store.filled import Content, stored, until

SMALL, LARGE = Content.of(5 * SMALLEST + 7), Content.of((32 << 20) + SMALLEST + 7)


async def test_pieces_in_any_order_make_the_blob() -> None:
    blob = SMALL.blob()
    assert (blob.pieces, blob.piece_range(5), blob.have()) == (6, (5 * SMALLEST, 7), [])
    heard: list[int] = []
    forget = blob.on_piece(heard.append)
    for piece in (5, 0, 1, 3):
        assert SMALL.put(blob, piece)
    assert (blob.have(), heard) == ([(0, 2), (3, 1), (5, 1)], [5, 0, 1, 3])
    assert not SMALL.put(blob, 3)
    forget()
    SMALL.put(blob, 2)
    SMALL.put(blob, 4)
    await until(lambda: blob.complete)
    assert (heard, stored(blob)) == ([5, 0, 1, 3], SMALL.data)


async def test_a_piece_that_is_not_what_was_promised_is_not_kept() -> None:
    blob = SMALL.blob()
    for data in (b"x" * SMALLEST, SMALL.data[:100]):
        with pytest.raises(WrongBytes, match=r"piece 0 of sha256:\w+ from peer 10\.0\.0\.1"):
            blob.put(0, memoryview(data), bytes(32), "peer 10.0.0.1")
    assert (blob.has(0), blob.failed) == (False, None)


async def test_of_a_small_blob_nothing_is_read_before_all_is_verified() -> None:
    blob = SMALL.blob()
    reading = asyncio.create_task(blob.readable(0))
    SMALL.fill(blob, but=2)
    await asyncio.sleep(0.01)
    assert not reading.done()
    SMALL.put(blob, 2)
    assert await reading == len(SMALL.data)


async def test_of_a_large_blob_the_last_piece_waits_for_the_whole_digest() -> None:
    blob = LARGE.blob()
    last = blob.pieces - 1
    prefix = 3
    for piece in (*range(prefix), last):
        LARGE.put(blob, piece)
    assert await blob.readable(0) == prefix * SMALLEST
    assert await blob.readable(100) == prefix * SMALLEST
    end = asyncio.create_task(blob.readable(last * SMALLEST))
    LARGE.fill(blob)
    assert await blob.readable(0) == last * SMALLEST
    assert await end == len(LARGE.data)
    assert blob.complete


async def test_pieces_that_do_not_add_up_fail_the_blob_before_its_last_piece_is_readable() -> None:
    blob = LARGE.blob()
    wrong = Content(LARGE.data[:100] + b"wrong" + LARGE.data[105:])
    end = asyncio.create_task(blob.readable((blob.pieces - 1) * SMALLEST))
    wrong.fill(blob)
    with pytest.raises(WrongBytes, match="do not add up"):
        await end
    assert (blob.complete, blob.have(), stored(blob)) == (False, [], b"")
    assert not LARGE.put(blob, 0)
    with pytest.raises(WrongBytes):
        await blob.readable(0)


async def test_an_empty_blob_is_complete_at_once() -> None:
    blob = Content(b"").blob()
    await until(lambda: blob.complete)
    assert await blob.readable(0) == 0


class VirtualSelector(selectors.EpollSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Nothing waits: when all sleep, the time of the next to wake has come."""

    def __init__(self) -> None:
        self.selector = VirtualSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


def test_a_reader_waits_as_long_as_pieces_arrive_and_then_five_seconds() -> None:
    async def scene() -> None:
        blob = LARGE.blob()
        reading = asyncio.create_task(blob.readable((blob.pieces - 1) * SMALLEST))
        for piece in range(5):
            await asyncio.sleep(PATIENCE - 0.1)
            LARGE.put(blob, piece)
        assert not reading.done()
        assert not blob.stalled()
        with pytest.raises(Stalled):
            await reading
        assert asyncio.get_running_loop().time() == pytest.approx(6 * PATIENCE - 0.5)
        assert blob.stalled()
        LARGE.put(blob, 6)
        assert not blob.stalled()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(scene())


@pytest.fixture
def small_disk() -> Iterator[None]:
    """The kernel refuses to let a file grow past two pieces, as it would on a full disk."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * SMALLEST, old[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, old)


async def test_a_full_disk_fails_the_blob(small_disk: None) -> None:
    blob = SMALL.blob()
    assert SMALL.put(blob, 0)
    assert not SMALL.put(blob, 2)
    with pytest.raises(Full, match="can't be stored"):
        await blob.readable(0)


async def used() -> int:
    """The descriptor of a blob that was filled and that nobody holds any more."""
    blob = SMALL.blob()
    SMALL.fill(blob)
    await until(lambda: blob.complete)
    os.fstat(blob.fileno())
    return blob.fileno()


async def test_the_file_is_closed_when_nobody_refers_to_the_blob() -> None:
    file = await used()
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file)
