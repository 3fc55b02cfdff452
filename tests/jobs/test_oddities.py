from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from driftwatch.calibration.dirty import OddBlock, Oddity
from driftwatch.jobs.oddities import describe_oddities, inspect_reference, propose_except
from driftwatch.jobs.reference import ensure_reference, read_reference
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from tests.support.incidents import day
from tests.support.monitors import attach, draw_rows, due, make_monitor, make_source

_NOW = due(0)


def odd(number: int, why: Oddity = Oddity.ODD) -> OddBlock:
    return OddBlock(window=day(number), why=why, text="is unlike the others")


def test_a_clean_reference_has_nothing_to_say() -> None:
    monitor = make_monitor(make_source())

    assert inspect_reference(monitor, read_reference(monitor)) == ()
    assert describe_oddities((), "UTC") == []


def test_bad_days_are_named_with_the_setting_that_leaves_them_out() -> None:
    source = make_source()
    source.rows |= {
        day(-9): draw_rows(-9, shift=2.0),
        day(-8): draw_rows(-8, shift=2.0),
        day(-4): pa.table({}),
    }
    source.rows[day(-2)] = source.rows[day(-3)]
    monitor = make_monitor(source)

    lines = describe_oddities(inspect_reference(monitor, read_reference(monitor)), "UTC")

    assert lines[0] == "4 blocks should perhaps not be part of it:"
    assert lines[1].startswith("  2013-01-22 is unlike the others: the values of amount score ")
    assert lines[3:5] == [
        "  2013-01-27 has no rows",
        "  2013-01-29 holds the same counts as the block from 2013-01-28 00:00 UTC",
    ]
    assert lines[-1] == (
        "  except: [{from: 2013-01-22, to: 2013-01-24, why: unlike the others}, "
        "{from: 2013-01-27, to: 2013-01-28, why: no rows}, "
        "{from: 2013-01-29, to: 2013-01-30, why: delivered twice}]"
    )


def test_neighbours_are_one_stretch_only_where_the_reason_is_the_same() -> None:
    found = (odd(1), odd(2), odd(3, Oddity.EMPTY), odd(5))

    assert propose_except(found, "UTC") == (
        "except: [{from: 2013-02-01, to: 2013-02-03, why: unlike the others}, "
        "{from: 2013-02-03, to: 2013-02-04, why: no rows}, "
        "{from: 2013-02-05, to: 2013-02-06, why: unlike the others}]"
    )


def test_times_that_begin_no_day_are_written_in_full() -> None:
    start = datetime(2013, 2, 1, 6, tzinfo=UTC)
    window = Window(start=start, end=start + timedelta(hours=17))
    found = (OddBlock(window=window, why=Oddity.ODD, text="is odd"),)

    assert "from: 2013-02-01T06:00:00Z, to: 2013-02-02," in propose_except(found, "Europe/Paris")
    assert describe_oddities(found, "Europe/Paris")[1] == "  2013-02-01 06:00 UTC is odd"


def test_of_many_blocks_the_first_are_named_and_the_others_counted() -> None:
    lines = describe_oddities([odd(2 * number) for number in range(13)], "UTC")

    assert lines[0] == "13 blocks should perhaps not be part of it:"
    assert lines[11] == "  and 3 more"


def test_a_version_with_odd_blocks_is_warned_of_once(
    store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    source = make_source()
    source.rows[day(-9)] = draw_rows(-9, shift=2.0)
    monitor = make_monitor(source)
    row = attach(store, monitor, _NOW)

    for _ in range(2):
        ensure_reference(store, monitor, row, _NOW)

    (record,) = caplog.records
    said = record.getMessage()
    assert said.startswith(
        "odd blocks in the reference monitor=flights version=1 blocks=1 first=2013-01-22 is "
    )
    assert "`driftwatch reference show flights 1`" in said
