"""Runs of pieces from the origin: read and hashed on threads, handed to the loop piece by piece."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future

from p2p.registry.errors import Unavailable
from p2p.swarm.ports import Blob, Body, Source

HAND_OVER_SECONDS = 30.0  # the loop answers within that, or it is gone

Keep = Callable[[int, memoryview, bytes], float]


async def fetch_run(blob: Blob, source: Source, start: int, count: int, threads: Executor, keep: Keep) -> None:
    """Fetch pieces by one Range request; `keep(piece, data, sha256)` is called on the loop and answers seconds to wait.

    Raises Refused, Unavailable, and what `keep` raises. Cancelled, the thread ends at its next piece.
    """
    loop = asyncio.get_running_loop()
    stopped = False

    def keep_on_loop(piece: int, data: memoryview, sha256: bytes, answer: Future[float]) -> None:
        if stopped:
            answer.cancel()
            return
        try:
            answer.set_result(keep(piece, data, sha256))
        except Exception as error:  # noqa: BLE001 - it is carried to the thread, and by that to whoever awaits this run
            answer.set_exception(error)

    def hand_over(piece: int, data: memoryview, sha256: bytes) -> float:
        answer: Future[float] = Future()
        loop.call_soon_threadsafe(keep_on_loop, piece, data, sha256, answer)
        return answer.result(HAND_OVER_SECONDS)

    try:
        await loop.run_in_executor(threads, _read_run, blob, source, start, count, hand_over)
    finally:
        stopped = True


def _read_run(blob: Blob, source: Source, start: int, count: int, hand_over: Keep) -> None:
    begin, _ = blob.piece_range(start)
    last, length = blob.piece_range(start + count - 1)
    buffer = memoryview(bytearray(blob.piece_size))
    with source.origin.open_blob(source.repository, blob.digest, source.authorization, begin, last + length) as body:
        for piece in range(start, start + count):
            data = buffer[: blob.piece_range(piece)[1]]
            _fill(body, data)
            time.sleep(hand_over(piece, data, hashlib.sha256(data).digest()))


def _fill(body: Body, data: memoryview) -> None:
    while data:
        got = body.readinto(data)
        if not got:
            raise Unavailable("the origin ended a blob early")
        data = data[got:]
