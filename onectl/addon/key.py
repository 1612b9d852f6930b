"""The AccessKey that addons work with, in Secret alibaba-addon-secret of kube-system: made by hand or by a grant."""

from __future__ import annotations

from onectl.cloud.key import AccessKey
from onectl.cluster.api import Api
from onectl.cluster.objects import SYSTEM, create_secret, secret
from onectl.errors import OnectlError

NAME = "alibaba-addon-secret"
_ID, _SECRET = "access-key-id", "access-key-secret"


def read(api: Api) -> AccessKey | None:
    """The key, None when there is no Secret. Raises OnectlError when the Secret holds no key."""
    texts = secret(api, SYSTEM, NAME)
    if texts is None:
        return None
    if not texts.get(_ID) or not texts.get(_SECRET):
        raise OnectlError(
            f"Secret {SYSTEM}/{NAME} needs the keys {_ID} and {_SECRET}",
            "complete it, or delete it and run `onectl ram-user grant` again",
        )
    return AccessKey(texts[_ID].strip(), texts[_SECRET].strip())


def write(api: Api, key: AccessKey) -> None:
    """Make the Secret. Raises ConflictError when there is one."""
    create_secret(api, SYSTEM, NAME, {_ID: key.id, _SECRET: key.secret})
