from __future__ import annotations

from p2p.setup.plan import BackUp, Delete, Found, Leave, Remove, Restore, TidyUp, Write, plan

OURS = {"hosts.toml": b"new"}
NOTHING = Found({}, frozenset(), frozenset())


def test_what_is_missing_or_different_is_written_and_what_is_right_left_alone() -> None:
    found = Found({"a_1_": {"hosts.toml": b"old", "ca.crt": b"x"}, "b_1_": OURS}, frozenset(), frozenset())
    assert plan(found, {"a_1_": OURS, "b_1_": OURS, "c_1_": OURS}, None) == [
        Write("a_1_", "hosts.toml", b"new"),
        Delete("a_1_", "ca.crt"),
        Write("c_1_", "hosts.toml", b"new"),
    ]


def test_what_somebody_else_made_is_backed_up_once() -> None:
    found = Found({}, frozenset({"a_1_", "z_1_"}), frozenset())
    assert plan(found, {"a_1_": OURS}, None) == [BackUp("a_1_"), Write("a_1_", "hosts.toml", b"new")]
    again = Found({}, frozenset({"a_1_"}), frozenset({"a_1_"}))
    assert plan(again, {"a_1_": OURS}, None) == [Write("a_1_", "hosts.toml", b"new")]


def test_without_an_order_nothing_is_taken_away() -> None:
    found = Found({"a_1_": OURS}, frozenset(), frozenset({"b_1_"}))
    assert plan(found, {}, None) == []


def test_the_last_order_undoes_everything() -> None:
    found = Found({"a_1_": OURS, "b_1_": OURS}, frozenset({"z_1_"}), frozenset({"b_1_"}))
    assert plan(found, {}, Leave("1", frozenset())) == [Remove("a_1_"), Remove("b_1_"), Restore("b_1_"), TidyUp()]
    assert plan(NOTHING, {}, Leave("1", frozenset())) == [TidyUp()]


def test_a_name_in_use_is_kept_with_what_it_took_the_place_of() -> None:
    found = Found({"a_1_": OURS, "b_1_": {"hosts.toml": b"old"}}, frozenset(), frozenset({"b_1_"}))
    assert plan(found, {"b_1_": OURS}, Leave("1", frozenset({"b:1"}))) == [Write("b_1_", "hosts.toml", b"new"), Remove("a_1_")]


def test_a_kept_name_that_the_origins_do_not_know_stays_as_it_is() -> None:
    assert plan(Found({"a_1_": OURS}, frozenset(), frozenset()), {}, Leave("1", frozenset({"a:1"}))) == []


def test_an_undoing_that_was_broken_off_is_completed() -> None:
    """Between the removal of ours and the return of what was there."""
    found = Found({}, frozenset(), frozenset({"b_1_"}))
    assert plan(found, {}, Leave("1", frozenset())) == [Restore("b_1_"), TidyUp()]
