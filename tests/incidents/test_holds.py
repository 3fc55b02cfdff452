"""What an incident holds out of the null, while it is open, once it is over, and after a person's word."""

from __future__ import annotations

from datetime import datetime

import pytest

from driftwatch.incidents.by_hand import label, resolve_by_hand
from driftwatch.incidents.holds import list_holds
from driftwatch.incidents.incident import Hold, Incident, IncidentKind, Label
from tests.support.incidents import day, make_incident, make_policy, play

NOW = day(28).start
DRIFT, DATA = IncidentKind.DRIFT, IncidentKind.DATA


def after(story: str, *, kind: IncidentKind = DRIFT, k: int = 1) -> Incident:
    incident = play(story, make_policy(k=k), kind=kind)[-1].incident
    assert incident is not None
    return incident


def say(incident: Incident, said: Label) -> Incident:
    labelled = label(incident, said, "ann", NOW).incident
    assert labelled is not None
    return labelled


def hold(column: str | None, since: int, until: int | None = None, *, about: str = "drift") -> Hold:
    end: datetime | None = None if until is None else day(until).start
    return Hold(column=column, about=about, since=day(since).start, until=end)


def test_a_column_is_held_from_the_window_in_which_it_joined() -> None:
    assert list_holds(after("a a ab")) == (hold("a", 1), hold("b", 3))


def test_what_concerns_the_whole_window_is_held_too() -> None:
    assert list_holds(after("#", kind=DATA)) == (hold(None, 1, about="volume"),)


def test_clean_windows_are_held_until_it_is_certain_that_it_is_over() -> None:
    assert list_holds(after("a . .")) == (hold("a", 1),)


def test_what_is_pending_holds_nothing() -> None:
    assert list_holds(after("a", k=2)) == ()
    assert list_holds(after("a .", k=2)) == ()


def test_once_open_the_windows_of_patience_are_held_as_well() -> None:
    assert list_holds(after("a a", k=2)) == (hold("a", 1),)


def test_a_column_that_left_singly_is_held_up_to_the_end_of_its_clean_windows() -> None:
    assert list_holds(after("ab a a a")) == (hold("b", 1, 5), hold("a", 1))


def test_a_column_that_left_and_came_back_is_held_twice() -> None:
    assert list_holds(after("ab a a a ab")) == (hold("b", 1, 5), hold("a", 1), hold("b", 5))


def test_all_is_given_back_when_it_resolves_by_itself() -> None:
    assert list_holds(after("ab a a a . . .")) == ()


def test_all_is_given_back_when_a_person_resolves_it() -> None:
    over = resolve_by_hand(after("a ."), "ann", "a price list", NOW).incident

    assert over is not None
    assert list_holds(over) == ()


@pytest.mark.parametrize("said", [Label.DRIFT, Label.BAD_DATA])
def test_what_was_real_is_held_for_ever_also_what_had_left(said: Label) -> None:
    over = say(after("ab a a a . . ."), said)

    assert list_holds(over) == (hold("b", 1, 5), hold("a", 1, 5))


@pytest.mark.parametrize("said", [Label.DRIFT, Label.BAD_DATA])
def test_what_was_real_and_is_not_over_is_held_on(said: Label) -> None:
    assert list_holds(say(after("a a"), said)) == (hold("a", 1),)


@pytest.mark.parametrize("story", ["a a", "a .", "ab a a a", "a . . ."])
def test_what_was_expected_is_given_back_at_once(story: str) -> None:
    assert list_holds(say(after(story), Label.EXPECTED)) == ()


def test_the_last_word_counts() -> None:
    over = after("a . . .")

    assert list_holds(say(say(over, Label.DRIFT), Label.EXPECTED)) == ()
    assert list_holds(say(say(over, Label.EXPECTED), Label.BAD_DATA)) == (hold("a", 1, 2),)


def test_what_never_opened_holds_nothing() -> None:
    assert list_holds(make_incident(opened_at=None)) == ()
