"""A monitor's track is what the store remembers: a new process goes on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from driftwatch.calibration.budget import Budget, FalsePages
from driftwatch.calibration.calibration import Scored
from driftwatch.calibration.track import Track
from driftwatch.incidents.codec import encode_incident
from driftwatch.incidents.finding import Verdict
from driftwatch.incidents.incident import IncidentKind, Label
from driftwatch.incidents.rules import Judging
from driftwatch.jobs.cases import label_case
from driftwatch.jobs.reference import ensure_reference
from driftwatch.jobs.tracks import load_history, open_track
from driftwatch.store.database import Database
from driftwatch.store.scores import list_scores, load_calibration, read_ledger
from tests.support.databases import empty_database
from tests.support.incidents import day
from tests.support.monitors import Bench, attach, due, make_parts, set_up, tell_story

_BUDGET = Budget(promise=FalsePages(at_most=2.0))  # It needs 30 windows, and the reference has 14 blocks.
_STORY = "......aaa....n.........."


def watch(database: Database, story: str = _STORY, budget: Budget = _BUDGET, **changes: Any) -> Bench:
    judging = Judging(minimum_effect=0.02, budget=budget)
    bench = set_up(database, now=due(len(story)), judging=judging, **changes)
    tell_story(bench.source, story)
    return bench


def restart(bench: Bench) -> Bench:
    """Return the monitor in a process of its own: nothing is left but the store."""
    database, now = bench.parts.database, bench.clock.now()
    row = attach(database, bench.monitor, now)
    return replace(
        bench,
        parts=make_parts(database, bench.clock),
        watch=ensure_reference(database, bench.monitor, row, now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that a monitor left in the store."""

    verdicts: list[object]
    scores: list[object]
    calibrations: list[object]
    level: object
    incidents: list[object]


def read_all(bench: Bench, last: int = len(_STORY)) -> Kept:
    database, row = bench.parts.database, bench.watch.row

    def read(work: Callable[[sa.Connection], Any]) -> Any:
        return database.read(work)

    version = bench.watch.reference.version
    return Kept(
        verdicts=[_read_verdict(one.verdict) for one in bench.verdicts()],
        scores=[
            (one.window, one.reference_version, one.document)
            for one in read(lambda tx: list_scores(tx, row, before=day(last + 1).start))
        ],
        calibrations=[
            read(partial(load_calibration, monitor=row, window=day(number), version=version))
            for number in range(1, last + 1)
        ],
        level=read(lambda tx: read_ledger(tx, row)),
        incidents=[encode_incident(one) for one in bench.incidents()],
    )


def _read_verdict(verdict: Verdict) -> object:
    scored = (verdict.score, verdict.limit, verdict.calibration)
    return (verdict.window, verdict.word, verdict.rows, verdict.findings, *scored, verdict.reason)


def open_at(bench: Bench, number: int) -> Track:
    track = open_track(bench.parts.database, bench.watch, day(number))
    assert track is not None
    return track


def recall(bench: Bench, number: int) -> tuple[Scored, ...]:
    return load_history(bench.parts.database, bench.watch, open_at(bench, number), day(number)).history


@pytest.mark.parametrize("breaks", [(5, 11, 12, 20), tuple(range(1, len(_STORY)))])
def test_a_restart_in_the_middle_changes_nothing(breaks: tuple[int, ...], store: Database) -> None:
    whole = watch(store)
    whole.replay(1, len(_STORY))
    expected = read_all(whole)
    empty_database(store)

    bench = watch(store)
    for first, last in zip((1, *(at + 1 for at in breaks)), (*breaks, len(_STORY)), strict=True):
        bench = restart(bench)
        bench.replay(first, last)

    found = read_all(bench)
    assert found.verdicts == expected.verdicts
    assert found.scores == expected.scores
    assert found.calibrations == expected.calibrations
    assert found.level == expected.level
    assert found.incidents == expected.incidents
    assert set(bench.words()) == {"ok", "drift", "data"}


