from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from driftwatch.calibration.budget import FalsePages
from driftwatch.calibration.layout import Aspect
from driftwatch.calibration.weighing import Scale
from driftwatch.incidents.explaining import Allowed, Told, say_scores
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.incident import IncidentKind, IncidentState
from driftwatch.incidents.policy import Patience
from driftwatch.incidents.why_not import Looked, Waits, say_detached, say_unstarted, say_why_not
from tests.support.incidents import day, drift, make_incident, make_verdict
from tests.support.readings import make_part, make_reading

NOON = datetime(2013, 2, 9, 12, tzinfo=UTC)
ALLOWED = Allowed(promise=FalsePages(), minimum_effect=0.02)
SMALLEST = (
    "1,000 rows can be relied on to show a change of 9 % of the rows of one column; "
    "a smaller one may go unseen."
)
OPEN = make_incident(id=7, first_window=day(5), opened_at=day(5).end, told_at=day(5).end)


def ask(verdict: Verdict | None = None, **changes: Any) -> str:
    fields: dict[str, Any] = {
        "monitor": "flights",
        "window": day(8),
        "now": NOON,
        "due_at": day(8).end,
        "allowed": ALLOWED,
        "patience": Patience(),
        "channels": ("oncall",),
        "verdict": verdict,
    }
    return "\n".join(say_why_not(Looked(**{**fields, **changes})))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"now": day(8).start},
            "Nothing is due: the window of 2013-02-08 may be read from 2013-02-09 00:00 UTC on.",
        ),
        ({}, "Nothing was judged: the window of 2013-02-08 was never planned; a daemon plans windows after"),
        (
            {"waits": Waits(next_at=NOON, reason="the server did not answer")},
            "waits to be read, from 2013-02-09 12:00 UTC on (the server did not answer).",
        ),
        ({"waits": Waits(next_at=NOON)}, "waits to be read, from 2013-02-09 12:00 UTC on."),
        ({"waits": Waits(next_at=NOON, is_claimed=True)}, "the window of 2013-02-08 is being read just now."),
    ],
)
def test_a_window_that_was_not_judged_says_what_it_waits_for(changes: dict[str, Any], said: str) -> None:
    lines = ask(**changes)

    assert said in lines
    assert lines.count("\n") == 0


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("P", "is not complete: the server did not answer."),
        ("T", "has too few rows to be judged by itself: the server did not answer."),
        ("N", "has no rows: the server did not answer."),
    ],
)
def test_a_window_that_tells_nothing_says_why(word: str, said: str) -> None:
    lines = ask(replace(make_verdict(8, word), window=day(8)))

    assert f"The window of 2013-02-08 {said}" in lines
    assert "Such a window opens no incident and calms none." in lines


def test_a_window_that_is_read_again_says_when() -> None:
    lines = ask(make_verdict(8, "P"), waits=Waits(next_at=NOON, reason="the server did not answer"))

    assert "\nIt waits to be read, from 2013-02-09 12:00 UTC on.\n" in lines


def test_a_window_that_was_given_up_says_so() -> None:
    given_up = Verdict(window=day(8), word=VerdictWord.NOT_EVALUATED, rows=None)

    assert "was given up without being read.\nSuch a window" in ask(given_up)


def test_too_few_rows_say_what_they_could_have_shown() -> None:
    thin = Verdict(window=day(8), word=VerdictWord.THIN, rows=48)

    assert "48 rows can be relied on to show a change of 32 %" in ask(thin, smallest=0.326)
    assert "So few rows could have shown no change at all." in ask(thin, smallest=1.0)


def test_an_error_belongs_to_an_incident_of_its_own() -> None:
    failed = replace(OPEN, kind=IncidentKind.EVALUATION)

    lines = ask(make_verdict(8, "E"), incidents=(failed,))

    assert "The window of 2013-02-08 could not be judged: the server did not answer." in lines
    assert "Incident 7 (evaluation) was open already, since the window of 2013-02-05" in lines


