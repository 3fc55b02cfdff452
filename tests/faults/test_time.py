"""Time: windows where clocks are set, a daemon's ticks where its own clock is wrong, and what it missed.

The long run compares every zone with the minute walker: `python -m tests.support.minute_walker --zones 600
--changes 60`; DRIFTWATCH_LONG=1 takes more of everything in this file.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from driftwatch.jobs.clock import JumpGuard
from driftwatch.jobs.monitor import CatchUp
from driftwatch.jobs.windows import Schedule, due_at
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from tests.support.databases import empty_database
from tests.support.incidents import DELAY, day
from tests.support.minute_walker import SHAPES, Walk, compare_windows, find_changes, list_places
from tests.support.monitors import Bench, draw_rows, make_source, set_up
from tests.support.sources_fake import FakeSource

IS_LONG = os.environ.get("DRIFTWATCH_LONG") == "1"
ZONES = 60 if IS_LONG else 5
ROWS_UNTIL = 40
MOST_MISSED = 10_000 if IS_LONG else 2000
EXAMPLES = 400 if IS_LONG else 25

DAY, HOUR, MINUTE, SECOND = (timedelta(**{unit: 1}) for unit in ("days", "hours", "minutes", "seconds"))
YEAR = 365 * DAY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200 if IS_LONG else 240)]


def test_windows_are_where_a_walk_through_the_minutes_finds_them() -> None:
    compared, wrong = 0, []

    for walk in list_places(ZONES, changes=1):
        for shape in SHAPES:
            count, said = compare_windows(walk, shape)
            compared += count
            wrong += said

    assert not wrong, "\n".join(wrong[:20])
    assert compared >= 5000


@pytest.mark.parametrize(
    ("zone", "change", "hours"),
    [
        ("Europe/Helsinki", datetime(2026, 3, 29, 1, tzinfo=UTC), 23),
        ("Europe/Helsinki", datetime(2026, 10, 25, 1, tzinfo=UTC), 25),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC), 24.5),
    ],
)
def test_the_walker_finds_days_that_are_shorter_and_longer(zone: str, change: datetime, hours: float) -> None:
    starts = Walk(zone, change - 3 * DAY, change + 3 * DAY).find_starts(DAY)

    lengths = [(after - before) / HOUR for before, after in pairwise(starts)]

    assert change in find_changes(zone)
    assert Counter(lengths)[hours] == 1
    assert set(lengths) == {24.0, hours}


def test_the_walker_knows_a_time_that_is_left_out_and_one_that_comes_twice() -> None:
    spring, autumn = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)

    left_out = Walk("Europe/Helsinki", spring - 2 * DAY, spring + DAY).find_starts("30 3 * * *")
    twice = Walk("Europe/Helsinki", autumn - 2 * DAY, autumn + DAY).find_starts("30 3 * * *")

    assert spring in left_out
    assert [one for one in twice if abs(one - autumn) < 3 * HOUR] == [autumn - 30 * MINUTE]


# One tick of a daemon: the time that goes by, and by how much the clock is set as it does.
STEPS = st.sampled_from(
    [
        *((HOUR, timedelta(0)), (DAY, timedelta(0)), (6 * HOUR, timedelta(0)), (MINUTE, timedelta(0))),
        *((5 * SECOND, sign * by) for sign in (1, -1) for by in (SECOND, MINUTE, HOUR, DAY, 7 * DAY, YEAR)),
        # Drift of 1 %, and a machine that slept: the time of day is right, nothing ran meanwhile.
        *((DAY, DAY / 100), (DAY, -DAY / 100), (8 * HOUR, timedelta(0)), (3 * DAY, timedelta(0))),
    ]
)
VISITS = st.sampled_from(
    [datetime(1970, 1, 1, tzinfo=UTC), datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC), None, None, None]
)


class Ticking:
    """A daemon's planning and checking, tick by tick, behind the guard that it has against jumping clocks."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.guard = JumpGuard()
        self.running = 0.0
        self.early: list[str] = []
        self.believed = bench.clock.now()
        bench.source.before = self._look

    def _look(self, window: Window) -> None:
        now, due = self.bench.clock.now(), due_at(window, self.bench.monitor.delay)
        if now < due and window > day(0):
            self.early.append(f"{window} was read at {now}, due at {due}")

    def pass_time(self, by: timedelta, *, set_by: timedelta = timedelta(0)) -> None:
        self.running += by.total_seconds()
        self.bench.clock.advance(by + set_by)
        self.tick()

    def tick(self) -> None:
        now = self.bench.clock.now()
        if self.guard.look(now, self.running) is None:
            self.believed = max(self.believed, now)
            self.bench.tick()

    def settle(self) -> None:
        """Let time go by until the clock is believed and nothing is owed."""
        for _ in range(8):
            self.pass_time(2 * MINUTE)
        for _ in range(40):
            self.pass_time(MINUTE)
            if not self.bench.waiting():
                return


