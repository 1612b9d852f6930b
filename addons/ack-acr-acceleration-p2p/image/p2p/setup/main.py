"""`python -m p2p setup`, and `python -m p2p setup check` before it."""

from __future__ import annotations

import datetime
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from p2p.config.environment import Environment
from p2p.config.errors import ConfigError
from p2p.config.files import last_words
from p2p.setup.ports import Wanted, complaint
from p2p.setup.reconcile import Setup

EVERY = 1.0  # seconds
HOST_PROC = Path("/host/proc")
_log = logging.getLogger(__name__)


def main() -> int:
    """Keep the hosts files until SIGTERM; they stay then. `check`: 1 when an address of the agent is taken."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        environment = Environment.read(os.environ)
    except ConfigError as error:
        return _fail(str(error))
    if sys.argv[2:] == ["check"]:
        return check(environment, HOST_PROC)
    return keep(Setup(environment, lambda: datetime.datetime.now(datetime.UTC)))


def check(environment: Environment, proc: Path) -> int:
    wanted = [
        Wanted("127.0.0.1", environment.port, "p2p.port"),
        Wanted("127.0.0.2", environment.port, "p2p.port"),
        Wanted(environment.node_address, environment.port, "p2p.port"),
        Wanted(environment.node_address, environment.metrics_port, "p2p.metricsPort"),
    ]
    for problem in filter(None, (complaint(one, proc) for one in wanted)):
        return _fail(problem)
    return 0


def keep(setup: Setup) -> int:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    said = ""
    while not stopped.is_set():
        problem = setup.reconcile()
        if problem not in ("", said):
            _log.warning("%s", problem)
        said = problem
        stopped.wait(EVERY)
    return 0


def _fail(message: str) -> int:
    print(f"Error: {message}", file=sys.stderr)
    last_words(message)
    return 1
