"""Container Registry (2018-12-01), of which addons may ask for an instance's endpoints only."""

from __future__ import annotations

from alibabacloud_cr20181201 import models
from alibabacloud_cr20181201.client import Client

from onectl.cloud.key import AccessKey
from onectl.cloud.session import config, refusal, translated
from onectl.errors import NotFoundError


class Registry:
    """Implements onectl.addon.ports.Instances for one region."""

    def __init__(self, key: AccessKey, region: str, endpoint: str, ca_file: str) -> None:
        self._endpoint = endpoint or f"cr.{region}.aliyuncs.com"
        self._client = Client(config(key, self._endpoint, ca_file))

    def require(self, instance: str) -> None:
        request = models.ListInstanceEndpointRequest(instance_id=instance, module_name="Registry")
        with translated(self._endpoint):
            body = self._client.list_instance_endpoint(request).body
        if body.is_success:
            return
        # A refusal comes with status 200 here, and the SDK lets it pass.
        if body.code == "INSTANCE_NOT_EXIST":
            raise NotFoundError(f"{self._endpoint} knows no instance {instance}")
        raise refusal(body.code or "", 200, f"instance {instance}", self._endpoint)
