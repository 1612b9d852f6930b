"""One agent's conversation with the scheduler."""

from __future__ import annotations

import asyncio
import logging
from typing import assert_never

from aiohttp import WSCloseCode, WSMsgType, web

from p2p.scheduler.admission import Admission
from p2p.scheduler.callers import Caller
from p2p.scheduler.hub import Hub
from p2p.swarm.errors import BadTicket, ProtocolError, TicketRefused
from p2p.swarm.messages import (
    AskTicket,
    FromScheduler,
    Got,
    Granted,
    Join,
    Leave,
    Missing,
    Refused,
    Release,
    Renew,
    Want,
    read_from_agent,
    write,
)

MOST_WAITING = 10_000  # messages to an agent that does not read
_log = logging.getLogger(__name__)


class Session:
    def __init__(self, caller: Caller, hub: Hub, admission: Admission, socket: web.WebSocketResponse) -> None:
        self._caller, self._hub, self._admission, self._socket = caller, hub, admission, socket
        self._outbox: asyncio.Queue[FromScheduler] = asyncio.Queue()
        self._questions: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until either side closes, or the agent breaks the contract."""
        sender = asyncio.create_task(self._send())
        self._hub.connected(self._caller.node, self.say)
        try:
            async for message in self._socket:
                if message.type is WSMsgType.ERROR:
                    break
                if message.type is not WSMsgType.TEXT:
                    raise ProtocolError("a message that is not text")
                self._heard(message.data)
        except ProtocolError as error:
            _log.warning("agent on %s: %s", self._caller.node, error)
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=str(error)[:120].encode())
        finally:
            self._hub.disconnected(self._caller.node, self.say)
            tasks = [sender, *self._questions]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def say(self, message: FromScheduler) -> None:
        self._outbox.put_nowait(message)

    async def _send(self) -> None:
        while self._outbox.qsize() < MOST_WAITING:
            await self._socket.send_str(write(await self._outbox.get()))
        await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)

    def _heard(self, text: str) -> None:
        message = read_from_agent(text)
        match message:
            case AskTicket():
                task = asyncio.create_task(self._answer(message))
                self._questions.add(task)
                task.add_done_callback(self._questions.discard)
            case Renew():
                self._renew(message)
            case Join():
                self._join(message)
            case Want() | Got() | Missing() | Release() | Leave():
                self._hub.heard(self._caller.node, message)
            case _:
                assert_never(message)

    async def _answer(self, ask: AskTicket) -> None:
        try:
            self.say(Granted(ask.id, await self._admission.grant(ask, self._caller)))
        except TicketRefused as error:
            self.say(Refused(ask.id, str(error)[:512]))

    def _join(self, message: Join) -> None:
        """A ticket that ended while the agent was on its own is no breach: it renews it and joins again."""
        try:
            self._admission.check(message.ticket, message.digest, self._caller)
        except BadTicket as error:
            _log.warning("agent on %s may not join %s: %s", self._caller.node, message.digest, error)
        else:
            self._hub.join(self._caller.node, self._caller.address, message)

    def _renew(self, ask: Renew) -> None:
        try:
            self.say(Granted(ask.id, self._admission.renew(ask.ticket, self._caller)))
        except TicketRefused as error:
            self.say(Refused(ask.id, str(error)[:512]))
