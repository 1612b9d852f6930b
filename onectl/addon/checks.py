"""What is looked at before anything is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from onectl.addon.manifest import Manifest
from onectl.addon.ports import Instances
from onectl.addon.values import lookup
from onectl.cloud.key import AccessKey
from onectl.cluster.api import Api
from onectl.cluster.objects import may
from onectl.errors import ForbiddenError, NotFoundError, OnectlError

Cloud = Callable[[AccessKey, str], Instances]
"""Container Registry of a region, asked with a key."""


def rights(api: Api, manifest: Manifest, namespace: str) -> None:
    """Raise ForbiddenError unless the user may create what the addon is made of."""
    for right in manifest.rights:
        where = namespace if right.namespaced else ""
        if not may(api, "create", right.group, right.resource, where):
            what = f"{right.resource}.{right.group}" if right.group else right.resource
            scope = f"in namespace {where}" if where else "in the cluster"
            raise ForbiddenError(
                f"you may not create {what} {scope}", f"ask an administrator; kubectl auth can-i create {what} tells"
            )


def instances(manifest: Manifest, values: Mapping[str, Any], key: AccessKey | None, cloud: Cloud) -> None:
    """Raise unless the instances that the values name exist and the addon's key may ask for them."""
    check = manifest.instance_check
    if check is None:
        return
    grant = f"onectl ram-user grant --addon {manifest.name}"
    if key is None:
        raise OnectlError("the addon has no AccessKey: there is no Secret kube-system/alibaba-addon-secret", grant)
    region = str(lookup(values, check.region) or "")
    registry = cloud(key, region)
    for instance in names(lookup(values, check.instances)):
        try:
            registry.require(instance)
        except NotFoundError as error:
            hint = f"the console shows the ID; --set {check.region}=…,{check.instances}=…"
            raise OnectlError(f"there is no instance {instance} in region {region}", hint) from error
        except ForbiddenError as error:
            raise ForbiddenError(error.message, grant) from error


def names(value: Any) -> list[str]:
    """A list, or text with commas between the names."""
    parts = value if isinstance(value, list) else str(value or "").split(",")
    return [str(part).strip() for part in parts if str(part).strip()]
