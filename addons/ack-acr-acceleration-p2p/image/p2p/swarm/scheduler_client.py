"""The agent's connection to the scheduler: kept up for as long as the agent runs, never needed for a pull to succeed."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from p2p.swarm.errors import SchedulerAway, SwarmError, TicketRefused
from p2p.swarm.messages import (
    MOST_MESSAGE,
    AskTicket,
    FromAgent,
    FromScheduler,
    Granted,
    Refused,
    Renew,
    read_from_scheduler,
    write,
)

UNKNOWN = 5.0  # seconds until it is looked again whether there is a scheduler
HEARTBEAT = 2.0  # seconds between pings; half of it without an answer ends the connection
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where the scheduler is: `address` is host:port, `ca` the PEM that its certificate for `server_name` goes back to."""

    address: str
    server_name: str
    ca: str


class Listener(Protocol):
    def connected(self) -> None: ...
    def heard(self, message: FromScheduler) -> None: ...


LONGEST_WAIT = 1.0  # seconds, half of it more or less: a herd that starts without the scheduler has no swarm


def back_off(failures: int, jitter: float) -> float:
    """Seconds to wait before the next try; jitter in [0, 1) keeps a whole cluster from coming back at once."""
    return float(min(LONGEST_WAIT, 0.2 * 2**failures) * (0.5 + jitter))


class SchedulerClient:
    """`place` and `token` are asked at each try, as both change while the agent runs."""

    def __init__(
        self,
        place: Callable[[], Place | None],
        token: Callable[[], str],
        jitter: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._place, self._token, self._jitter, self._sleep = place, token, jitter, sleep
        self._outbox: asyncio.Queue[FromAgent] | None = None
        self._asked: dict[int, asyncio.Future[str]] = {}
        self._ids = 0
        self.listener: Listener | None = None
        self.up = asyncio.Event()

    def is_known(self) -> bool:
        """Whether there is a scheduler at all."""
        return self._place() is not None

    def say(self, message: FromAgent) -> None:
        """Send a message; lost when no scheduler is connected, as all state is announced again to the next one."""
        if self._outbox:
            self._outbox.put_nowait(message)

    async def ask(self, question: Callable[[int], AskTicket | Renew], seconds: float) -> str:
        """The ticket asked for. Raises TicketRefused, and SchedulerAway when no answer comes in time."""
        if not self._outbox:
            raise SchedulerAway("no scheduler is connected")
        self._ids += 1
        number = self._ids
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self.say(question(number))
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            raise SchedulerAway(f"the scheduler did not answer within {seconds:g} s") from None
        finally:
            del self._asked[number]

    async def run(self) -> None:
        """Stay connected until cancelled."""
        failures = 0
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    await self._converse(session)
                    failures = 0
                except (aiohttp.ClientError, OSError, TimeoutError, SwarmError) as error:
                    failures = 0 if self.up.is_set() else failures + 1
                    _log.warning("the scheduler is away: %s", error)
                finally:
                    self._disconnected()
                await self._sleep(back_off(failures, self._jitter()))

    async def _converse(self, session: aiohttp.ClientSession) -> None:
        place = self._place()
        if place is None:
            await self._sleep(UNKNOWN)
            return
        async with session.ws_connect(
            f"wss://{place.address}/v1/agent",
            headers={"Authorization": f"Bearer {self._token()}"},
            ssl=_context(place.ca),
            server_hostname=place.server_name,
            heartbeat=HEARTBEAT,
            max_msg_size=MOST_MESSAGE,
        ) as socket:
            outbox = self._outbox = asyncio.Queue()
            sender = asyncio.create_task(_send(socket, outbox))
            try:
                self.up.set()
                if self.listener:
                    self.listener.connected()
                async for message in socket:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        raise SchedulerAway("the connection broke")
                    self._heard(read_from_scheduler(message.data))
            finally:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)

    def _disconnected(self) -> None:
        self.up.clear()
        self._outbox = None
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(SchedulerAway("the connection to the scheduler ended"))

    def _heard(self, message: FromScheduler) -> None:
        match message:
            case Granted(id=number, ticket=ticket):
                if (answer := self._asked.get(number)) and not answer.done():
                    answer.set_result(ticket)
            case Refused(id=number, reason=reason):
                if (answer := self._asked.get(number)) and not answer.done():
                    answer.set_exception(TicketRefused(reason))
            case _ if self.listener:
                self.listener.heard(message)


def _context(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=ca)
    except ValueError as error:
        raise SchedulerAway(f"its certificate authority in the origins can't be used: {error}") from None


async def _send(socket: aiohttp.ClientWebSocketResponse, outbox: asyncio.Queue[FromAgent]) -> None:
    while True:
        await socket.send_str(write(await outbox.get()))
