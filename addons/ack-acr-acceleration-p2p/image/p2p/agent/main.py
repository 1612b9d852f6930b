"""`python -m p2p agent`."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from p2p.agent.agent import Agent
from p2p.agent.sockets import AddressTaken, Sockets, bind_all
from p2p.config.environment import Environment
from p2p.config.errors import ConfigError
from p2p.config.files import last_words


def main() -> int:
    """Serve until SIGTERM. 1: the settings are wrong or an address is taken; one line says which."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        environment = Environment.read(os.environ)
        sockets = bind_all(environment.node_address, environment.port, environment.metrics_port)
    except (ConfigError, AddressTaken) as error:
        print(f"Error: {error}", file=sys.stderr)
        last_words(str(error))
        return 1
    asyncio.run(_serve(environment, sockets))
    return 0


async def _serve(environment: Environment, sockets: Sockets) -> None:
    await Agent(environment, sockets).run()
