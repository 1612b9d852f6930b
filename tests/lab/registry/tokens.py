"""The token server: who may do what with which repository (distribution's token authentication specification)."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hmac
import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.lab.pki import Pair
from tests.lab.registry.server import Request

ISSUER, LIFE_SECONDS = "dockerauth.cn-hangzhou.aliyuncs.com", 300
ANONYMOUS = ""


@dataclass(frozen=True)
class Tokens:
    """users: a JSON file {user: {"password": …, "rights": {repository pattern: [actions]}}}, read at every request; user ""
    is whoever brings no credential. A token is signed with `signer`, whose certificate the registry trusts."""

    users: Path
    service: str
    signer: Pair

    def serve(self, request: Request) -> None:
        query = parse_qs(urlsplit(request.path).query)
        user = self._user(request.headers.get("Authorization", ""))
        if user is None:
            request.answer(HTTPStatus.UNAUTHORIZED, b'{"errors":[{"code":"UNAUTHORIZED","message":"wrong credential"}]}')
            return
        name, rights = user
        access = list(granted(rights, query.get("scope", [])))
        body = {"token": self._sign(name, access), "expires_in": LIFE_SECONDS}
        request.answer(HTTPStatus.OK, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _user(self, authorization: str) -> tuple[str, dict[str, list[str]]] | None:
        users = json.loads(self.users.read_text())
        if not authorization:
            return ANONYMOUS, users.get(ANONYMOUS, {}).get("rights", {})
        name, password = _basic(authorization)
        known = users.get(name)
        if not name or not known or not hmac.compare_digest(known["password"].encode(), password.encode()):
            return None
        return name, known["rights"]

    def _sign(self, subject: str, access: list[dict[str, Any]]) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": subject, "aud": self.service, "nbf": now - 10, "iat": now, "exp": now + LIFE_SECONDS,
                  "jti": secrets.token_hex(8), "access": access}  # fmt: skip
        certificate = x509.load_pem_x509_certificate(self.signer.certificate.read_bytes())
        chain = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()]
        return jwt.encode(claims, self.signer.key.read_text(), algorithm="ES256", headers={"x5c": chain})


def granted(rights: dict[str, list[str]], scopes: Iterable[str]) -> Iterable[dict[str, Any]]:
    """The part of the scopes ("repository:team/app:pull,push") that the rights allow."""
    for scope in (word for text in scopes for word in text.split()):
        kind, name, actions = (scope.rsplit(":", 1)[0].split(":", 1) + [scope.rsplit(":", 1)[-1]])[:3]
        allowed = {action for pattern, may in rights.items() if fnmatch.fnmatch(name, pattern) for action in may}
        if kind == "repository" and (mine := sorted(allowed & set(actions.split(",")))):
            yield {"type": kind, "name": name, "actions": mine}


def _basic(authorization: str) -> tuple[str, str]:
    try:
        name, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