def test_it_is_the_same_on_every_kind_of_store(database: Database) -> None:
    bench = watch(database, "...a..")
    bench.replay(1, 3)
    bench = restart(bench)
    bench.replay(4, 6)

    assert bench.words() == ["ok", "ok", "ok", "drift", "ok", "ok"]
    assert [one.window for one in recall(bench, 7)] == [day(number) for number in range(1, 7)]


def test_the_daemon_day_by_day_judges_like_one_replay(store: Database) -> None:
    whole = watch(store)
    whole.replay(1, len(_STORY))
    expected = read_all(whole)
    empty_database(store)

    bench = set_up(store, judging=Judging(minimum_effect=0.02, budget=_BUDGET))
    bench.live(_STORY)

    found = read_all(bench)
    assert found.verdicts == expected.verdicts
    assert found.scores == expected.scores
    assert found.level == expected.level


def test_the_same_windows_again_give_the_same_verdicts(store: Database) -> None:
    bench = watch(store, "." * 20)
    bench.replay(1, 20)
    before = read_all(bench, 20)

    seen = restart(bench).replay(1, 20, again=True)

    assert all(one.revision == 2 for one in seen)
    assert read_all(bench, 20) == before


def test_windows_judged_again_change_nothing_of_what_is_left_of_the_promise(store: Database) -> None:
    bench = watch(store)
    bench.replay(1, len(_STORY))
    before = read_all(bench)

    restart(bench).replay(8, 14, again=True)

    after = read_all(bench)
    assert after.level == before.level
    assert after.incidents == before.incidents
    assert len(after.scores) == len(before.scores)


def test_a_window_out_of_turn_is_scored_and_spends_nothing(store: Database) -> None:
    bench = watch(store, "......a....")
    bench.replay(1, 6)
    bench.replay(8, 11)
    before = open_at(bench, 12)

    bench.replay(7, 7)

    after = open_at(bench, 12)
    assert bench.words()[6] == "drift"
    assert bench.incidents() == []
    assert after.level == before.level
    assert [one.window for one in recall(bench, 12)] == [day(number) for number in range(1, 12)]


def test_an_out_of_turn_window_is_judged_by_what_was_before_it_alone(store: Database) -> None:
    bench = watch(store, "." * 6 + "." + "aaaa")
    bench.replay(1, 6)
    bench.replay(8, 11)

    track = open_at(bench, 7)

    assert [one.window for one in recall(bench, 7)] == [day(number) for number in range(1, 7)]
    assert [one.window for one in track.recent] == [day(number) for number in range(1, 7)]


def test_a_track_holds_the_running_cycle_and_reads_what_is_older_when_it_is_calibrated(
    store: Database,
) -> None:
    bench = watch(store, "." * 20)
    bench.replay(1, 20)

    track = open_at(bench, 21)

    assert not track.remembers
    assert (track.history, track.inherited) == ((), ())
    assert [one.window for one in track.recent] == [day(number) for number in range(15, 21)]
    assert len(recall(bench, 21)) == 20


def test_thin_windows_are_joined_over_a_restart(store: Database) -> None:
    # A day of 300 rows can show a change of 10 % of them, two together one of 7 %.
    budget = replace(_BUDGET, must_see=0.08)
    story = "....aa.."
    whole = watch(store, story, budget)
    whole.replay(1, 8)
    expected = read_all(whole, 8)
    assert whole.words() == ["thin", "ok", "thin", "ok", "thin", "drift", "thin", "ok"]
    empty_database(store)

    bench = watch(store, story, budget)
    for number in range(1, 9):
        bench = restart(bench)
        bench.replay(number, number)

    found = read_all(bench, 8)
    assert found.verdicts == expected.verdicts
    assert found.scores == expected.scores
    assert found.level == expected.level


@pytest.mark.parametrize("restarts", [False, True])
def test_what_was_told_with_a_thin_window_does_not_echo_for_a_cycle(restarts: bool, store: Database) -> None:
    bench = watch(store, "....aa........", replace(_BUDGET, must_see=0.08))

    spans = [(number, number) for number in range(1, 15)] if restarts else [(1, 14)]
    for first, last in spans:
        restart(bench).replay(first, last)

    assert bench.words() == ["thin", "ok"] * 2 + ["thin", "drift"] + ["thin", "ok"] * 4
    told = {one.window for one in open_at(bench, 9).recent if one.told.any()}
    assert told == {day(5), day(6)}


