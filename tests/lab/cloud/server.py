"""The cloud's HTTP side: who calls, with which right, and what is answered."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.lab.cloud import policy
from tests.lab.cloud.accounts import Accounts, User
from tests.lab.cloud.cr import Cr
from tests.lab.cloud.errors import ApiError
from tests.lab.cloud.ram import Ram
from tests.lab.cloud.signature import Sent, Verifier
from tests.lab.registry.server import Request

RAM_VERSION, CR_VERSION = "2015-05-01", "2018-12-01"


@dataclass
class Cloud:
    """Both APIs, behind one door. `calls` is the list of actions received, with the caller's key and the status."""

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
            self.calls.append({"action": sent.headers.get("x-acs-action", ""), "key": caller, "status": status})
        text = json.dumps({"RequestId": str(uuid.uuid4()).upper(), **body}).encode()
        request.answer(status, text, {"Content-Type": "application/json"})

    def _answer(self, sent: Sent) -> tuple[int, dict[str, Any]]:
        try:
            return HTTPStatus.OK, self._call(sent, self._authenticate(sent))
        except ApiError as no:
            return no.status, {"Code": no.code, "Message": no.message, "HostId": sent.headers.get("host", "")}

    def _authenticate(self, sent: Sent) -> User:
        owner = self.accounts.owner(self.verifier.key_id(sent))
        if owner is None:
            raise ApiError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        user, key = owner
        self.verifier.verify(sent, key.secret, datetime.now(UTC))
        if not key.active:
            raise ApiError(403, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
        return user

    def _call(self, sent: Sent, user: User) -> dict[str, Any]:
        action, version = sent.headers["x-acs-action"], sent.headers["x-acs-version"]
        given = dict(parse_qsl(sent.query, keep_blank_values=True))
        allowed = policy.allows(self.accounts.documents(user), f"{'ram' if version == RAM_VERSION else 'cr'}:{action}")
        if version == RAM_VERSION:
            if not allowed:
                raise ApiError(403, "NoPermission", "You are not authorized to do this action.")
            return Ram(self.accounts, lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")).call(action, given)
        if version == CR_VERSION:
            if not allowed:
                raise ApiError(403, "NoPrivilege", "Access denied for this user.")
            return self.cr.call(action, given)
        raise ApiError(400, "InvalidVersion", "Specified parameter Version is not valid.")


@dataclass(frozen=True)
class Calls:
    """The door for tests: GET /calls."""

    cloud: Cloud

    def serve(self, request: Request) -> None:
        with self.cloud.lock:
            request.answer(HTTPStatus.OK, json.dumps(self.cloud.calls).encode())


def _sent(request: Request) -> Sent:
    where = urlsplit(request.path)
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = request.rfile.read(int(headers.get("content-length", 0)))
    return Sent(request.command, where.path or "/", where.query, headers, body)
