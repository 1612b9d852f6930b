"""What a webhook knows at the moment: the origins, which names have been issued, which nodes are ready."""

from __future__ import annotations

from dataclasses import dataclass, field

from p2p.config.origins import Origins
from p2p.webhook.images import names_by_domain


@dataclass
class Agent:
    """The agent's Pod of a node. in_place: the SHA-256 of the origins that it has in place, as it last said."""

    node: str
    address: str
    ready: bool
    in_place: str = ""


@dataclass
class Nodes:
    """The agents, by the names of their Pods."""

    agents: dict[str, Agent] = field(default_factory=dict)

    def is_ready(self, node: str) -> bool:
        return any(agent.ready for agent in self.agents.values() if agent.node == node)

    def any_ready(self) -> bool:
        return any(agent.ready for agent in self.agents.values())

    def behind(self, sha256: str) -> list[Agent]:
        """The ready agents that have other origins in place."""
        return [agent for agent in self.agents.values() if agent.ready and agent.in_place != sha256]


@dataclass
class State:
    """wanted: the domains of the instances that are configured; None, every known one, until the cloud has said them.
    leaving: the addon is being uninstalled."""

    origins: Origins = field(default_factory=lambda: Origins(port=0))
    issued: frozenset[str] = frozenset()
    nodes: Nodes = field(default_factory=Nodes)
    wanted: frozenset[str] | None = None
    leaving: bool = False

    def table(self) -> dict[str, str]:
        """Domain → the P2P name that its images get."""
        return names_by_domain(self.origins.names, self.issued, self.wanted)

    def issue(self) -> None:
        """A name is issued when every ready node has it; from then on it stays issued."""
        if self.nodes.any_ready() and not self.nodes.behind(self.origins.sha256):
            self.issued |= {name.name for name in self.origins.names}
