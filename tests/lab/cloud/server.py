"""The cloud's HTTP side: who calls, with which right, and what is answered."""

from __future__ import annotations

import json
import secrets
import string
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.lab.cloud import policy, ram
from tests.lab.cloud.accounts import Accounts, User
from tests.lab.cloud.call import Call
from tests.lab.cloud.cr import Cr
from tests.lab.cloud.errors import ApiError
from tests.lab.cloud.signature import Sent, Verifier
from tests.lab.registry.server import Request

PRODUCTS = {"2015-05-01": "ram", "2018-12-01": "cr"}
REFUSALS = {
    "ram": ApiError(403, "NoPermission", "You are not authorized to do this action."),
    "cr": ApiError(403, "NoPrivilege", "Access denied for this user."),
}
LETTERS = string.ascii_letters + string.digits


@dataclass
class Cloud:
    """Both APIs. `calls` lists what was received: {action, key, status, code}."""

    accounts: Accounts
    cr: Cr
    verifier: Verifier = field(default_factory=Verifier)
    calls: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, request: Request) -> None:
        sent = _sent(request)
        with self.lock:
            status, body = self._answer(sent)
            caller = sent.headers.get("authorization", "").partition("Credential=")[2].partition(",")[0]
            action, code = sent.headers.get("x-acs-action", ""), body.get("Code", "")
            self.calls.append({"action": action, "key": caller, "status": status, "code": code})
        text = json.dumps({"RequestId": str(uuid.uuid4()).upper(), **body}).encode()
        request.answer(status, text, {"Content-Type": "application/json;charset=utf-8"})

    def _answer(self, sent: Sent) -> tuple[int, dict[str, Any]]:
        try:
            return HTTPStatus.OK, self._call(sent, datetime.now(UTC))
        except ApiError as no:
            return no.status, {"Code": no.code, "Message": no.message, "HostId": sent.headers.get("host", "")}

    def _call(self, sent: Sent, now: datetime) -> dict[str, Any]:
        user, action, product = self._authenticate(sent, now), sent.headers["x-acs-action"], _product(sent)
        if not policy.allows(self.accounts.documents(user), f"{product}:{action}"):
            raise REFUSALS[product]
        given = dict(parse_qsl(sent.query, keep_blank_values=True))
        if product == "cr":
            return self.cr.call(action, given)
        return ram.carry_out(action, Call(self.accounts, user, given, written(now), _random))

    def _authenticate(self, sent: Sent, now: datetime) -> User:
        owner = self.accounts.owner(self.verifier.key_id(sent))
        if owner is None:
            raise ApiError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        user, key = owner
        self.verifier.verify(sent, key.secret, now)
        if not key.active:
            raise ApiError(403, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
        key.used = written(now)
        return user


@dataclass(frozen=True)
class Calls:
    """The door for tests: GET /_calls."""

    cloud: Cloud

    def serve(self, request: Request) -> None:
        if (request.command, request.path) != ("GET", "/_calls"):
            request.answer(HTTPStatus.NOT_FOUND)
            return
        with self.cloud.lock:
            body = json.dumps(self.cloud.calls).encode()
        request.answer(HTTPStatus.OK, body, {"Content-Type": "application/json"})


def written(now: datetime) -> str:
    """A date as RAM writes it."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _product(sent: Sent) -> str:
    """Which API is meant. A product's own host serves no other; an address serves both."""
    product, host = PRODUCTS.get(sent.headers["x-acs-version"]), sent.headers["host"].partition(".")[0]
    if product is None or (host in REFUSALS and host != product):
        raise ApiError(404, "InvalidVersion", "Specified parameter Version is not valid.")
    return product


def _sent(request: Request) -> Sent:
    where = urlsplit(request.path)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Sent(request.command, where.path or "/", where.query, headers, b"".join(request.body))


def _random(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))
