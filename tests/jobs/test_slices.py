"""The search for slices, from an incident that opened to the words that people are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.errors import SourceError
from driftwatch.incidents.incident import Incident, IncidentKind
from driftwatch.incidents.slices import SliceReport
from driftwatch.jobs.cases import find_case
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.lanes import Lanes
from driftwatch.jobs.reader_pool import ReaderPool
from driftwatch.jobs.reading import Reader, ReadingInterrupted
from driftwatch.jobs.slices import search_due, search_incident, start_searches
from driftwatch.statistics.slices import SliceKind
from driftwatch.store.database import Database
from driftwatch.store.slices import find_search
from tests.support.incidents import day
from tests.support.monitors import Bench, draw_rows, make_source, set_up

WINDOW_ROWS = 3_000


def draw_day(number: int) -> pa.Table:
    return draw_rows(number, rows=WINDOW_ROWS)


def make_bench(store: Database, moved: pa.Table, **changes: Any) -> Bench:
    """Return a monitor whose third day is `moved`, and that has opened an incident about it."""
    source = make_source()
    for number in range(-13, 3):
        source.rows[day(number)] = draw_day(number)
    bench = set_up(store, source=source, **changes)
    bench.source.rows[day(3)] = moved
    for number in (1, 2, 3):
        bench.tick_at(day(number).end + bench.monitor.delay)
    return bench


def shift_city(city: str, by: float) -> pa.Table:
    """Return a day on which the amounts of one city alone moved."""
    rows = draw_day(3)
    is_there = np.array(rows["city"].to_pylist()) == city
    return pa.table({"amount": rows["amount"].to_numpy() + by * is_there, "city": rows["city"]})


def find_drift(bench: Bench) -> Incident:
    """Return the drift incident; values beyond the range may have opened another."""
    (incident,) = bench.incidents(IncidentKind.DRIFT)
    return incident


def search(bench: Bench) -> SliceReport:
    found = search_incident(bench.parts, bench.watch, find_drift(bench).id or 0)
    assert found is not None
    return found


def test_the_planted_slice_is_found_and_said_on_page_and_in_the_next_notice(store: Database) -> None:
    bench = make_bench(store, shift_city("rome", 3.0))

    found = search(bench)
    text = find_case(store, [bench.monitor], find_drift(bench).id or 0).text

    (planted,) = found.found
    assert (planted.column, planted.divide, planted.name) == ("amount", "city", "rome")
    assert planted.kind is SliceKind.OWN
    assert planted.share == pytest.approx(0.2, abs=0.01)
    assert (found.rows, found.usual_windows) == (WINDOW_ROWS, 8)
    assert "% of the change in amount is city = `rome`" in text
    bench.source.rows[day(4)] = shift_city("rome", 30.0)
    bench.tick_at(day(4).end + bench.monitor.delay)
    after = find_drift(bench)
    assert after.slice is not None
    assert after.slice in text


def test_a_change_everywhere_names_no_slice(store: Database) -> None:
    bench = make_bench(store, draw_rows(3, rows=WINDOW_ROWS, shift=1.0))

    found = search(bench)

    assert (found.found, found.failed) == ((), None)
    assert find_case(store, [bench.monitor], find_drift(bench).id or 0).incident.slice is None


def test_reading_goes_on_in_a_child_and_finds_the_same(store: Database) -> None:
    from driftwatch.jobs.joint import count_joint_rows
    from driftwatch.profiles.grid import CategoryGrid
    from driftwatch.profiles.joint import Layout, build_divide, build_target

    bench = make_bench(store, shift_city("rome", 3.0))
    total = bench.watch.reference.total.columns
    grid = total["city"].grid
    assert isinstance(grid, CategoryGrid)
    layout = Layout(targets=(build_target("amount", total["amount"]),), divides=(build_divide("city", grid),))
    pool = ReaderPool(1)
    try:
        ours = count_joint_rows(bench.monitor, [day(3)], layout, 10_000)
        theirs = pool.count_joint(bench.monitor, [day(3)], layout, 10_000)
    finally:
        pool.close()

    assert ours.rows == theirs.rows == WINDOW_ROWS
    assert ours.tables[0].tolist() == theirs.tables[0].tolist()


def test_too_many_rows_are_not_read_and_that_is_said(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench(store, shift_city("rome", 3.0))
    monkeypatch.setattr("driftwatch.jobs.slices._MOST_ROWS", WINDOW_ROWS // 2)

    found = search(bench)

    assert found.failed == "the reference has no windows that could be read again"


def test_where_rows_cannot_be_read_the_stored_counts_say_what_they_can(store: Database) -> None:
    rows = draw_rows(3, rows=WINDOW_ROWS, shift=1.0)
    cities = ["cork" if place % 2 else "oslo" for place in range(WINDOW_ROWS)]
    bench = make_bench(store, pa.table({"amount": rows["amount"], "city": cities}))
    for window in list(bench.source.rows):
        bench.source.rows[window] = SourceError("the warehouse is gone", again=True)

    found = search(bench)

    assert "the warehouse is gone" in (found.failed or "")
    assert found.stored is not None
    assert (found.stored.divide, found.stored.name) == ("city", "cork")


def test_it_is_done_in_a_lane_of_its_own_and_once(store: Database) -> None:
    bench = make_bench(store, shift_city("rome", 3.0))
    lanes = Lanes(1)

    start_searches(bench.parts, [bench.watch], lanes, stopping=lambda: False)
    assert lanes.wait(30)
    number = find_drift(bench).id or 0
    row = store.read(lambda tx: find_search(tx, number))
    read = len(bench.source.requests)
    start_searches(bench.parts, [bench.watch], lanes, stopping=lambda: False)
    assert lanes.wait(30)

    assert row is not None
    assert row.document is not None
    assert len(bench.source.requests) == read
    assert search_incident(bench.parts, bench.watch, number) is None


def test_a_search_that_was_cut_off_is_taken_up_again_and_given_up_in_the_end(store: Database) -> None:
    bench = make_bench(store, shift_city("rome", 3.0))
    parts = replace(bench.parts, reader=cast("Reader", Interrupted()))
    number = find_drift(bench).id or 0

    for _ in range(3):
        assert search_incident(parts, bench.watch, number) is None
        bench.clock.advance(timedelta(hours=1))
    found = search_incident(parts, bench.watch, number)

    assert found is not None
    assert found.failed == "it was begun 3 times and never came to an end"


class Interrupted:
    """A reader of a program that is to stop."""

    at_once = 1

    def count_joint(self, *_: object) -> None:
        raise ReadingInterrupted("the program is to stop")


def test_nothing_delays_the_telling(store: Database) -> None:
    bench = make_bench(store, shift_city("rome", 3.0))

    deliver_due(bench.parts)

    assert {one.type for one in bench.channel.sent} == {"incident.opened"}
    assert {one.payload["data"]["incident"]["slice"] for one in bench.channel.sent} == {None}


def test_a_replay_searches_what_wants_it_one_after_the_other(store: Database) -> None:
    bench = make_bench(store, shift_city("rome", 3.0))
    live = len(bench.incidents())

    assert search_due(bench.parts, [bench.watch]) == live
    assert search_due(bench.parts, [bench.watch]) == 0
    assert find_case(store, [bench.monitor], find_drift(bench).id or 0).incident.slice is not None