def test_a_clean_window_says_how_near_it_came() -> None:
    reading = make_reading(score=1.9, parts=(make_part(score=1.9),))

    lines = ask(make_verdict(8, "."), reading=reading, smallest=0.09).split("\n")

    assert lines == [
        "The window of 2013-02-08 was judged, with 1,000 rows: ok.",
        *say_scores(reading, ALLOWED),
        "Nearest to the limit came amount, by how its values are distributed: score 1.9.",
        SMALLEST,
        "Nothing was above its limit.",
    ]


def test_what_came_nearest_may_be_the_window_as_a_whole() -> None:
    part = make_part(column=None, aspect=Aspect.VOLUME, scale=Scale.LONG)

    lines = ask(make_verdict(8, "."), reading=make_reading(parts=(part,)))

    assert "came the number of rows: score 4.1, over all windows of a season cycle." in lines


def test_a_window_without_any_part_has_no_nearest() -> None:
    assert "Nearest" not in ask(make_verdict(8, "."), reading=make_reading(parts=()))


def test_scores_that_are_gone_leave_the_verdicts() -> None:
    verdict = replace(make_verdict(8, "."), score=1.9, limit=3.2)

    assert "Score 1.9 against a limit of 3.2; what they rest on is not kept any more." in ask(verdict)


def test_rules_alone_have_no_score() -> None:
    assert "explicit rules alone" in ask(make_verdict(8, "."), allowed=Allowed())


def test_less_than_the_minimum_effect_is_sent_to_nobody() -> None:
    lines = ask(make_verdict(8, ",a"), incidents=())

    assert "Minor, recorded and sent to nobody: a is unlike itself." in lines
    assert "out of turn" not in lines


def test_a_special_day_says_so() -> None:
    assert "It is a special day" in ask(make_verdict(8, ",a"), special=True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"incidents": (OPEN,)},
            "Incident 7 (drift) was open already, since the window of 2013-02-05: people are told",
        ),
        ({"incidents": (OPEN,), "opened": frozenset({7})}, "Incident 7 (drift) opened in this window."),
        (
            {"incidents": (replace(OPEN, told_at=None),)},
            "Incident 7 (drift) was told to nobody: it is minor, or its windows were judged in a replay",
        ),
        (
            {
                "incidents": (
                    replace(OPEN, state=IncidentState.PENDING, opened_at=None, recent=(True, False)),
                ),
                "patience": Patience(k=2, of=3),
            },
            "Incident 7 (drift) did not open: 2 of 3 windows are needed, 1 showed it.",
        ),
        (
            {
                "incidents": (replace(OPEN, state=IncidentState.RESOLVED, opened_at=None),),
                "patience": Patience(k=2, of=3),
            },
            "Incident 7 (drift) did not open: 2 of 3 windows are needed, too few showed it.",
        ),
        ({}, "It was judged out of turn, after a later window: no drift incident was touched by it."),
        ({"mode": "shadow", "incidents": (OPEN,)}, "The monitor is in shadow mode"),
        ({"channels": (), "incidents": (OPEN,)}, "`notify` names no channel, so that nobody can be told."),
    ],
)
def test_what_was_found_says_what_held_it_back(changes: dict[str, Any], said: str) -> None:
    verdict = replace(make_verdict(8, "a"), findings=(drift("amount"),))

    lines = ask(verdict, **changes)

    assert "Found: at least 7% of rows moved." in lines
    assert said in lines


def test_both_axes_are_told_apart() -> None:
    verdict = replace(make_verdict(8, "?a"), findings=(*make_verdict(8, "?a").findings, drift("b")))
    data = replace(OPEN, id=8, kind=IncidentKind.DATA)

    lines = ask(verdict, incidents=(OPEN, data))

    assert "Incident 7 (drift) was open already" in lines
    assert "Incident 8 (data) was open already" in lines


def test_somebody_who_was_told_is_named() -> None:
    told = Told(at=NOON, notice="incident.opened", channel="oncall", state="pending")

    lines = ask(make_verdict(8, "a"), incidents=(replace(OPEN, told_at=None),), told=(told,))

    assert lines.endswith("2013-02-09 12:00 UTC: incident.opened to oncall (pending).")
    assert "told to nobody" not in lines


def test_monitors_without_windows_say_why() -> None:
    assert say_detached("flights").startswith("flights is detached: the configuration names it no more")
    assert "`driftwatch check flights`" in say_unstarted("flights")
