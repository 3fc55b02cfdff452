"""An accepted incident is the new normal: its columns are judged by its own windows from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from driftwatch.calibration.budget import Budget
from driftwatch.errors import UsageError
from driftwatch.incidents.incident import Incident
from driftwatch.incidents.rules import Judging
from driftwatch.jobs.acceptance import accept_incident
from driftwatch.jobs.monitor import Rolling
from driftwatch.jobs.reference import ensure_reference
from driftwatch.store.database import Database
from driftwatch.store.references import list_references
from tests.support.incidents import day
from tests.support.monitors import BLOCKS, Bench, attach, due, set_up

JUDGING = Judging(minimum_effect=0.02, budget=Budget())


def open_incident(database: Database, story: str = "...aaaa") -> tuple[Bench, Incident]:
    bench = set_up(database, judging=JUDGING, retrain=None)
    bench.live(story)
    (incident,) = bench.incidents()
    return bench, incident


def take_up(bench: Bench) -> Bench:
    now = bench.clock.now()
    row = attach(bench.parts.database, bench.monitor, now)
    return replace(bench, watch=ensure_reference(bench.parts.database, bench.monitor, row, now))


def test_what_was_accepted_is_ordinary_and_what_was_before_is_drift(database: Database) -> None:
    bench, incident = open_incident(database)

    accepted = accept_incident(bench.parts, bench.monitor, incident, "ann")
    after = take_up(bench)
    after.live("aaa", first=8)

    assert "amount" in accepted.columns
    assert accepted.windows == tuple(day(number) for number in (4, 5, 6, 7))
    assert after.words() == ["ok", "ok", "ok"]
    after.live("...", first=11)
    assert "drift" in after.words()


def test_the_former_incident_ends_and_is_told_and_no_other_opens(store: Database) -> None:
    bench, incident = open_incident(store)

    accept_incident(bench.parts, bench.monitor, incident, "ann")
    take_up(bench).live("aa", first=8)

    assert bench.told() == ["opened", "resolved"]


def test_columns_that_were_not_part_of_it_are_judged_as_before(store: Database) -> None:
    bench, incident = open_incident(store)
    before = bench.watch.reference

    accepted = accept_incident(bench.parts, bench.monitor, incident, "ann")

    after = take_up(bench).watch.reference
    kept = [name for name in before.grids if name not in accepted.columns and name in ("city", "hour")]
    for name in kept:
        assert after.grids[name].fingerprint == before.grids[name].fingerprint
        assert after.total.columns[name].cells.tolist() == before.total.columns[name].cells.tolist()
    assert len(after.blocks) == len(BLOCKS) + 4


def test_the_version_says_what_was_accepted_and_asks_for_no_other(store: Database) -> None:
    bench, incident = open_incident(store)

    accepted = accept_incident(bench.parts, bench.monitor, incident, "ann")
    after = take_up(bench)

    (said,) = accepted.version.spec["accepted"]
    assert (said["incident"], said["by"], said["columns"]) == (incident.id, "ann", list(accepted.columns))
    versions = store.read(lambda tx: list_references(tx, after.watch.row))
    assert [(one.version, one.state.value) for one in versions] == [(1, "retired"), (2, "active")]


def test_what_is_owed_begins_after_the_windows_that_were_accepted(store: Database) -> None:
    bench, incident = open_incident(store)

    accept_incident(bench.parts, bench.monitor, incident, "ann")
    after = take_up(bench)
    after.tick_at(due(7))

    assert after.verdicts() == []


def test_a_second_incident_is_accepted_on_top_of_the_first(store: Database) -> None:
    bench, incident = open_incident(store)
    accept_incident(bench.parts, bench.monitor, incident, "ann")
    after = take_up(bench)
    after.live("aa....", first=8)
    again = next(one for one in after.incidents() if one.is_open)

    accepted = accept_incident(after.parts, after.monitor, again, "bob")

    assert [one["by"] for one in accepted.version.spec["accepted"]] == ["ann", "bob"]
    assert take_up(after).watch.reference.version == 3


def test_an_incident_that_is_over_is_not_accepted(store: Database) -> None:
    bench, incident = open_incident(store, "...aa.....")

    assert not incident.is_open
    with pytest.raises(UsageError, match="is over: what came back needs no other reference"):
        accept_incident(bench.parts, bench.monitor, incident, "ann")


def test_an_incident_about_no_column_is_not_accepted(store: Database) -> None:
    bench, incident = open_incident(store, "...vvv")

    with pytest.raises(UsageError, match=r"about no column .* label \d+ expected"):
        accept_incident(bench.parts, bench.monitor, incident, "ann")


def test_a_rolling_reference_takes_it_in_by_itself(store: Database) -> None:
    bench, incident = open_incident(store)
    spec = replace(bench.monitor.reference, rolling=Rolling(last=timedelta(days=7), gap=timedelta(days=1)))
    rolling = replace(bench.monitor, reference=spec)

    with pytest.raises(UsageError, match="rolls and takes in what lasts by itself"):
        accept_incident(bench.parts, rolling, incident, "ann")
