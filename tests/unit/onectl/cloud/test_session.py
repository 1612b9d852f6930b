from __future__ import annotations

import pytest

from onectl.cloud.session import refusal
from onectl.errors import AccessError, ConflictError, ForbiddenError, NotFoundError, OnectlError


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("NoPermission", 403, ForbiddenError),
        ("NoPrivilege", 403, ForbiddenError),
        ("InvalidAccessKeyId.NotFound", 404, AccessError),
        ("InvalidAccessKeyId.Inactive", 403, AccessError),
        ("SignatureDoesNotMatch", 400, AccessError),
        ("EntityNotExist.User", 404, NotFoundError),
        ("EntityAlreadyExists.User", 409, ConflictError),
        ("LimitExceeded.User.AccessKey", 409, OnectlError),
    ],
)
def test_the_clouds_codes_become_onectls_errors(code: str, status: int, kind: type[OnectlError]) -> None:
    error = refusal(code, status, f"code: {status}, It is so. request id: 1", "ram.aliyuncs.com")
    assert type(error) is kind
    assert f"{code}: It is so. request id: 1" in error.message
