from __future__ import annotations

import pytest

from onectl.cluster.reports import parse
from onectl.errors import OnectlError


def test_a_report_names_what_is_kept_and_who_was_not_reached() -> None:
    report = parse(
        '{"version": 1, "later": true, "unreachable": ["node-3"], "kept": ['
        '{"kind": "HostsFile", "node": "node-1", "path": "/etc/x", "name": "x:65001"},'
        '{"kind": "Secret", "namespace": "team", "name": "copy"}]}'
    )
    assert report.kept == ("HostsFile /etc/x on node node-1, for x:65001", "Secret team/copy")
    assert report.kept_objects == {("Secret", "team", "copy")}
    assert report.unreachable == ("node-3",)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1, "kept": [{}]}', '{"version": "1"}'])
def test_a_report_that_makes_no_sense_is_told(text: str) -> None:
    with pytest.raises(OnectlError, match="makes no sense"):
        parse(text)


def test_a_report_of_a_later_version_asks_for_a_newer_onectl() -> None:
    with pytest.raises(OnectlError) as caught:
        parse('{"version": 2}')
    assert caught.value.hint == "install a newer onectl"