def test_a_thin_window_says_how_little_it_could_show(store: Database) -> None:
    bench = watch(store, "..", replace(_BUDGET, must_see=0.06))

    bench.replay(1, 2)

    first, second = (one.verdict.reason or "" for one in bench.verdicts())
    assert first.startswith("not enough data: 300 rows, which could not show a change of less than ")
    assert second.startswith("not enough data: 300 rows, 600 with the windows before it, which could not")
    assert open_at(bench, 3).waiting[-1].window == day(2)


def test_no_thin_window_calms_an_incident(store: Database) -> None:
    bench = watch(store, "aa......", replace(_BUDGET, must_see=0.08))

    bench.replay(1, 7)

    (incident,) = bench.incidents()
    assert incident.is_open, "two clean windows and two thin ones are not three"


def test_a_page_is_written_to_the_ledger_and_quiet_windows_pay_it_back(store: Database) -> None:
    bench = watch(store, "....a.......")
    bench.replay(1, 4)
    assert open_at(bench, 5).level == _BUDGET.level

    bench.replay(5, 5)
    spent = open_at(bench, 6).level
    bench.replay(6, 7)
    assert open_at(bench, 8).level == spent < _BUDGET.level, "it stands still while the incident is open"
    bench.replay(8, 12)

    assert spent < open_at(bench, 13).level < _BUDGET.level


@pytest.mark.parametrize(
    ("said", "held"), [(Label.EXPECTED, False), (Label.DRIFT, True), (Label.BAD_DATA, True)]
)
def test_a_label_decides_with_the_next_window_what_is_ordinary(
    said: Label, held: bool, store: Database
) -> None:
    bench = watch(store, "........aaaaaaaaaa......")
    bench.replay(1, 22)
    (incident,) = bench.incidents(IncidentKind.DRIFT)
    assert incident.id is not None
    kept = open_at(bench, 23).calibration
    assert kept is not None

    label_case(bench.parts, [bench.monitor], incident.id, said, "ann")
    assert open_at(bench, 23).calibration is None, "what a person said is asked for at once"
    bench.replay(23, 23)

    made = open_at(bench, 24).calibration
    assert made is not None
    place = open_at(bench, 24).baseline.layout.places["amount"]
    # Ten days of drift make a restless column of it, unless they are held out.
    assert bool(made.short.wobble[place] < 0.01) is held


def test_while_an_incident_is_open_its_columns_windows_are_held_out(store: Database) -> None:
    bench = watch(store, "." * 8 + "a" * 20)
    bench.replay(1, 28)

    track = open_at(bench, 29)

    (incident,) = bench.incidents()
    assert incident.is_open
    assert track.calibration is not None
    places = track.baseline.layout.places
    assert track.calibration.short.wobble[places["amount"]] < 0.01
    assert bench.words()[-20:] == ["drift"] * 20, "the limit never moved to where the data is"


def test_without_a_budget_there_is_no_track(store: Database) -> None:
    bench = set_up(store, judging=Judging(minimum_effect=0.02))

    assert open_track(store, bench.watch, day(1)) is None


def test_a_history_of_enough_windows_is_calibrated(store: Database) -> None:
    bench = watch(store, "." * 24)

    bench.replay(1, 24)

    said = [one.verdict.calibration for one in bench.verdicts()]
    assert said[0] == "provisional (16 more windows needed)"
    assert said[-1] == "calibrated"
    calibration = open_at(bench, 25).calibration
    assert calibration is not None
    assert calibration.short.windows == 14 + 24 - said.count("calibrated")


def test_a_special_day_ends_the_waiting_of_thin_windows_after_a_restart_too(store: Database) -> None:
    feast = {day(2).start.date(): "feast"}
    bench = watch(store, "...", replace(_BUDGET, must_see=0.08), special_days=feast)

    bench.replay(1, 2)

    assert bench.words() == ["thin", "ok"]
    assert open_at(bench, 3).history == ()
    assert open_at(bench, 3).waiting == ()
