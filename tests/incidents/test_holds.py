"""What an incident holds out of the null, while it is open, once it is over, and after a person's word."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.calibration.calibration import Scored
from driftwatch.calibration.evidence import blank_evidence
from driftwatch.calibration.layout import Layout, build_layout
from driftwatch.incidents.by_hand import label, resolve_by_hand
from driftwatch.incidents.holds import hold_out, list_holds
from driftwatch.incidents.incident import Hold, Incident, IncidentKind, Label
from driftwatch.profiles.build import build_reference
from driftwatch.profiles.columns import ColumnOptions
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


@pytest.fixture(scope="module")
def layout() -> Layout:
    rows = pa.table({"a": [1.0, 2.0], "b": [1.0, 2.0]})
    return build_layout(build_reference([(None, rows)], ColumnOptions()))


def find_held(layout: Layout, holds: list[Hold], number: int) -> set[tuple[str, str]]:
    nothing = np.zeros(len(layout.parts), dtype=bool)
    blank = blank_evidence(layout)
    past = [Scored(window=day(n), short=blank, long=blank, held=nothing) for n in range(1, 20)]
    (found,) = (one for one in hold_out(layout, past, holds) if one.window == day(number))
    assert not nothing.any(), "what was given is as it was"
    return {
        (layout.parts[place].column, layout.parts[place].aspect.value) for place in np.flatnonzero(found.held)
    }


A_HELD = {("a", "drift"), ("a", "missing"), ("a", "beyond")}


@pytest.mark.parametrize(("number", "held"), [(4, False), (5, True), (8, True), (9, False)])
def test_all_that_is_scored_of_a_column_is_held_out_from_its_first_window_to_its_last(
    number: int, held: bool, layout: Layout
) -> None:
    assert find_held(layout, [hold("a", 5, 9)], number) == (A_HELD if held else set())


def test_what_is_not_over_is_held_out_to_the_end(layout: Layout) -> None:
    assert find_held(layout, [hold("a", 5)], 19) == A_HELD


@pytest.mark.parametrize(("about", "aspect"), [("volume", "volume"), ("repeated_keys", "repeated")])
def test_what_concerns_the_whole_window_holds_out_its_own_part_alone(
    about: str, aspect: str, layout: Layout
) -> None:
    assert find_held(layout, [hold(None, 5, about=about)], 6) == {("", aspect)}


def test_holds_add_up_and_columns_that_are_not_judged_any_more_hold_nothing(layout: Layout) -> None:
    holds = [
        hold("a", 5),
        hold(None, 5, about="volume"),
        hold("gone", 1),
        hold(None, 1, about="repeated_window"),
    ]

    assert find_held(layout, holds, 6) == {*A_HELD, ("", "volume")}
    assert find_held(layout, holds, 2) == set()
    assert find_held(layout, [], 6) == set()
