"""The environment of the webhook, as the chart sets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from p2p.config.errors import ConfigError

CONFIGURATION = "zz-ack-acr-acceleration-p2p"


@dataclass(frozen=True)
class Settings:
    """Each field is the variable `P2P_` and its name in capitals."""

    release: str
    namespace: str
    port: int  # the agents'
    metrics_port: int
    instances: tuple[str, ...]
    internet: bool  # images come from the instance's Internet domain, else from its VPC domain
    cr_endpoint: str
    scheduler: bool  # whether there is one
    hosts_dir: PurePosixPath  # on the nodes
    ca_file: Path | None

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Settings:
        """Raises ConfigError naming the variable that is missing."""
        try:
            return cls(
                release=variables["P2P_RELEASE"],
                namespace=variables["P2P_NAMESPACE"],
                port=int(variables["P2P_PORT"]),
                metrics_port=int(variables["P2P_METRICS_PORT"]),
                instances=tuple(filter(None, variables["P2P_INSTANCES"].split(","))),
                internet=variables["P2P_INTERNET"] == "true",
                cr_endpoint=variables["P2P_CR_ENDPOINT"],
                scheduler=variables["P2P_SCHEDULER"] == "true",
                hosts_dir=PurePosixPath(variables["P2P_HOSTS_DIR"]),
                ca_file=Path(ca) if (ca := variables.get("P2P_CA_FILE")) else None,
            )
        except KeyError as missing:
            raise ConfigError(f"environment variable {missing.args[0]} is not set; the chart sets it") from None
        except ValueError as wrong:
            raise ConfigError(f"a port in the environment is malformed: {wrong}; the chart sets it") from None

    @property
    def origins_name(self) -> str:
        """The ConfigMap of origins."""
        return f"{self.release}-origins"

    @property
    def service_host(self) -> str:
        """The name by which the API server calls this webhook, and which its certificate is for."""
        return f"{self.release}-webhook.{self.namespace}.svc"
