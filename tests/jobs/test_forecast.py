"""What accepting would change is what accepting then changes, and looking at it changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from driftwatch.calibration.budget import Budget
from driftwatch.errors import UsageError
from driftwatch.incidents.incident import Incident
from driftwatch.incidents.rules import Judging
from driftwatch.jobs.acceptance import accept_incident
from driftwatch.jobs.forecast import forecast_acceptance
from driftwatch.jobs.reference import ensure_reference
from driftwatch.store.database import Database
from driftwatch.store.incidents import list_events
from driftwatch.store.references import list_references
from tests.support.incidents import day
from tests.support.monitors import Bench, attach, set_up

JUDGING = Judging(minimum_effect=0.02, budget=Budget())


def open_incident(database: Database, story: str = "...aaaa") -> tuple[Bench, Incident]:
    bench = set_up(database, judging=JUDGING, retrain=None)
    bench.live(story)
    (incident,) = bench.incidents()
    return bench, incident


def test_what_is_foreseen_is_what_happens(store: Database) -> None:
    bench, incident = open_incident(store)

    found = forecast_acceptance(bench.parts, bench.monitor, incident)

    assert [one.before.word for one in found.judged] == bench.words()
    assert [one.after.word for one in found.judged] == ["drift"] * 3 + ["ok"] * 4
    assert len(found.changed) == 7
    assert found.windows == tuple(day(number) for number in (4, 5, 6, 7))
    assert found.incidents == (incident.id,)
    accept_incident(bench.parts, bench.monitor, incident, "ann", "the fares rose")
    now = bench.clock.now()
    row = attach(store, bench.monitor, now)
    after = replace(bench, watch=ensure_reference(store, bench.monitor, row, now))
    assert [one.verdict and one.verdict.word for one in after.replay(1, 7)] == [
        one.after.word for one in found.judged
    ]


def test_looking_ahead_changes_nothing(store: Database) -> None:
    bench, incident = open_incident(store)
    before = (bench.words(), bench.told(), bench.incidents())

    forecast_acceptance(bench.parts, bench.monitor, incident)

    assert (bench.words(), bench.told(), bench.incidents()) == before
    assert len(store.read(lambda tx: list_references(tx, bench.watch.row))) == 1


def test_it_ends_when_its_time_is_over_and_says_what_it_left_out(store: Database) -> None:
    bench, incident = open_incident(store)

    found = forecast_acceptance(bench.parts, bench.monitor, incident, longest=timedelta(0))

    assert (len(found.judged), found.left_out) == (1, 6)


def test_what_cannot_be_accepted_cannot_be_foreseen(store: Database) -> None:
    bench, incident = open_incident(store, "...a...")

    with pytest.raises(UsageError, match="is over"):
        forecast_acceptance(bench.parts, bench.monitor, incident)


def test_who_accepted_and_why_is_kept_and_said(store: Database) -> None:
    bench, incident = open_incident(store)

    accepted = accept_incident(bench.parts, bench.monitor, incident, "ann", "the fares rose")

    assert (accepted.version.promoted_by, accepted.version.promoted_why) == ("ann", "the fares rose")
    assert accepted.version.spec["accepted"][-1]["why"] == "the fares rose"
    events = store.read(lambda tx: list_events(tx, incident.id or 0))
    assert "Reference version 2 judges from now on: ann says so (the fares rose)" in events[-1].reason
