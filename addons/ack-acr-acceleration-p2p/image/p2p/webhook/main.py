"""`python -m p2p webhook`, and `python -m p2p webhook leave`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from p2p.config.errors import ConfigError
from p2p.config.files import last_words
from p2p.webhook.api import connected, in_cluster
from p2p.webhook.cloud import ContainerRegistry
from p2p.webhook.kubernetes import KubernetesError
from p2p.webhook.leave import Leaving
from p2p.webhook.report import termination_message
from p2p.webhook.service import Service
from p2p.webhook.settings import Settings

ADMISSION_PORT, HEALTH_PORT = 8443, 8080


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for name in ("aiohttp.access", "httpx2"):  # a line for each request
        logging.getLogger(name).setLevel(logging.WARNING)
    act = leave if sys.argv[2:] == ["leave"] else serve
    try:
        asyncio.run(act(Settings.read(os.environ)))
    except (ConfigError, KubernetesError) as error:
        last_words(f"Error: {error}")
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM. Raises KubernetesError."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with connected(in_cluster()) as api:
        service = Service(api, settings, lambda key: ContainerRegistry(settings.cr_endpoint, key, settings.ca_file))
        await service.run(ended, ADMISSION_PORT, HEALTH_PORT)


async def leave(settings: Settings) -> None:
    """The report is the container's termination message. Raises KubernetesError."""
    async with connected(in_cluster()) as api:
        report = termination_message(await Leaving(api, settings).run())
    last_words(report)
    print(report)
