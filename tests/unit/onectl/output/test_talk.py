from __future__ import annotations

import io

import pytest

from onectl.output.choose import choose
from onectl.output.talk import Plain
from onectl.output.terminal import Terminal


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_off_a_terminal_a_row_is_said_once_for_each_change() -> None:
    stream = io.StringIO()
    talk = choose(stream)
    assert isinstance(talk, Plain)
    with talk.live():
        for rows in (["a 0/2"], ["a 0/2"], ["a 1/2", "b 0/1"], ["b 0/1"], []):
            talk.progress(rows)
    talk.say("done")
    assert stream.getvalue().splitlines() == ["  a 0/2", "  a 1/2", "  b 0/1", "done"]


def test_on_a_terminal_rows_go_when_the_waiting_is_over_and_what_was_said_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Screen()
    talk = choose(stream)
    assert isinstance(talk, Terminal)
    talk.say("Installing [x]")
    with talk.live():
        talk.progress(["a 0/2"])
    drawn = stream.getvalue()
    assert drawn.startswith("Installing [x]\n")
    assert "a 0/2" in drawn
    assert drawn.rindex("\x1b[2K") > drawn.rindex("a 0/2"), "the row is wiped"
