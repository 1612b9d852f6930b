from __future__ import annotations

import pytest
from p2p.registry.errors import BadReference
from p2p.registry.paths import parse_path

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("path", "kind", "repository", "reference"),
    [
        ("/v2/app/manifests/1.0", "manifests", "app", "1.0"),
        (f"/v2/team/sub/app__x/manifests/{DIGEST}", "manifests", "team/sub/app__x", DIGEST),
        (f"/v2/blobs/manifests/blobs/{DIGEST}", "blobs", "blobs/manifests", DIGEST),
        (f"/v2/app/blobs/sha512:{'b' * 128}", "blobs", "app", f"sha512:{'b' * 128}"),
    ],
)
def test_a_path_of_the_specification_is_taken_apart(path: str, kind: str, repository: str, reference: str) -> None:
    parsed = parse_path(path)
    assert (parsed.kind, parsed.repository, parsed.reference) == (kind, repository, reference)


@pytest.mark.parametrize(
    "path",
    [
        "/v2/",
        "/v2/app/tags/list",
        "/v2/app/blobs/latest",
        "/v2/app/blobs/uploads/",
        "/v2/App/manifests/1",
        "/v2/app//x/manifests/1",
        "/v2/../app/manifests/1",
        "/v2/app/manifests/.1",
        f"/v2/app/manifests/{'x' * 129}",
        f"/v2/{'x/' * 200}x/manifests/1",
        f"/v2/app/blobs/{DIGEST}\n",
        f"/v2/app/blobs/{DIGEST.upper()}",
    ],
)
def test_anything_else_is_refused(path: str) -> None:
    with pytest.raises(BadReference):
        parse_path(path)
