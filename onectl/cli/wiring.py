"""From options to the objects that an operation works with. Imported by command bodies only: it is heavy."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onectl import config
from onectl.addon.ports import Clock, Stage
from onectl.cluster.client import Client, connect
from onectl.cluster.helm import Helm
from onectl.config import Config
from onectl.output.choose import choose


def configuration() -> Config:
    """The operator's. Raises UsageError."""
    return config.load(Path.home() / ".onectl/config.json")


@contextmanager
def cluster(settings: Config, kubeconfig: str, context: str) -> Iterator[Client]:
    """The cluster that the options and the environment name. Raises UsageError."""
    client = connect(config.kubeconfig(kubeconfig, os.environ, settings), context)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def stage(settings: Config, kubeconfig: str, context: str, timeout: float, notes: tuple[str, ...] = ()) -> Iterator[Stage]:
    """Everything for an operation on a release. Raises UsageError or OnectlError, before anything is sent."""
    with cluster(settings, kubeconfig, context) as client:
        yield Stage(
            api=client,
            releases=Helm(client.kubeconfig, client.context),
            talk=choose(sys.stderr),
            clock=Clock(time.monotonic, time.sleep),
            target=f"Context {client.context}, cluster {client.server}",
            timeout=timeout,
            notes=notes,
        )
