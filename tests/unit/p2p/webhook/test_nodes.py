from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from p2p.webhook.nodes import Watcher, agent_of
from p2p.webhook.state import Agent, State

from tests.unit.p2p.webhook.memory import MemoryKubernetes
from tests.unit.p2p.webhook.samples import SETTINGS

LABELS = {"app.kubernetes.io/instance": "r", "app.kubernetes.io/component": "agent"}


def agent_pod(name: str, ready: str = "True", **meta: Any) -> dict[str, Any]:
    status = {"hostIP": "fd00::1", "conditions": [{"type": "Ready", "status": ready}]}
    return {"kind": "Pod", "metadata": {"name": name, "namespace": "addons", "labels": LABELS, **meta},
            "spec": {"nodeName": f"node-of-{name}"}, "status": status}  # fmt: skip


def test_an_agent_is_ready_as_its_pod_is_unless_it_goes() -> None:
    assert agent_of(agent_pod("a")) == Agent("node-of-a", "fd00::1", True)
    for pod in (agent_pod("a", "False"), agent_pod("a", deletionTimestamp="now"), {**agent_pod("a"), "status": {}}):
        agent = agent_of(pod)
        assert agent is not None
        assert not agent.ready
    assert agent_of({**agent_pod("a"), "spec": {}}) is None


async def test_agents_are_known_as_their_pods_come_change_and_go() -> None:
    stranger = {**agent_pod("stranger"), "metadata": {"name": "stranger", "namespace": "addons", "labels": {}}}
    cluster, state = MemoryKubernetes(agent_pod("a"), stranger), State()
    state.nodes.agents["gone-while-nobody-watched"] = Agent("n", "", True)
    task = asyncio.create_task(Watcher(cluster, SETTINGS, state).watch())

    async def until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0)

    await until(lambda: set(state.nodes.agents) == {"a"})
    state.nodes.agents["a"].in_place = "origins"
    cluster.put(agent_pod("a", "False"))
    await until(lambda: not state.nodes.any_ready())
    assert state.nodes.agents["a"].in_place == "origins", "what it has in place does not change with its readiness"
    await cluster.delete("Pod", "a", "addons")
    await until(lambda: not state.nodes.agents)
    task.cancel()
