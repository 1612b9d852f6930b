"""A real Kubernetes API with the chart's objects in it, asked with the rights that the chart gives to the webhook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lightkube import KubeConfig
from lightkube.config.models import Cluster, User

from tests.integration.onectl.control_plane import ControlPlane, control_plane
from tests.unit.chart import chart


@dataclass(frozen=True)
class RealApi:
    plane: ControlPlane
    token: str

    def config(self) -> KubeConfig:
        server = Cluster(server=f"https://127.0.0.1:{self.plane.port}", certificate_auth=str(self.plane.certificate))
        return KubeConfig.from_one(cluster=server, user=User(token=self.token))


@contextmanager
def real_api() -> Iterator[RealApi]:
    with control_plane() as plane:
        plane.kubectl("create", "namespace", "addons")
        objects = plane.directory / "chart.yaml"
        objects.write_text(chart.run(*chart.NEEDED, "--namespace", "addons", "--no-hooks").stdout)
        plane.kubectl("apply", "-f", str(objects))
        yield RealApi(plane, plane.kubectl("-n", "addons", "create", "token", "r-webhook"))
