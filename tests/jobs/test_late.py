from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from driftwatch.errors import SourceError
from driftwatch.jobs.late import find_next_look, look_at_all, look_for_late_rows
from driftwatch.store.database import Database
from tests.support.incidents import day
from tests.support.monitors import Bench, draw_rows, due, set_up

HOUR = timedelta(hours=1)
LATE = timedelta(days=2)


@pytest.fixture
def bench(database: Database) -> Bench:
    return set_up(database, late=LATE)


def look(bench: Bench) -> list[str]:
    return [str(window)[:10] for window in look_for_late_rows(bench.parts, bench.watch)]


def test_looks_come_at_an_eighth_a_quarter_a_half_and_the_whole_of_the_horizon() -> None:
    noon = due(1)
    looks = []
    now = noon
    while (at := find_next_look(noon, 8 * HOUR, now)) is not None:
        looks.append((at - noon) / HOUR)
        now = at

    assert looks == [1, 2, 4, 8]
    assert find_next_look(noon, None, noon) is None


def test_a_window_without_late_rows_is_left_alone_after_the_horizon(bench: Bench) -> None:
    bench.live(".")
    read = len(bench.source.requests)
    times = []
    for hours in range(1, 60):
        bench.clock.move_to(due(1) + hours * HOUR)
        assert look(bench) == []
        if len(bench.source.requests) > read:
            read = len(bench.source.requests)
            times.append(hours)

    assert times == [6, 12, 24, 48]
    assert [row.revision for row in bench.verdicts()] == [1]


def test_rows_that_arrive_late_have_their_window_judged_again_and_both_results_are_kept(
    bench: Bench,
) -> None:
    bench.source.rows[day(1)] = draw_rows(1, rows=200)
    bench.clock.move_to(due(1))
    bench.tick()
    bench.source.rows[day(1)] = draw_rows(1)

    bench.clock.move_to(due(1) + 6 * HOUR)
    assert look(bench) == ["2013-02-01"]
    bench.tick()

    (row,) = bench.verdicts()
    assert (row.revision, row.verdict.rows) == (2, 300)
    # It is looked at again, for more may come.
    bench.source.rows[day(1)] = draw_rows(1, rows=310)
    bench.clock.move_to(due(1) + 12 * HOUR)
    assert look(bench) == ["2013-02-01"]


def test_rows_that_were_there_and_are_gone_are_noticed_too(bench: Bench) -> None:
    bench.live(".")
    bench.source.rows[day(1)] = pa.table({})

    bench.clock.move_to(due(1) + 6 * HOUR)

    assert look(bench) == ["2013-02-01"]


def test_a_window_that_had_no_rows_is_judged_once_they_come(bench: Bench) -> None:
    bench.source.rows[day(1)] = pa.table({})
    bench.clock.move_to(due(1))
    bench.tick()
    bench.clock.move_to(due(2))
    bench.tick()
    assert bench.words()[0] == "no_data"
    bench.source.rows[day(1)] = draw_rows(1)

    bench.clock.move_to(due(2) + 24 * HOUR)
    assert look(bench)[0] == "2013-02-01"
    bench.tick()

    assert bench.words()[0] == "ok"


def test_a_source_that_is_away_is_asked_again_ten_minutes_later(bench: Bench) -> None:
    bench.live(".")
    bench.source.rows[day(1)] = SourceError("away", again=True)
    bench.clock.move_to(due(1) + 6 * HOUR)
    assert look(bench) == []
    bench.source.rows[day(1)] = draw_rows(1, rows=310)

    assert look(bench) == []
    bench.clock.advance(timedelta(minutes=10))
    assert look(bench) == ["2013-02-01"]


def test_two_daemons_do_not_look_at_the_same_window(bench: Bench) -> None:
    bench.live(".")
    bench.clock.move_to(due(1) + 6 * HOUR)
    seen: list[str] = []

    def look_too(_: object) -> None:
        if not seen:
            seen.append("looked")
            seen.extend(look(bench))

    bench.source.rows[day(1)] = draw_rows(1, rows=310)
    bench.source.before = look_too

    assert look(bench) == ["2013-02-01"]
    assert seen == ["looked"]


def test_without_a_horizon_nothing_is_looked_at(store: Database) -> None:
    bench = set_up(store)
    bench.live(".")
    bench.source.rows[day(1)] = draw_rows(1, rows=310)
    bench.clock.move_to(due(9))

    assert look(bench) == []


def test_one_poisoned_monitor_does_not_stop_the_others(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.live(".")
    bench.clock.move_to(due(1) + 6 * HOUR)
    poisoned = replace(bench.watch, monitor=replace(bench.monitor, source=None))  # type: ignore[arg-type]
    bench.source.rows[day(1)] = draw_rows(1, rows=310)

    look_at_all(bench.parts, [poisoned], stopping=lambda: False)
    assert "late rows not looked for monitor=flights" in caplog.text
    bench.clock.advance(timedelta(minutes=10))
    look_at_all(bench.parts, [bench.watch], stopping=lambda: True)
    assert bench.waiting() == []
    look_at_all(bench.parts, [bench.watch], stopping=lambda: False)

    assert [slot.window for slot in bench.waiting()] == [day(1)]
