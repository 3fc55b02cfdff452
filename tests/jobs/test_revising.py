from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.incidents.incident import IncidentKind, IncidentState
from driftwatch.jobs.late import look_for_late_rows
from driftwatch.store.database import Database
from tests.support.incidents import day
from tests.support.monitors import ROWS, Bench, due, set_up, tell_story

HOUR = timedelta(hours=1)


@pytest.fixture
def bench(database: Database) -> Bench:
    return set_up(database, late=timedelta(days=4), retrain=None)


def arrive(bench: Bench, number: int, letter: str, *, rows: int = ROWS + 5) -> None:
    """Let the rows of a day become those of `letter`, look for late ones, and judge what is due again."""
    tell_story(bench.source, letter, first=number)
    found = bench.source.rows[day(number)]
    if rows > ROWS:
        found = found.slice(0, ROWS - 1)  # type: ignore[union-attr]
    bench.source.rows[day(number)] = found
    bench.clock.advance(13 * HOUR)
    assert [window.start.day for window in look_for_late_rows(bench.parts, bench.watch)] == [number]
    bench.tick()


def states(bench: Bench) -> list[tuple[str, str]]:
    return [(one.kind.value, one.state.value) for one in bench.incidents()]


def test_late_rows_that_show_drift_open_an_incident_that_says_so(bench: Bench) -> None:
    bench.live("..")

    arrive(bench, 1, "a")

    (incident,) = bench.incidents()
    assert (incident.kind, incident.first_window) == (IncidentKind.DRIFT, day(1))
    # The second day was clean already.
    assert (incident.state, incident.clean) == (IncidentState.RECOVERING, 1)
    assert bench.events(incident) == ["revised"]
    assert bench.told() == ["opened"]


def test_an_incident_that_late_rows_explain_away_is_over_and_that_is_told(bench: Bench) -> None:
    bench.live("a.")

    arrive(bench, 1, ".")

    (incident,) = bench.incidents()
    assert incident.state is IncidentState.RESOLVED
    assert bench.events(incident)[-1] == "revised"
    assert bench.told() == ["opened", "resolved"]


def test_what_nobody_was_told_of_ends_without_a_word(database: Database) -> None:
    bench = set_up(database, late=timedelta(days=4), retrain=None, mode="shadow")
    bench.live("a.")

    arrive(bench, 1, ".")

    assert states(bench) == [("drift", "resolved")]
    assert bench.told() == []


def test_late_rows_that_change_nothing_people_see_make_no_step(bench: Bench) -> None:
    bench.live("aa")
    before = bench.incidents()[0]

    arrive(bench, 1, "a")

    (after,) = bench.incidents()
    assert "revised" not in bench.events(after)
    assert (after.state, [one.key for one in after.members]) == (
        before.state,
        [one.key for one in before.members],
    )


def test_a_clean_window_that_was_none_after_all_keeps_an_incident_from_resolving(bench: Bench) -> None:
    bench.live("a...")
    assert states(bench) == [("drift", "resolved")]

    arrive(bench, 3, "a")

    assert states(bench)[-1][1] in {"open", "recovering"}
    assert bench.told()[:2] == ["opened", "resolved"]
    assert len(bench.told()) == 3


def test_the_newest_window_is_revised_too(bench: Bench) -> None:
    bench.live(".")

    arrive(bench, 1, "a")

    (incident,) = bench.incidents()
    assert incident.state is IncidentState.OPEN
    assert bench.told() == ["opened"]


def test_steps_after_a_revision_go_on_from_it(bench: Bench) -> None:
    bench.live("..")
    arrive(bench, 1, "a")
    tell_story(bench.source, "..", first=3)
    bench.tick_at(due(3))
    bench.tick_at(due(4))

    (incident,) = bench.incidents()
    assert incident.state is IncidentState.RESOLVED
    assert bench.told() == ["opened", "resolved"]
