"""The token server: who may do what with which repository (distribution's token authentication specification)."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hmac
import json
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
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
SCOPE = re.compile(r"repository:(?P<name>[^ ]+):(?P<actions>[a-z,*]+)")
Rights = Mapping[str, list[str]]


@dataclass(frozen=True)
class Tokens:
    """users: a JSON file {user: {"password": …, "rights": {repository pattern: [actions]}}}, read at every request; user ""
    is whoever brings no credential. A token is signed with `signer`, whose certificate the registry trusts.

    Only GET is served: a POST (OAuth 2) gets 405, and clients such as containerd then do the same by GET.
    """

    users: Path
    service: str
    signer: Pair

    def serve(self, request: Request) -> None:
        where = urlsplit(request.path)
        if where.path != "/auth":
            request.answer(HTTPStatus.NOT_FOUND)
        elif request.command != "GET":
            request.answer(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET"})
        elif user := self._user(request.headers.get("Authorization", "")):
            self._grant(request, *user, parse_qs(where.query))
        else:
            request.answer(HTTPStatus.UNAUTHORIZED, b'{"errors":[{"code":"UNAUTHORIZED","message":"wrong credential"}]}')

    def _grant(self, request: Request, name: str, rights: Rights, query: Mapping[str, list[str]]) -> None:
        """A token is for one registry, which the caller has to name as its challenge did."""
        if query.get("service") != [self.service]:
            request.answer(HTTPStatus.BAD_REQUEST, b'{"errors":[{"code":"UNSUPPORTED","message":"unknown service"}]}')
            return
        access = list(granted(rights, query.get("scope", [])))
        body = {"token": self._sign(name, access), "expires_in": LIFE_SECONDS}
        request.answer(HTTPStatus.OK, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _user(self, authorization: str) -> tuple[str, Rights] | None:
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


def granted(rights: Rights, scopes: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The part of the scopes ("repository:team/app:pull,push") that the rights allow; of "" and what is no scope, nothing."""
    for scope in (word for text in scopes for word in text.split()):
        if found := SCOPE.fullmatch(scope):
            allowed = {may for pattern in rights if fnmatch.fnmatchcase(found["name"], pattern) for may in rights[pattern]}
            if actions := sorted(allowed & set(found["actions"].split(","))):
                yield {"type": "repository", "name": found["name"], "actions": actions}


def _basic(authorization: str) -> tuple[str, str]:
    try:
        name, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
