"""A monitor with a calendar: what is found on a special day wakes nobody and teaches the limits nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from driftwatch.calibration.budget import Budget
from driftwatch.incidents.incident import IncidentKind, Severity
from driftwatch.incidents.rules import Judging
from driftwatch.jobs.inheritance import SET_ASIDE
from driftwatch.jobs.tracks import open_track
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from driftwatch.store.score_codec import decode_scores
from driftwatch.store.scores import list_scores
from tests.support.incidents import day
from tests.support.monitors import Bench, draw_rows, set_up

FEAST = {date(2013, 2, 2): "the feast"}


def feast(store: Database, story: str, **changes: Any) -> Bench:
    """Return a monitor on whose second day there is a feast, after it lived through a story."""
    bench = set_up(store, special_days=FEAST, **changes)
    bench.live(story)
    return bench


def test_what_is_found_on_a_special_day_is_recorded_and_tells_nobody(database: Database) -> None:
    bench = feast(database, ".m", retrain=RetrainPolicy(trigger="ci", after=1))

    assert bench.words() == ["ok", "drift"]
    findings = bench.verdicts()[1].verdict.findings
    assert {finding.kind.value for finding in findings} == {"drift", "missing"}
    assert all(finding.minor and finding.text.endswith("; it is the feast") for finding in findings)
    assert [(one.kind.value, one.severity.value, one.paged) for one in bench.incidents()] == [
        ("drift", "minor", False),
        ("data", "minor", False),
    ]
    assert (bench.told(), bench.retrains()) == ([], [])


def test_what_goes_on_after_the_day_is_told(store: Database) -> None:
    bench = feast(store, ".aa")

    (incident,) = bench.incidents()
    assert (incident.severity > Severity.MINOR, incident.paged) == (True, True)
    assert bench.told() == ["opened"]


def test_the_days_around_it_are_as_any(store: Database) -> None:
    assert feast(store, "a").told() == ["opened"]


def test_a_column_that_vanishes_is_told_on_any_day(store: Database) -> None:
    bench = set_up(store, special_days=FEAST)
    bench.live(".")
    bench.source.rows[day(2)] = draw_rows(2).drop_columns(["amount"])
    bench.tick_at(day(2).end + bench.monitor.delay)

    (incident,) = bench.incidents(IncidentKind.DATA)
    assert incident.severity.value == "critical"
    assert bench.told() == ["opened"]


def test_its_window_is_no_part_of_the_null(store: Database) -> None:
    bench = feast(store, "...", judging=Judging(budget=replace(Budget(), must_see=0.5)))

    rows = store.read(lambda tx: list_scores(tx, bench.watch.row, before=day(9).start, newest=9))
    aside = [decode_scores(row.document, what="scores").scheme == SET_ASIDE for row in rows]
    assert [row.window for row in rows] == [day(1), day(2), day(3)]
    assert aside == [False, True, False]


def test_a_special_day_of_the_reference_is_no_part_of_the_null_either(store: Database) -> None:
    budgeted = Judging(budget=replace(Budget(), must_see=0.5))
    plain = set_up(store, judging=budgeted)
    inside = plain.watch.reference.blocks[0].window
    assert inside is not None
    marked = replace(plain.watch.monitor, special_days={inside.start.date(): "the feast"})
    track = open_track(store, plain.watch, day(1))
    aside = open_track(store, replace(plain.watch, monitor=marked), day(1))

    assert track is not None
    assert aside is not None
    assert [block.window for block in track.blocks if block.window != inside] == [
        block.window for block in aside.blocks
    ]
    assert len(aside.blocks) == len(track.blocks) - 1