def check_ledger(ticking: Ticking) -> None:
    """Fail unless every window from day 1 to the last one is in the ledger once, in order, none lost."""
    bench = ticking.bench
    rows, waiting = bench.verdicts(), bench.waiting()
    known = sorted({row.window for row in rows} | {slot.window for slot in waiting})
    owed = (ticking.believed - DELAY - day(1).start) // DAY

    assert not ticking.early
    assert [window.start for window in known] == [day(1).start + number * DAY for number in range(owed)]
    assert len(rows) == len({row.window for row in rows})
    read = {window: count for window, count in bench.source.reads.items() if window > day(0)}
    # A window without rows is read again until it has had its time.
    assert all(count == 1 for window, count in read.items() if window <= day(ROWS_UNTIL))
    assert all(slot.window > day(ROWS_UNTIL) for slot in waiting)


@given(st.lists(st.tuples(STEPS, VISITS), min_size=1, max_size=10))
@example([((DAY, timedelta(0)), None), ((5 * SECOND, -YEAR), None), ((DAY, timedelta(0)), None)])
@example([((5 * SECOND, YEAR), None), ((5 * SECOND, -YEAR), None), ((3 * DAY, timedelta(0)), None)])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_window_is_lost_or_judged_twice_or_early_whatever_the_clock_does(
    store: Database, steps: list[tuple[tuple[timedelta, timedelta], datetime | None]]
) -> None:
    empty_database(store)
    bench = set_up(
        store,
        now=due_at(day(0), DELAY),
        source=make_source("." * ROWS_UNTIL),
        catch_up=CatchUp(policy="all", at_most=30),
    )
    ticking, gained = Ticking(bench), timedelta(0)
    ticking.tick()

    for (by, set_by), visit in steps:
        gained += set_by
        ticking.pass_time(by, set_by=set_by)
        if visit is not None:
            away = visit - bench.clock.now()
            ticking.pass_time(5 * SECOND, set_by=away)
            ticking.pass_time(2 * MINUTE)
            ticking.pass_time(5 * SECOND, set_by=-away)
    ticking.pass_time(5 * SECOND, set_by=-gained)
    ticking.settle()
    ticking.pass_time(DAY)
    ticking.settle()

    check_ledger(ticking)
    assert set(bench.words()) <= {"ok", "no_data", "not_evaluated"}


@pytest.mark.parametrize("policy", ["all", "latest", "none"])
@pytest.mark.parametrize("missed", [0, 1, 2, 97, 500, MOST_MISSED])
def test_what_was_missed_is_planned_in_order_and_in_moderate_time(
    store: Database, policy: str, missed: int
) -> None:
    start, hourly = day(1).start, Schedule(every=HOUR)
    catch_up = CatchUp(policy=policy, at_most=96)  # type: ignore[arg-type]  # One of the three words.
    hours = [Window(start=start - (n + 1) * HOUR, end=start - n * HOUR) for n in range(24)]
    source = FakeSource({hour: draw_rows(number) for number, hour in enumerate(hours)})
    bench = set_up(store, now=start + DELAY, source=source, schedule=hourly, catch_up=catch_up)
    bench.clock.move_to(start + missed * HOUR + DELAY)
    began = time.monotonic()

    bench.plan()

    seconds = time.monotonic() - began
    rows, slots = bench.verdicts(), bench.waiting()
    windows = [*(row.window for row in rows), *(slot.window for slot in slots)]
    assert [window.start for window in windows] == [start + number * HOUR for number in range(missed)]
    assert {row.verdict.word.value for row in rows} <= {"not_evaluated"}
    assert len(slots) == min(missed, {"all": 96}.get(policy, 1))
    assert seconds < 60
