"""AdmissionReviews: the decision, and the copies of pull Secrets that are written before the answer is given."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Mapping
from typing import Any

from p2p.webhook.admission import Decision, decide
from p2p.webhook.copies import Copies, TakenError
from p2p.webhook.kubernetes import KubernetesError
from p2p.webhook.patches import Patch, ephemeral_patch, pod_patch
from p2p.webhook.pull_secrets import PullSecrets
from p2p.webhook.skips import Pod
from p2p.webhook.state import State

ANSWER_SECONDS = 2.0  # the API server waits for 3
_log = logging.getLogger(__name__)


class Reviewer:
    def __init__(self, secrets: PullSecrets, copies: Copies, state: State) -> None:
        self._secrets, self._copies, self._state = secrets, copies, state

    async def review(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The whole answer to an AdmissionReview. Always allowed: what goes wrong leaves the Pod's images as they are."""
        request = body["request"]
        answer: dict[str, Any] = {"uid": request["uid"], "allowed": True}
        if operations := await self._operations(request):
            encoded = base64.b64encode(json.dumps(operations).encode()).decode()
            answer |= {"patchType": "JSONPatch", "patch": encoded}
        return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}

    async def _operations(self, request: Mapping[str, Any]) -> Patch:
        pod = request["object"]
        if self._state.leaving:
            return []
        decision = await self._decide(pod, request)
        if request.get("subResource") == "ephemeralcontainers":
            return ephemeral_patch(pod, request["oldObject"], decision)
        return pod_patch(pod, decision)

    async def _decide(self, pod: Pod, request: Mapping[str, Any]) -> Decision:
        """The decision, with what it needs in place."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._prepare(pod, request["namespace"], bool(request.get("dryRun")))
        except TakenError as taken:
            return Decision(skipped=str(taken))
        except (KubernetesError, TimeoutError) as error:
            _log.warning("a Pod in %s is left as it is: %s", request["namespace"], str(error) or "it took too long")
            return Decision(skipped="the pull Secrets could not be read or copied in time")

    async def _prepare(self, pod: Pod, namespace: str, dry: bool) -> Decision:
        names = [secret["name"] for secret in pod["spec"].get("imagePullSecrets") or ()]
        found = {name: secret for name in names if (secret := await self._secrets.get(namespace, name))}
        decision = decide(pod, self._state.table(), list(found.values()), self._state.nodes)
        for name in () if dry else decision.secrets:
            await self._copies.write(found[name])
        return decision
