"""`python -m p2p scheduler`."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import web
from lightkube import AsyncClient, KubeConfig
from lightkube import ConfigError as KubeConfigError

from p2p.config.errors import ConfigError
from p2p.scheduler.admission import Admission
from p2p.scheduler.callers import Callers, Reviewer
from p2p.scheduler.hub import Hub
from p2p.scheduler.keys import Mounted
from p2p.scheduler.kubernetes import KubernetesReviewer
from p2p.scheduler.server import agents_app, health_app

PORT = 8444
HEALTH_PORT = 8080
READ_AGAIN = 10.0  # seconds
THREADS = 16  # questions to origins at a time
_log = logging.getLogger(__name__)


def main() -> int:
    """Serve until SIGTERM. Settings are the variables P2P_ORIGINS, P2P_SCHEDULER_KEYS, P2P_AGENT_ACCOUNT and P2P_CA_FILE."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ca_file = os.environ.get("P2P_CA_FILE")
    try:
        mounted = Mounted(
            Path(os.environ.get("P2P_ORIGINS", "/etc/p2p/origins/origins.json")),
            Path(os.environ.get("P2P_SCHEDULER_KEYS", "/etc/p2p/scheduler-keys")),
            Path(ca_file) if ca_file else None,
        )
        reviewer = KubernetesReviewer(
            AsyncClient(KubeConfig.from_service_account(), trust_env=False), os.environ["P2P_AGENT_ACCOUNT"]
        )
    except ConfigError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KubeConfigError as error:
        print(f"Error: the API server can't be found: {error}; this role runs in a Pod with a ServiceAccount", file=sys.stderr)
        return 1
    except KeyError as missing:
        print(f"Error: environment variable {missing.args[0]} is not set; the chart sets it", file=sys.stderr)
        return 1
    asyncio.run(serve(mounted, reviewer))
    return 0


async def serve(mounted: Mounted, reviewer: Reviewer, port: int = PORT, health_port: int = HEALTH_PORT) -> None:
    """Until SIGTERM or SIGINT, or cancelled."""
    hub = Hub(time.monotonic)
    callers = Callers(reviewer, secrets.token_bytes(32), time.monotonic)
    with ThreadPoolExecutor(THREADS, "origin") as threads:
        admission = Admission(mounted.registry, mounted.signing_key, mounted.known_keys, threads, time.time)
        agents = web.AppRunner(agents_app(hub, admission, callers), access_log=None, shutdown_timeout=1)
        health = web.AppRunner(health_app(hub), access_log=None)
        await agents.setup()
        await health.setup()
        await web.TCPSite(agents, port=port, ssl_context=mounted.tls).start()
        await web.TCPSite(health, port=health_port).start()
        reading = asyncio.create_task(_read_again(mounted))
        try:
            await _until_signal()
        finally:
            reading.cancel()
            await agents.cleanup()
            await health.cleanup()


async def _read_again(mounted: Mounted) -> None:
    while True:
        await asyncio.sleep(READ_AGAIN)
        try:
            mounted.read()
        except ConfigError as error:
            _log.error("%s; what was read before stays in force", error)


async def _until_signal() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
