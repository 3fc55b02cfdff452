"""The words of a week, and that they hold whatever happened."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.conditions import Age
from driftwatch.incidents.incident import IncidentState, Label, Severity
from driftwatch.incidents.week import Ageing, Found, Quiet, Watched, Week, describe_week, title_week
from driftwatch.incidents.weekly import build_weekly
from tests.support.hostile import HOSTILE, find_controls
from tests.support.incidents import day, make_incident

WATCHED = Watched(name="Flight delays", windows={"ok": 6, "drift": 1}, rows=6_700, promised=7 / 30)
OPEN = Found(incident=make_incident(id=7), title="Flight delays: dep_delay looks different")
WEEK = Week(owner="sales", since=day(4).start, until=day(11).start, watched=(WATCHED,), found=(OPEN,))

JARGON = re.compile(r"\b(psi|ks|p-value|statistic|moved_share|quantile|score|calibrat\w+)\b", re.IGNORECASE)
HOLES = re.compile(r"\b(nan|None|inf)\b|\b1 (windows|days|monitors|incidents|pages)\b|\{|\}|  ")


def read(week: Week) -> dict[str, tuple[str, ...]]:
    return {one.heading: one.lines for one in describe_week(week)}


def test_the_first_sentence_is_the_answer() -> None:
    assert title_week(WEEK) == "sales: 1 incident open"
    assert read(WEEK)["In short"] == (
        (
            "From 2013-02-04 00:00 UTC to 2013-02-11 00:00 UTC: 1 incident is open now, and every window of "
            "1 monitor "
            "was judged."
        ),
    )
    assert title_week(replace(WEEK, found=())) == "sales: nothing needs attention"
    assert title_week(replace(WEEK, owner=None, found=(), watched=())) == "All monitors: nothing is watched"


def test_every_kind_of_gap_is_counted_in_words() -> None:
    windows = {"ok": 3, "no_data": 1, "error": 2, "not_evaluated": 2, "partial": 1, "thin": 1}
    gap = replace(WATCHED, windows=windows, late_by=timedelta(hours=7), paused="a migration")

    assert read(replace(WEEK, watched=(gap,)))["What was not watched"] == (
        (
            "Flight delays: 1 window had no rows, 2 windows could not be read, 2 windows were given up, 1 "
            "window was "
            "incomplete, 1 window had too few rows and 2 more."
        ),
    )
    late = replace(WATCHED, late_by=timedelta(hours=7), paused="a migration")
    assert read(replace(WEEK, watched=(late,)))["What was not watched"] == (
        "Flight delays: windows are 7 hours late and it is paused (a migration).",
    )


def test_windows_that_are_empty_by_habit_are_no_gap() -> None:
    assert replace(WATCHED, windows={"ok": 5, "idle": 2}).is_watched
    assert not replace(WATCHED, windows={"ok": 5, "no_data": 2}).is_watched
    assert not replace(WATCHED, windows={}).is_watched


def test_the_ledger_says_what_was_sent_what_of_it_was_for_nothing_and_what_was_promised() -> None:
    told = make_incident(told_at=day(8).end, id=1)
    found = [
        replace(OPEN, incident=one)
        for one in (
            told,
            replace(told, id=2, label=Label.EXPECTED),
            replace(told, id=3, label=Label.DRIFT),
            replace(told, id=4, told_at=None),
            replace(told, id=5, opened_at=day(1).start),
        )
    ]

    assert read(replace(WEEK, found=tuple(found)))["Were people woken for nothing?"] == (
        "3 pages sent: 1 for nothing, 1 right, 1 that nobody has labelled.",
        "Promised: at most 1 page for nothing in about 30 days, on average.",
        "A label (expected, drift, bad-data) says which were for nothing, and sharpens the limits.",
    )


def test_how_each_ended_is_said() -> None:
    over = make_incident(
        id=8,
        state=IncidentState.RESOLVED,
        resolved_at=day(10).end,
        resolved_by="Ana",
        label=Label.BAD_DATA,
        labelled_by="Ben",
    )
    minor = make_incident(id=9, severity=Severity.MINOR)
    found = (OPEN, replace(OPEN, incident=over), replace(OPEN, incident=minor))

    assert read(replace(WEEK, found=found, left_out=3))["What was found, and how it ended"] == (
        "#7 (major) Flight delays: dep_delay looks different; open since 2013-02-08, nobody has it.",
        (
            "#8 (major) Flight delays: dep_delay looks different; over after 47 hours by Ana, Ben says it "
            "was bad data."
        ),
        "Beside these 4 incidents of less weight, recorded and told nobody.",
    )


def test_what_grows_old_is_listed() -> None:
    shadow = replace(WATCHED, name="Rides", shadow=True, calibration="provisional")
    week = replace(
        WEEK,
        watched=(WATCHED, shadow),
        found=(replace(OPEN, incident=make_incident(id=7, opened_at=day(2).start)),),
        ageing=(
            Ageing(monitor="Rides", age=Age(of="model", age=timedelta(days=88), limit=timedelta(days=90))),
            Ageing(
                monitor="Rides", age=Age(of="reference", age=timedelta(days=95), limit=timedelta(days=90))
            ),
        ),
        silences=(Quiet(number=3, ends_at=day(12).start, author="Ana", reason="a migration"),),
    )

    assert read(week)["What is growing old"] == (
        "Rides: the model is 88 days old, 97 % of what is allowed (90 days).",
        "Rides: the reference data is 95 days old, more than allowed (90 days).",
        "#7 has been open for 9 days; nobody has it.",
        "Silence 3 by Ana keeps notices back until 2013-02-12 00:00 UTC: a migration.",
        "In shadow mode, so that nobody is told: Rides.",
        "History too short to keep the promise: Rides.",
    )


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["ok", "drift", "no_data", "error", "idle"]), st.integers(0, 9))
    ),
    st.integers(0, 30),
    st.none() | st.floats(0.001, 50),
)
def test_no_jargon_no_hole_and_no_more_than_a_message_holds(
    windows: list[dict[str, int]], incidents: int, promised: float | None
) -> None:
    week = replace(
        WEEK,
        watched=tuple(replace(WATCHED, windows=one, promised=promised) for one in windows),
        found=tuple(replace(OPEN, incident=make_incident(id=number)) for number in range(incidents)),
    )

    digest = build_weekly(week)

    assert not JARGON.search(digest.text), digest.text
    assert not HOLES.search(digest.text), digest.text
    assert len(digest.text) < 12_000
    assert len(digest.title) <= 150
    well = "nothing needs attention" in digest.title
    assert well == (not incidents and bool(windows) and all(one.is_watched for one in week.watched))


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_out_of_its_line(name: str) -> None:
    week = replace(
        WEEK,
        owner=name,
        watched=(replace(WATCHED, name=name, windows={}, paused=name, shadow=True),),
        found=(replace(OPEN, title=name, incident=make_incident(id=7, acknowledged_by=name)),),
        silences=(Quiet(number=3, ends_at=day(12).start, author=name, reason=name),),
    )

    digest = build_weekly(week)

    assert find_controls(digest.text) == []
    assert find_controls(digest.title, allowed="") == []


def test_a_payload_of_many_incidents_is_small_enough_and_keeps_the_newest() -> None:
    many = tuple(
        replace(OPEN, title="x" * 400, incident=make_incident(id=number)) for number in range(200, 0, -1)
    )

    data = build_weekly(replace(WEEK, found=many)).payload()["data"]

    assert data["incidents_left_out"] > 0
    assert data["incidents"][-1]["id"] == 200
