"""Container Registry (CR, 2018-12-01): the two calls that the addon's policy allows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from alibabacloud_cr20181201 import models
from alibabacloud_cr20181201.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.models import Config
from darabonba.exceptions import UnretryableException

from p2p.webhook.naming import Endpoints

CONNECT, READ = 5_000, 10_000  # milliseconds


class CloudError(Exception):
    """What the cloud said, and the reason under which an Event tells it."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Key:
    id: str
    secret: str


class Cloud(Protocol):
    def endpoints(self, instance: str) -> Endpoints:
        """Blocking. Raises CloudError with reason InstanceNotFound, CloudRefused or CloudUnreachable."""


class ContainerRegistry:
    """Blocking: to be used on a thread. ca_file: more certificate authorities, for a private endpoint."""

    def __init__(self, endpoint: str, key: Key, ca_file: Path | None) -> None:
        self._endpoint = endpoint
        self._client = Client(Config(access_key_id=key.id, access_key_secret=key.secret, endpoint=endpoint,
                                     ca=_ca(ca_file), connect_timeout=CONNECT, read_timeout=READ))  # fmt: skip

    def endpoints(self, instance: str) -> Endpoints:
        asked = models.ListInstanceEndpointRequest(instance_id=instance, module_name="Registry")
        listed = self._call(instance, self._client.list_instance_endpoint, asked).endpoints or []
        open_ones = {e.endpoint_type: _domains(e) for e in listed if e.enable}
        request = models.GetInstanceVpcEndpointRequest(instance_id=instance, module_name="Registry")
        body = self._call(instance, self._client.get_instance_vpc_endpoint, request)
        vpc = (body.domains or ()) if body.enable else ()
        return Endpoints(instance, open_ones.get("internet", ()), tuple(dict.fromkeys((*vpc, *open_ones.get("vpc", ())))))

    def _call(self, instance: str, method: Any, request: Any) -> Any:
        try:
            body = method(request).body
        except AlibabaCloudException as error:
            raise CloudError("CloudRefused", f"{self._endpoint} refused: {error.code}") from error
        except UnretryableException as error:
            raise CloudError("CloudUnreachable", f"{self._endpoint} can't be reached: {error}") from error
        # A refusal comes with status 200 too, and the SDK lets it pass.
        if not body.is_success:
            reason = "InstanceNotFound" if body.code == "INSTANCE_NOT_EXIST" else "CloudRefused"
            raise CloudError(reason, f"{self._endpoint} says {body.code} of instance {instance}")
        return body


def _domains(endpoint: Any) -> tuple[str, ...]:
    """Those of the system first, custom ones after."""
    ordered = sorted(endpoint.domains or (), key=lambda domain: domain.type != "SYSTEM")
    return tuple(domain.domain for domain in ordered)


def _ca(ca_file: Path | None) -> str:
    """The SDK trusts certifi's authorities; the image's own bundle, which a company's base may extend, is named here."""
    return str(ca_file or "/etc/ssl/certs/ca-certificates.crt")
