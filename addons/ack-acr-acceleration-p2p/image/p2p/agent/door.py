"""The door for this node's runtime: an OCI registry to pull from, where nothing is had that the origin would not give.

What it answers is chosen for what runtimes make of it: 404 and 503 send them on to the origin at once; 403, 408, 429 and 500
are never answered, as some of them retry on these or give up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from aiohttp import web

from p2p.agent.downloads import Downloads
from p2p.agent.handout import Handout
from p2p.agent.membership import Listing, Membership
from p2p.agent.permissions import Permissions
from p2p.agent.settings import Settings
from p2p.registry.errors import BadReference, Refused, Unavailable, error_body
from p2p.registry.manifest import list_blobs
from p2p.registry.origin import Manifest, Origin
from p2p.registry.paths import RegistryPath, parse_path
from p2p.store.errors import StoreError
from p2p.swarm.ports import Source

ANSWER_SECONDS = 2.0  # until the headers are there; then the runtime is sent on
P = ParamSpec("P")
T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """A request for something of an origin's repository."""

    method: str
    origin: Origin
    path: RegistryPath
    authorization: str
    accept: str

    @property
    def place(self) -> tuple[str, str]:
        return self.origin.url, self.path.repository


class Door:
    """`handout_url` is where the one-time addresses are served."""

    def __init__(
        self,
        settings: Settings,
        permissions: Permissions,
        membership: Membership,
        downloads: Downloads,
        handout: Handout,
        handout_url: str,
        threads: Executor,
    ) -> None:
        self._settings, self._permissions, self._membership = settings, permissions, membership
        self._downloads, self._handout, self._handout_url = downloads, handout, handout_url
        self._threads = threads

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/healthz", self._healthy)
        app.router.add_get("/readyz", self._ready)
        app.router.add_route("*", "/{path:.*}", self._serve)
        return app

    async def _healthy(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _ready(self, _request: web.Request) -> web.Response:
        ready = self._settings.is_ready()
        return web.Response(status=200 if ready else 503, text="ok" if ready else "the hosts files are not in place")

    async def _serve(self, request: web.Request) -> web.Response:
        if request.method not in ("GET", "HEAD"):
            return _error(405, "UNSUPPORTED", "this registry can only be pulled from")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._answer(request)
        except BadReference as error:
            return _error(404, "NAME_UNKNOWN", str(error))
        except Refused as error:
            return _refusal(error)
        except (Unavailable, StoreError) as error:
            return _error(503, "UNAVAILABLE", str(error))
        except TimeoutError:
            return _error(503, "UNAVAILABLE", f"the origin did not answer within {ANSWER_SECONDS:g} s")
        except Exception:  # noqa: BLE001 - aiohttp would answer 500, which is not among what a runtime may see
            _log.exception("a request failed for a reason that is a defect of this program")
            return _error(503, "UNAVAILABLE", "internal error")

    async def _answer(self, request: web.Request) -> web.Response:
        origin = self._settings.origin(request.query.get("ns", ""))
        if origin is None:
            return _error(404, "NAME_UNKNOWN", "not a name of this cluster's origins")
        authorization = request.headers.get("Authorization", "")
        if request.path == "/v2/":
            await self._ask(origin.ping, authorization)
            return web.json_response({})
        accept = ", ".join(request.headers.getall("Accept", ["*/*"]))
        call = Call(request.method, origin, parse_path(request.path), authorization, accept)
        return await (self._manifest(call) if call.path.kind == "manifests" else self._blob(call))

    async def _manifest(self, call: Call) -> web.Response:
        path = call.path
        found = await self._ask(
            call.origin.manifest, call.method, path.repository, path.reference, call.authorization, call.accept
        )
        self._permissions.grant(call.authorization, *call.place)
        if call.method == "GET":
            self._begin_downloads(call, found)
        return _described(found.digest, found.size, found.media_type, found.body)

    def _begin_downloads(self, call: Call, manifest: Manifest) -> None:
        """The swarm does not wait for the runtime, which asks for three blobs at a time."""
        blobs = list_blobs(manifest.body)
        self._membership.list(call.place, manifest.digest, blobs)
        for blob in blobs:
            listing = self._membership.find(call.place, blob.digest)
            if listing is None or not self._membership.is_certain(call.place, blob.digest):
                continue
            try:
                self._downloads.ensure(blob.digest, blob.size, _source(call, listing))
            except StoreError as error:
                _log.warning("not fetched ahead: %s", error)

    async def _blob(self, call: Call) -> web.Response:
        digest = call.path.reference
        listing = self._membership.find(call.place, digest)
        if listing is None:
            return _error(404, "BLOB_UNKNOWN", "no manifest that was asked for here lists it")
        permitted = self._permissions.has(call.authorization, *call.place)
        if not permitted or not self._membership.is_certain(call.place, digest):
            await self._ask(call.origin.blob_size, call.path.repository, digest, call.authorization)
            self._membership.confirm(call.place, digest)
        if call.method == "HEAD":
            return _described(digest, listing.size, "application/octet-stream", b"")
        blob = self._downloads.ensure(digest, listing.size, _source(call, listing))
        if blob.stalled():
            return _error(503, "UNAVAILABLE", "nothing of it arrives")
        return web.Response(status=307, headers={"Location": self._handout_url + self._handout.promise(blob)})

    async def _ask(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: method(*args, **kwargs))


def _source(call: Call, listing: Listing) -> Source:
    return Source(
        origin=call.origin,
        url=call.origin.url,
        repository=call.path.repository,
        manifest=listing.manifest,
        digests=listing.digests,
        authorization=call.authorization,
    )


def _described(digest: str, size: int, media_type: str, body: bytes) -> web.Response:
    """What a HEAD learns here spares the runtime a GET, so length and digest have to be exact."""
    headers = {"Docker-Content-Digest": digest, "Content-Type": media_type, "Content-Length": str(size)}
    return web.Response(body=body, headers=headers)


def _refusal(error: Refused) -> web.Response:
    if error.status == 401:
        response = _error(401, "UNAUTHORIZED", "the origin asks for a credential")
        response.headers["WWW-Authenticate"] = error.challenge
        return response
    return _error(404, "NAME_UNKNOWN", "the origin does not give it")


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response(error_body(code, message), status=status)
