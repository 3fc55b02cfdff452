from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from driftwatch.jobs.live import plan_all
from driftwatch.jobs.rounds import Rounds
from driftwatch.store.database import Database
from tests.support.incidents import day
from tests.support.monitors import due, set_up

SECOND = timedelta(seconds=1)


def test_a_monitor_is_looked_at_once_a_minute_and_when_its_window_falls_due(store: Database) -> None:
    watch = set_up(store).watch
    rounds, now = Rounds(), due(1) - 10 * SECOND

    assert rounds.choose([watch], now) == [watch]
    rounds.note(watch, now)

    assert rounds.choose([watch], now + 9 * SECOND) == []
    assert rounds.choose([watch], due(1)) == [watch]
    rounds.note(watch, due(1))
    assert rounds.choose([watch], due(1) + 59 * SECOND) == []
    assert rounds.choose([watch], due(1) + 60 * SECOND) == [watch]


def test_one_that_was_taken_up_anew_is_due_at_once(store: Database) -> None:
    watch = set_up(store).watch
    rounds = Rounds()
    rounds.note(watch, day(1).start)

    assert rounds.choose([replace(watch)], day(1).start) != []


def test_a_clock_that_was_set_back_makes_nobody_wait(store: Database) -> None:
    watch = set_up(store).watch
    rounds = Rounds()
    rounds.note(watch, day(5).start)

    assert rounds.choose([watch], day(1).start) == [watch]


def test_planning_in_rounds_owes_the_same_windows(store: Database) -> None:
    bench = set_up(store)
    rounds = Rounds()
    for number in (1, 2, 3):
        bench.clock.move_to(due(number) - SECOND)
        plan_all(bench.parts, [bench.watch], rounds)
        assert len(bench.waiting()) == number - 1
        bench.clock.move_to(due(number))
        plan_all(bench.parts, [bench.watch], rounds)
        assert len(bench.waiting()) == number


def test_life_is_shown_before_every_monitor_that_is_planned(store: Database) -> None:
    bench = set_up(store)
    shown: list[str] = []

    plan_all(bench.parts, [bench.watch, bench.watch], show_life=lambda: shown.append("alive"))

    assert len(shown) == 2
