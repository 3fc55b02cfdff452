from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from driftwatch.incidents.incident import IncidentKind
from driftwatch.incidents.policy import Ages, Freshness, Policy
from driftwatch.jobs.check import check_windows
from driftwatch.jobs.finish import Run
from driftwatch.jobs.monitor import Model
from driftwatch.jobs.plan import enter_windows
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from driftwatch.store.slots import reopen_slots
from tests.support.incidents import day
from tests.support.monitors import Bench, due, set_up, tell_story

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def check(bench: Bench, story: str, run: Run, *, first: int = 1) -> None:
    tell_story(bench.source, story, first=first)
    windows = [day(number) for number in range(first, first + len(story))]
    enter_windows(bench.parts.database, bench.monitor, bench.watch.row, windows)
    for _ in check_windows(bench.parts, bench.watch, windows, run):
        pass


def opened_at(bench: Bench) -> list[datetime | None]:
    return [incident.opened_at for incident in bench.incidents()]


def test_live_the_time_of_a_step_is_the_clocks(store: Database) -> None:
    bench = set_up(store)
    bench.clock.move_to(due(1) + HOUR)

    check(bench, "a", Run(replays=False))

    assert opened_at(bench) == [due(1) + HOUR]


def test_in_a_replay_the_time_of_a_step_is_the_windows_end_plus_delay(store: Database) -> None:
    bench = set_up(store, now=due(300))

    check(bench, ".a", Run(replays=True))

    assert opened_at(bench) == [due(2)]
    assert bench.verdicts()[0].judgement.finished_at == due(300)


def test_a_window_that_nobody_looked_at_while_it_had_its_time_is_judged_as_of_then(store: Database) -> None:
    bench = set_up(store)
    tell_story(bench.source, ".aaa")

    bench.tick_at(due(4) + HOUR)

    (incident,) = bench.incidents()
    assert incident.opened_at == due(2)
    (delivery,) = bench.deliveries()
    assert delivery.body.count('"timestamp": "2013-02-05T01:30:00Z"') == 2
    assert "Caught up 3 windows. Already open since the window of 2013-02-02" in delivery.body


def test_a_window_that_was_looked_at_in_time_is_judged_by_the_clock_to_its_end(store: Database) -> None:
    late = Policy(freshness=Freshness(warn_after=HOUR, page_after=2 * HOUR))
    bench = set_up(store, policy=late)
    bench.tick_at(due(1))
    bench.tick_at(due(1) + 3 * HOUR)

    bench.tick_at(due(2))

    (incident,) = bench.incidents(IncidentKind.FRESHNESS)
    assert bench.events(incident) == ["opened"]


def test_ages_in_a_replay_are_those_of_its_time(store: Database) -> None:
    model = Model(name="delay", trained_at=day(1).start)
    bench = set_up(store, now=due(300), model=model, policy=Policy(ages=Ages(model=3 * DAY)))

    check(bench, ".....", Run(replays=True))

    (incident,) = bench.incidents(IncidentKind.STALE)
    assert (incident.first_window, incident.opened_at) == (day(3), due(3))


def test_a_replay_that_tells_nobody_leaves_the_telling_to_the_next_one(store: Database) -> None:
    bench = set_up(store, now=due(9))

    check(bench, "aa", Run(replays=True, tells=False))
    check(bench, "a", Run(replays=True), first=3)

    (delivery,) = bench.deliveries()
    assert delivery.type == "incident.opened"
    assert "Already open since the window of 2013-02-01" in delivery.body


def test_after_the_last_silent_window_the_state_of_each_incident_is_told_once(store: Database) -> None:
    bench = set_up(store, now=due(9))
    run = Run(replays=True, tells=False, tells_after=day(3))

    check(bench, "a.n.", run)

    assert sorted(row.type for row in bench.deliveries()) == ["incident.opened", "incident.opened"]
    assert {incident.told_at for incident in bench.incidents()} == {due(3)}


def test_a_silent_run_requests_no_retraining(store: Database) -> None:
    bench = set_up(store, now=due(9), retrain=RetrainPolicy(trigger="ci", after=1))

    check(bench, "aaa", Run(replays=True, tells=False))

    assert bench.retrains() == []


def test_a_window_judged_out_of_turn_keeps_its_verdict_and_changes_no_incident(store: Database) -> None:
    bench = set_up(store, now=due(9))
    check(bench, ".", Run(replays=True), first=5)

    check(bench, "aXa", Run(replays=True), first=1)

    assert bench.words() == ["drift", "error", "drift", "ok"]
    assert bench.incidents() == []


@pytest.mark.parametrize(("before", "after"), [(".", "a"), ("a", "."), ("a", "n")])
def test_the_newest_window_judged_once_more_changes_no_incident(
    store: Database, before: str, after: str
) -> None:
    bench = set_up(store, now=due(9))
    check(bench, before, Run(replays=True))
    incidents, told = bench.incidents(), bench.told()

    bench.parts.database.write(lambda tx: reopen_slots(tx, bench.watch.row, [day(1)]))
    check(bench, after, Run(replays=True))

    assert [row.revision for row in bench.verdicts()] == [2]
    assert (bench.incidents(), bench.told()) == (incidents, told)


@pytest.mark.parametrize("letter", ["X", "-"])
def test_a_newest_window_that_told_nothing_before_has_its_step_when_it_is_judged_at_last(
    store: Database, letter: str
) -> None:
    bench = set_up(store, now=due(9))
    check(bench, letter, Run(replays=True))

    bench.parts.database.write(lambda tx: reopen_slots(tx, bench.watch.row, [day(1)]))
    check(bench, "a", Run(replays=True))

    assert [incident.kind for incident in bench.incidents() if incident.is_live] == [IncidentKind.DRIFT]


def test_a_verdict_knows_how_it_came_about(store: Database) -> None:
    bench = set_up(store, now=due(2))

    check(bench, ".", Run(replays=False))

    judgement = bench.verdicts()[0].judgement
    assert (judgement.reference_version, judgement.token, judgement.finished_at) == (1, 1, due(2))
    assert judgement.counts_fingerprint is not None
