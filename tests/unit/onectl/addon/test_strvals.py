from __future__ import annotations

from typing import Any

import pytest

from onectl.addon.strvals import parse_into
from onectl.errors import UsageError

# What Helm 3.17 and 4.1 make of the same text; cases also from Helm's own pkg/strvals/parser_test.go.
GOLDEN: list[tuple[str, dict[str, Any]]] = [
    (
        "region=cn-hangzhou,acrInstances=cri-a,pullImageInternet=true",
        {"region": "cn-hangzhou", "acrInstances": "cri-a", "pullImageInternet": True},
    ),
    (r"acrInstances=cri-a\,cri-b", {"acrInstances": "cri-a,cri-b"}),
    ("acrInstances={cri-a,cri-b}", {"acrInstances": ["cri-a", "cri-b"]}),
    ("p2p.port=65001,p2p.ratelimit=512M", {"p2p": {"port": 65001, "ratelimit": "512M"}}),
    ("p2p.plusMode.cacheTTL=72h", {"p2p": {"plusMode": {"cacheTTL": "72h"}}}),
    ("a=null,b=,c={}", {"a": None, "b": "", "c": [""]}),
    ("a=TRUE,b=True,c=false,d=0,e=-5,f=+3", {"a": True, "b": True, "c": False, "d": 0, "e": -5, "f": 3}),
    ("a=1.5,b=007,c=0x10,d=1e3,e=yes,f=00", {"a": "1.5", "b": "007", "c": "0x10", "d": "1e3", "e": "yes", "f": "00"}),
    ("a=9223372036854775807,b=9223372036854775808", {"a": 9223372036854775807, "b": "9223372036854775808"}),
    (r"nodeSelector.k8s\.aliyun\.com/p2p=true", {"nodeSelector": {"k8s.aliyun.com/p2p": True}}),
    ("a.b[0]=x,a.b[2]=y", {"a": {"b": ["x", None, "y"]}}),
    ("a[0].b=1,a[0].c=2,a[1][1]=z", {"a": [{"b": 1, "c": 2}, [None, "z"]]}),
    (r"a={x\,y,z},b={1,true}", {"a": ["x,y", "z"], "b": [1, True]}),
    (r"a=b=c,d=x\=y", {"a": "b=c", "d": "x=y"}),
    ('a="q",b= x ', {"a": '"q"', "b": " x "}),
    ("=x", {}),
    ("a=x,", {"a": "x"}),
    ("", {}),
]

REFUSED = [
    ("a", 'key "a" has no value'),
    ("a,b=1", 'key "a" has no value (cannot end with ,)'),
    ("region=r,acrInstances=cri-a,cri-b,x=1", 'key "cri-b" has no value (cannot end with ,)'),
    ("a=1,,b=2", 'key "" has no value (cannot end with ,)'),
    ("a.b", 'key "b" has no value'),
    ("a.=x", 'key map "a" has no value'),
    ("a..b=1", 'key map "a" has no value'),
    ("a=1,a.b=2", "unable to parse key: interface conversion"),
    ("a={x", "list must terminate with '}'"),
    ("a[-1]=x", "negative -1 index not allowed"),
    ("a[99999999]=x", "index of 99999999 is greater than maximum supported index of 65536"),
    ("a[0]b=1", 'unexpected data at end of array index: "b"'),
    ("a[x]=1", "error parsing index"),
    (".".join("a" * 32) + "=1", "greater than maximum supported nested level of 30"),
]


@pytest.mark.parametrize(("text", "values"), GOLDEN)
def test_reads_as_helm_does(text: str, values: dict[str, Any]) -> None:
    read: dict[str, Any] = {}
    parse_into(read, text)
    assert read == values
    assert [type(value) for value in read.values()] == [type(value) for value in values.values()]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_refuses_what_helm_refuses_and_says_where(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_into({}, text)
    assert reason in caught.value.message
    assert text in caught.value.message


def test_later_flags_win_and_keep_the_rest() -> None:
    values: dict[str, Any] = {}
    parse_into(values, "a=1,b.c=1")
    parse_into(values, "a=2,b.d=2")
    assert values == {"a": 2, "b": {"c": 1, "d": 2}}
