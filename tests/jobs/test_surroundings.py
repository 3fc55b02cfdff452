"""What else changed and what was like it, read from a store that lived through it."""

from __future__ import annotations

import pyarrow as pa

from driftwatch.incidents.incident import IncidentKind
from driftwatch.jobs.cases import need_incident
from driftwatch.jobs.surroundings import Around, read_around
from driftwatch.store.database import Database
from tests.support.incidents import day
from tests.support.monitors import Bench, draw_rows, set_up
from tests.support.statements import count_statements


def look(bench: Bench, number: int) -> Around:
    database = bench.parts.database
    row = need_incident(database, number)
    return database.read(lambda tx: read_around(tx, row, bench.monitor, ["flights", "other"]))


def test_where_nothing_else_changed_nothing_is_said(store: Database) -> None:
    bench = set_up(store)
    bench.live("......a")

    around = look(bench, bench.incidents()[0].id or 0)

    assert around.changes == ()
    assert "1 other monitor of the same source" in around.looked_at
    assert around.similar == ()


def test_what_changed_with_the_same_window_is_said(store: Database) -> None:
    bench = set_up(store)
    bench.live("....-")
    moved = draw_rows(6, shift=1.0, rows=600)
    cities = [None if place % 10 == 0 else "oslo" for place in range(600)]
    wide = pa.table({"amount": moved["amount"], "city": cities, "new": ["x"] * 600})
    bench.source.rows[day(6)] = wide
    bench.tick_at(day(6).end + bench.monitor.delay)

    drift = next(one for one in bench.incidents() if one.kind is IncidentKind.DRIFT)
    said = look(bench, drift.id or 0).changes

    assert any(one.startswith("Rows: 600 came, 100 % more than usual") for one in said)
    assert "Also found: 10 % of the rows have no value in city, against none in the reference." in said
    assert "Columns that came with that window: new." in said
    assert "The window just before it had no rows." in said


def test_incidents_of_before_are_shown_with_how_they_ended(store: Database) -> None:
    bench = set_up(store)
    bench.live("..a...a")

    first, second = (one.id or 0 for one in bench.incidents(IncidentKind.DRIFT))
    (similar,) = look(bench, second).similar

    assert (similar.incident.id, similar.shared) == (first, ("amount",))
    assert look(bench, first).similar == ()


def test_the_store_is_asked_as_much_however_long_the_history_is(store: Database) -> None:
    bench = set_up(store)
    bench.live("..a...")
    few = count_statements(lambda: look(bench, bench.incidents()[0].id or 0))

    bench.live("a...a...a...a", first=7)
    last = bench.incidents()[-1].id or 0

    assert count_statements(lambda: look(bench, last)) <= few + 1
    assert few < 18
