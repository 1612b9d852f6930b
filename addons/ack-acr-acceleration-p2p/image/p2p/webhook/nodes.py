"""Following the agents: which are ready, and which origins they have in place."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from p2p.config.names import join_address
from p2p.webhook.kubernetes import Kubernetes
from p2p.webhook.settings import Settings
from p2p.webhook.state import Agent, State

AT_A_TIME = 32
TIMEOUT = aiohttp.ClientTimeout(total=2)


class Watcher:
    def __init__(self, kubernetes: Kubernetes, settings: Settings, state: State) -> None:
        self._kubernetes, self._settings, self._state = kubernetes, settings, state
        self._labels = {"app.kubernetes.io/instance": settings.release, "app.kubernetes.io/component": "agent"}

    async def watch(self) -> None:
        """Keep the state's agents as they are, until the watch ends. Raises KubernetesError."""
        seen = set()
        async for pod in self._kubernetes.list("Pod", self._settings.namespace, self._labels):
            self._note("ADDED", pod)
            seen.add(pod["metadata"]["name"])
        for name in self._state.nodes.agents.keys() - seen:
            del self._state.nodes.agents[name]
        async for event, pod in self._kubernetes.watch("Pod", self._settings.namespace, self._labels):
            self._note(event, pod)

    async def ask(self) -> None:
        """Ask the agents that are behind what they have in place; then issue the names that all have."""
        limit = asyncio.Semaphore(AT_A_TIME)
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            behind = self._state.nodes.behind(self._state.origins.sha256)
            await asyncio.gather(*(self._ask(session, limit, agent) for agent in behind))
        self._state.issue()

    async def _ask(self, session: aiohttp.ClientSession, limit: asyncio.Semaphore, agent: Agent) -> None:
        url = f"http://{join_address(agent.address, self._settings.metrics_port)}/origins"
        try:
            async with limit, session.get(url) as answer:
                agent.in_place = (await answer.text()).strip()
        except (aiohttp.ClientError, TimeoutError):
            agent.in_place = ""

    def _note(self, event: str, pod: dict[str, Any]) -> None:
        name, agents = pod["metadata"]["name"], self._state.nodes.agents
        agent = agent_of(pod)
        if event == "DELETED" or agent is None:
            agents.pop(name, None)
            return
        if name in agents:
            agent.in_place = agents[name].in_place
        agents[name] = agent


def agent_of(pod: dict[str, Any]) -> Agent | None:
    """The agent that a Pod is; None as long as it has no node."""
    node, status = pod["spec"].get("nodeName"), pod.get("status") or {}
    if not node:
        return None
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
    leaving = bool(pod["metadata"].get("deletionTimestamp"))
    return Agent(node, status.get("hostIP", ""), ready and not leaving)
