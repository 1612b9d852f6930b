"""The two doors: admission over TLS for the API server, health and metrics in clear."""

from __future__ import annotations

import json
import ssl
import tempfile
from collections.abc import Callable, Mapping

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, generate_latest

from p2p.webhook.review import Reviewer

MOST_BODY = 8 << 20  # bytes; etcd takes less


def load_certificate(context: ssl.SSLContext, files: Mapping[str, bytes]) -> None:
    """From now on connections are served with this certificate. OpenSSL reads it from files only, so for a moment it is one."""
    with tempfile.NamedTemporaryFile() as both:
        both.write(files["webhook.crt"] + files["webhook.key"])
        both.flush()
        context.load_cert_chain(both.name)


def admission_app(reviewer: Reviewer, registry: CollectorRegistry) -> web.Application:
    reviews = Counter("p2p_reviews", "Admission reviews by what became of the Pod", ["result"], registry=registry)

    async def mutate(request: web.Request) -> web.Response:
        try:
            body = json.loads(await request.read())
            answer = await reviewer.review(body)
        except (json.JSONDecodeError, KeyError, TypeError):
            return web.Response(status=400, text="this is no AdmissionReview of a Pod\n")
        reviews.labels("patched" if "patch" in answer["response"] else "left").inc()
        return web.json_response(answer)

    app = web.Application(client_max_size=MOST_BODY)
    app.router.add_post("/mutate", mutate)
    return app


def health_app(is_ready: Callable[[], bool], registry: CollectorRegistry) -> web.Application:
    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        return web.Response(text="ok\n") if is_ready() else web.Response(status=503, text="no origins are known yet\n")

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), content_type="text/plain")

    app = web.Application()
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", metrics)
    return app
