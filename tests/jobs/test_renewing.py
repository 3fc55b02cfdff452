from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from driftwatch.jobs.parts import Parts
from driftwatch.jobs.renewing import keep_claimed
from driftwatch.store.database import Database
from driftwatch.store.slots import Claim, claim_slot, open_slots, plan_slots
from tests.support.incidents import day
from tests.support.monitors import Bench, set_up

LEASE = timedelta(seconds=0.15)
HOUR = timedelta(hours=1)


@pytest.fixture
def bench(database: Database) -> Bench:
    bench = set_up(database, now=day(2).start)
    database.write(lambda tx: plan_slots(tx, bench.watch.row, [(day(1), day(1).end)]))
    return bench


def build_parts(bench: Bench) -> Parts:
    return replace(bench.parts, lease=LEASE)


def claim_day(bench: Bench, owner: str) -> Claim | None:
    now = bench.clock.now()
    return bench.parts.database.write(lambda tx: claim_slot(tx, bench.watch.row, day(1), owner, LEASE, now))


def read_until(bench: Bench) -> datetime | None:
    return bench.parts.database.read(lambda tx: open_slots(tx, bench.watch.row))[0].claim_until


def wait_for(is_so: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(500):
        if is_so():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come about within 5 seconds")


def test_a_claim_is_renewed_by_the_stores_time_while_work_goes_on(bench: Bench) -> None:
    claim = claim_day(bench, "a")
    assert claim is not None
    bench.clock.advance(HOUR)

    with keep_claimed(build_parts(bench), claim):
        wait_for(lambda: read_until(bench) == bench.clock.now() + LEASE)
        assert claim_day(bench, "b") is None

    bench.clock.advance(HOUR)
    assert claim_day(bench, "b") is not None


def test_nothing_is_renewed_for_who_was_overtaken(bench: Bench) -> None:
    claim = claim_day(bench, "a")
    bench.clock.advance(HOUR)
    other = claim_day(bench, "b")
    assert claim is not None
    assert other is not None

    parts = build_parts(bench)
    with keep_claimed(parts, claim):
        assert parts.renewals.is_kept("flights")
        wait_for(lambda: not parts.renewals.is_kept("flights"))

    assert read_until(bench) == other.until


def test_nothing_is_renewed_after_the_work(bench: Bench) -> None:
    claim, parts = claim_day(bench, "a"), build_parts(bench)
    assert claim is not None

    with keep_claimed(parts, claim):
        assert parts.renewals.is_kept("flights")

    assert not parts.renewals.is_kept("flights")
