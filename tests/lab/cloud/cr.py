"""CR, API version 2018-12-01: the two operations that the addon may call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.lab.cloud.errors import ApiError


@dataclass(frozen=True)
class Instance:
    """An instance of one region, with the domains of its endpoints; an endpoint without domains is closed."""

    id: str
    region: str
    internet: tuple[str, ...]
    vpc: tuple[str, ...]
    custom: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cr:
    instances: Mapping[str, Instance]

    def call(self, action: str, given: Mapping[str, str]) -> dict[str, Any]:
        """A body with IsSuccess; an unknown instance is an answer of 200 with IsSuccess false."""
        if action not in ("ListInstanceEndpoint", "GetInstanceVpcEndpoint"):
            raise ApiError(404, "InvalidAction.NotFound", f"Specified api is not found: {action}.")
        if not given.get("InstanceId"):
            raise ApiError(400, "MissingInstanceId", "InstanceId is mandatory for this action.")
        instance = self.instances.get(given["InstanceId"])
        if instance is None:
            return {"Code": "INSTANCE_NOT_EXIST", "IsSuccess": False}
        body = _endpoints(instance) if action == "ListInstanceEndpoint" else _vpc(instance)
        return {"Code": "success", "IsSuccess": True, **body}


def _endpoints(instance: Instance) -> dict[str, Any]:
    custom = [{"Domain": domain, "Type": "USER"} for domain in instance.custom]
    internet, vpc = (
        [{"Domain": domain, "Type": "SYSTEM"} for domain in domains] for domains in (instance.internet, instance.vpc)
    )
    return {"Endpoints": [_endpoint("internet", internet + custom), _endpoint("vpc", vpc)]}


def _endpoint(kind: str, domains: list[dict[str, str]]) -> dict[str, Any]:
    return {"EndpointType": kind, "Enable": bool(domains), "Status": "RUNNING", "AclEnable": False, "AclEntries": [],
            "Domains": domains, "LinkedVpcs": []}  # fmt: skip


def _vpc(instance: Instance) -> dict[str, Any]:
    linked = [{"VpcId": "vpc-lab", "VswitchId": "vsw-lab", "Ip": "10.90.0.2", "Status": "RUNNING", "DefaultAccess": True}]
    return {"Enable": bool(instance.vpc), "ModuleName": "Registry", "Domains": list(instance.vpc), "LinkedVpcs": linked}
