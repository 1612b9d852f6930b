"""AdmissionReviews: the decision, and the copies of pull Secrets that are written before the answer is given."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from typing import Any

from p2p.webhook import admission
from p2p.webhook.admission import Decision
from p2p.webhook.copies import Copies, TakenError
from p2p.webhook.credentials import copy_name
from p2p.webhook.kubernetes import Kubernetes, KubernetesError
from p2p.webhook.state import State

_log = logging.getLogger(__name__)


class Reviewer:
    def __init__(self, kubernetes: Kubernetes, copies: Copies, state: State) -> None:
        self._kubernetes, self._copies, self._state = kubernetes, copies, state

    async def review(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The whole answer to an AdmissionReview. Always allowed: what goes wrong leaves the Pod as it is."""
        request = body["request"]
        answer: dict[str, Any] = {"uid": request["uid"], "allowed": True}
        operations = await self._operations(request)
        if operations:
            encoded = base64.b64encode(json.dumps(operations).encode()).decode()
            answer |= {"patchType": "JSONPatch", "patch": encoded}
        return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}

    async def _operations(self, request: Mapping[str, Any]) -> admission.Patch:
        pod, namespace = request["object"], request["namespace"]
        ephemeral = request.get("subResource") == "ephemeralcontainers"
        try:
            decision, sources = await self._decide(pod, namespace)
            if ephemeral:
                return list(admission.replace_images(pod, decision)) if _has_copies(pod, decision) else []
            if not request.get("dryRun"):
                for source in decision.secrets:
                    await self._copies.write(sources[source])
        except TakenError as taken:
            return admission.patch(pod, Decision({}, {}, (), str(taken)))
        except KubernetesError as error:
            _log.warning("a Pod in %s is left as it is: %s", namespace, error)
            return []
        return admission.patch(pod, decision)

    async def _decide(self, pod: admission.Pod, namespace: str) -> tuple[Decision, dict[str, Any]]:
        state = self._state
        names = [secret["name"] for secret in pod["spec"].get("imagePullSecrets") or ()]
        found = [secret for name in names if (secret := await self._kubernetes.get("Secret", name, namespace))]
        decision = admission.decide(pod, state.table(), found, state.nodes.is_ready, state.nodes.any_ready())
        return decision, {secret["metadata"]["name"]: secret for secret in found}


def _has_copies(pod: admission.Pod, decision: Decision) -> bool:
    """A running Pod's pull Secrets can't be changed: only where the copy is named already may the image be."""
    present = {secret["name"] for secret in pod["spec"].get("imagePullSecrets") or ()}
    return all(copy_name(name) in present for name in decision.secrets)
