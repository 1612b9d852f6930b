from __future__ import annotations

import pytest

from onectl.addon.lists import join_lists

NOTE = 'acrInstances is read as one list: "cri-a,cri-b"'


@pytest.mark.parametrize(
    ("text", "spelled", "notes"),
    [
        ("region=r,acrInstances=cri-a,cri-b,p=true", r"region=r,acrInstances=cri-a\,cri-b,p=true", [NOTE]),
        ("acrInstances=cri-a,cri-b", r"acrInstances=cri-a\,cri-b", [NOTE]),
        (r"acrInstances=cri-a\,cri-b,p=1", r"acrInstances=cri-a\,cri-b,p=1", []),
        ("acrInstances={cri-a,cri-b},p=1", "acrInstances={cri-a,cri-b},p=1", []),
        ("acrInstances={cri-a,cri-b},stray", "acrInstances={cri-a,cri-b},stray", []),
        ("acrInstances=cri-a,", "acrInstances=cri-a,", []),
        ("acrInstances=cri-a,,p=1", "acrInstances=cri-a,,p=1", []),
        ("region=r,stray", "region=r,stray", []),
    ],
)
def test_only_a_declared_list_goes_on_over_bare_commas(text: str, spelled: str, notes: list[str]) -> None:
    assert join_lists(text, {"acrInstances"}) == (spelled, notes)
