"""Calls to Alibaba Cloud: who is asking, where, and what went wrong in onectl's words."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from alibabacloud_credentials.exceptions import CredentialException
from alibabacloud_credentials.provider import DefaultCredentialsProvider
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.models import Config
from darabonba.exceptions import UnretryableException

from onectl.cloud.key import AccessKey
from onectl.errors import AccessError, ConflictError, ForbiddenError, NotFoundError, OnectlError

# Milliseconds, as the SDK counts. Its own default to connect is as long.
_CONNECT, _READ = 5_000, 15_000
_NOT_ACCEPTED = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSecurityToken", "Inactive", "InvalidCredentials")
_FORBIDDEN = ("NoPermission", "NoPrivilege", "Forbidden")


def operator() -> AccessKey:
    """The operator's own key, found as the SDK finds it. Raises AccessError when there is none."""
    # It prints each step of its search with a traceback, by a handler of its own.
    logging.getLogger("credentials").disabled = True
    try:
        found = DefaultCredentialsProvider().get_credentials()
    except CredentialException as error:
        raise AccessError(
            "there is no AccessKey to speak to Alibaba Cloud with",
            "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run `aliyun configure`",
        ) from error
    return AccessKey(found.get_access_key_id(), found.get_access_key_secret(), found.get_security_token() or "")


def config(key: AccessKey, endpoint: str, ca_file: str) -> Config:
    """The SDK's configuration of a client. `ca_file` empty: the usual CAs."""
    return Config(
        access_key_id=key.id,
        access_key_secret=key.secret,
        security_token=key.token or None,
        endpoint=endpoint,
        ca=ca_file or None,
        connect_timeout=_CONNECT,
        read_timeout=_READ,
    )


@contextmanager
def translated(endpoint: str) -> Iterator[None]:
    """Turn what the SDK raises into onectl's errors. The SDK itself does not try again."""
    try:
        yield
    except AlibabaCloudException as error:
        raise refusal(error.code or "", error.status_code or 0, error.message or "", endpoint) from error
    except UnretryableException as error:
        raise AccessError(f"{endpoint} can't be reached: {error}", "check the network, the region and proxies") from error


def refusal(code: str, status: int, message: str, endpoint: str) -> OnectlError:
    """An error answer of the cloud; the SDK's messages begin with `code: 404, ` and end with the request's ID."""
    said = f"{code}: {message.partition(', ')[2] or message}"
    if code.startswith(_NOT_ACCEPTED):
        return AccessError(f"{endpoint} does not accept the AccessKey: {said}", "check the key, and that it is active")
    if status == 403 or code.startswith(_FORBIDDEN):
        return ForbiddenError(f"not allowed by RAM at {endpoint}: {said}", "ask for AliyunRAMFullAccess")
    if code.startswith("EntityNotExist"):
        return NotFoundError(said)
    if code.startswith("EntityAlreadyExists"):
        return ConflictError(said)
    hint = "delete what is no longer used, in the RAM console" if code.startswith("LimitExceeded") else ""
    return OnectlError(f"{endpoint} refused: {said}", hint)
