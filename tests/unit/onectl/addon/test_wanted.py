"""From what was typed to values, with the tiny chart's closed schema."""

from __future__ import annotations

import pytest

from onectl.addon import wanted
from onectl.errors import UsageError
from tests.unit.onectl.memory import tiny


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("region=r,regoin=x", "unknown key regoin", "did you mean region?"),
        ("region=r,port=1", "unknown key port", "did you mean server.port?"),
        ("region=r,server.prot=1", "unknown key server.prot", "did you mean server.port?"),
        ("region=r,zzzzzz=1", "unknown key zzzzzz", "keys here: caBundle, hold, image, instances, region, server"),
        ("region=r,server.port=ten", 'server.port must be integer, not "ten"', ""),
        ("region=r,instances=1", "instances must be string or array, not 1", ""),
        ("region=r,server.mode=quick", 'server.mode must be one of null, "fast", "slow", not "quick"', ""),
        ("region=r,server.rate=fast", 'server.rate can\'t be "fast"', "bytes a second, e.g. 512M"),
        ("server.port=1", 'region can\'t be ""', "the region's ID, e.g. cn-hangzhou"),
        ("region=r", "instances is required", "--set instances=…"),
        ("region=null", "region is required", "the region's ID, e.g. cn-hangzhou"),
    ],
)
def test_what_the_schema_refuses_is_told_with_the_key_and_the_remedy(text: str, message: str, hint: str) -> None:
    manifest = tiny()
    given, _ = wanted.typed(manifest, [text])
    with pytest.raises(UsageError) as caught:
        wanted.for_install(manifest, {}, given)
    assert (caught.value.message, caught.value.hint) == (f"values: {message}", hint)


def test_configuration_becomes_values_beneath_what_was_typed() -> None:
    manifest = tiny()
    settings = {"imageRegistry": "registry.example.com/tiny", "caFile": "PEM", "endpoints.cr": "not mapped here"}
    given, _ = wanted.typed(manifest, ["region=r,instances=a,image.tag=v1"])
    assert wanted.for_install(manifest, settings, given) == {
        "image": {"repository": "registry.example.com/tiny", "tag": "v1"},
        "caBundle": "PEM",
        "region": "r",
        "instances": "a",
    }


def test_an_upgrade_keeps_what_was_set_and_null_takes_it_back() -> None:
    manifest = tiny()
    stored = {"region": "r", "instances": "a", "server": {"port": 1, "rate": "1M"}}
    given, _ = wanted.typed(manifest, ["server.rate=2M", "server.port=null"])
    assert wanted.for_upgrade(manifest, stored, given) == {"region": "r", "instances": "a", "server": {"rate": "2M"}}
