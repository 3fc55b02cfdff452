from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from driftwatch.config.survey import survey_file, survey_table
from driftwatch.errors import DataError, SourceError, UsageError
from tests.support.warehouse import Warehouse, warehouse

__all__ = ["warehouse"]

START = datetime(2024, 1, 1, tzinfo=UTC)


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def write_times(path: Path, count: int, step: timedelta, start: datetime = START) -> str:
    rows: Iterator[Mapping[str, Any]] = ({"at": (start + step * n).isoformat(), "v": n} for n in range(count))
    return write(path, [dict(row) for row in rows])


@pytest.mark.parametrize(
    ("count", "step", "window"),
    [
        # Enough days, with rows enough in each.
        (30 * 480, timedelta(minutes=3), timedelta(days=1)),
        # Enough days, but few rows in each: a week has enough.
        (200 * 48, timedelta(minutes=30), timedelta(weeks=1)),
        # Few rows everywhere: the longest window of which there are twenty.
        (60, timedelta(days=1), timedelta(days=1)),
        (150, timedelta(days=1), timedelta(weeks=1)),
        # Two days: hours.
        (2 * 24 * 300, timedelta(seconds=12), timedelta(hours=1)),
        # Too little for anything: the shortest.
        (10, timedelta(seconds=1), timedelta(minutes=15)),
        (1, timedelta(seconds=1), timedelta(minutes=15)),
    ],
)
def test_the_window_is_the_longest_that_has_enough_of_its_kind_and_rows_enough(
    count: int, step: timedelta, window: timedelta, tmp_path: Path
) -> None:
    facts = survey_file(write_times(tmp_path / "rows.csv", count, step), tmp_path)

    assert facts.window == window


def test_the_reference_is_the_first_half_in_whole_windows(tmp_path: Path) -> None:
    path = write_times(tmp_path / "rows.csv", 30 * 480, timedelta(minutes=3))

    facts = survey_file(path, tmp_path)

    assert (facts.reference_from, facts.reference_to) == (START, START + timedelta(days=14))


def test_the_reference_has_at_most_56_windows(tmp_path: Path) -> None:
    path = write_times(tmp_path / "rows.csv", 130 * 240, timedelta(minutes=6))

    facts = survey_file(path, tmp_path)

    assert facts.window == timedelta(days=1)
    assert facts.reference_to - facts.reference_from == timedelta(days=56)


@pytest.mark.parametrize(
    ("late", "first"),
    [
        (timedelta(0), START),
        (timedelta(minutes=30), START),
        (timedelta(hours=2), START + timedelta(days=1)),
        (timedelta(hours=23), START + timedelta(days=1)),
    ],
)
def test_a_first_window_that_is_cut_off_is_no_example_of_a_window(
    late: timedelta, first: datetime, tmp_path: Path
) -> None:
    path = write_times(tmp_path / "rows.csv", 40 * 480, timedelta(minutes=3), START + late)

    assert survey_file(path, tmp_path).reference_from == first


def test_one_row_still_makes_a_reference_of_one_window(tmp_path: Path) -> None:
    path = write_times(tmp_path / "rows.csv", 1, timedelta(0), START + timedelta(minutes=7))

    facts = survey_file(path, tmp_path)

    assert (facts.reference_from, facts.reference_to) == (START, START + timedelta(minutes=15))


def test_rows_without_a_time_are_no_reason_to_give_up(tmp_path: Path) -> None:
    rows = [{"at": START + timedelta(hours=n) if n % 3 else "", "v": n} for n in range(600)]

    facts = survey_file(write(tmp_path / "rows.csv", rows), tmp_path)

    assert facts.time_column == "at"
    assert facts.reference_from == START


def test_a_time_column_that_is_named_is_taken(tmp_path: Path) -> None:
    rows = [
        {"at": START + timedelta(hours=n), "loaded": START + timedelta(days=400, hours=n)} for n in range(600)
    ]
    path = write(tmp_path / "rows.csv", rows)

    facts = survey_file(path, tmp_path, "loaded")

    assert facts.time_column == "loaded"
    assert facts.reference_from >= START + timedelta(days=400)


@pytest.mark.parametrize(
    ("name", "monitor"),
    [
        ("rows.csv", "rows"),
        ("Card Payments (EU).v2.csv", "card-payments-eu"),
        ("été.csv", "t"),
        ("数据.csv", "data"),
    ],
)
def test_the_monitor_is_called_after_the_file(name: str, monitor: str, tmp_path: Path) -> None:
    facts = survey_file(write_times(tmp_path / name, 30, timedelta(hours=1)), tmp_path)

    assert facts.id == monitor


def test_a_file_is_named_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path = write_times(tmp_path / "data" / "rows.csv", 30, timedelta(hours=1))

    assert survey_file(path, tmp_path).path == "data/rows.csv"
    assert survey_file(path, tmp_path / "elsewhere").path == path


@pytest.mark.parametrize("given", ["data", "data/*.csv"])
def test_the_files_of_a_folder_are_surveyed_together(given: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for day in range(40):
        start = START + timedelta(days=day)
        write_times(tmp_path / "data" / f"{start:%Y-%m-%d}.csv", 300, timedelta(minutes=4), start)
    (tmp_path / "data" / "notes.md").write_text("what these are")
    (tmp_path / "data" / "old.csv").mkdir()

    facts = survey_file(str(tmp_path / given), tmp_path)

    assert (facts.id, facts.path, facts.window) == ("data", "data/*.csv", timedelta(days=1))
    assert facts.reference_to >= START + timedelta(days=19)


def test_the_monitor_of_a_pattern_is_called_after_what_is_fixed_in_it(tmp_path: Path) -> None:
    write_times(tmp_path / "orders-2024.csv", 30, timedelta(hours=1))

    assert survey_file(str(tmp_path / "orders-*.csv"), tmp_path).id == "orders"


def test_a_folder_of_several_kinds_or_of_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no data file; name a file, or a pattern such as"):
        survey_file(str(tmp_path), tmp_path)
    for name in ("a.csv", "b.jsonl"):
        (tmp_path / name).write_text("")
    with pytest.raises(UsageError, match=r"holds files of several kinds \(\.csv, \.jsonl\)"):
        survey_file(str(tmp_path), tmp_path)
    with pytest.raises(UsageError, match="no file fits"):
        survey_file(str(tmp_path / "*.parquet"), tmp_path)


def test_a_column_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    path = write_times(tmp_path / "rows.csv", 30, timedelta(hours=1))

    with pytest.raises(UsageError, match=r"rows\.csv: there is no column 'when'; there are: at, v"):
        survey_file(path, tmp_path, "when")


def test_data_without_times_is_refused_with_the_next_step(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", [{"a": 1, "b": "x"}] * 30)

    with pytest.raises(
        UsageError, match="no column looks like the time of the event; name one with --time-column"
    ):
        survey_file(path, tmp_path)


def test_a_time_column_without_times_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", [{"at": "", "v": 1}] * 30)

    with pytest.raises(UsageError, match=r"rows\.csv: the time column at holds no times"):
        survey_file(path, tmp_path, "at")
    path = write(tmp_path / "rows.csv", [{"at": "soon", "v": 1}] * 30)
    with pytest.raises(DataError, match="'soon', which is not a time"):
        survey_file(path, tmp_path, "at")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or directory"):
        survey_file(str(tmp_path / "rows.csv"), tmp_path)


def test_a_table_with_typed_times_is_surveyed(warehouse: Warehouse) -> None:
    columns = {"Happened At": sa.DateTime(), "v": sa.Integer()}
    naive = START.replace(tzinfo=None)
    rows = [{"Happened At": naive + timedelta(minutes=30) * n, "v": n} for n in range(40 * 48)]
    warehouse.create("Order Lines", columns, rows)

    facts = survey_table(warehouse.url, "Order Lines")

    assert (facts.id, facts.table, facts.url, facts.path) == (
        "order-lines",
        "Order Lines",
        warehouse.url,
        None,
    )
    assert facts.time_column == "Happened At"
    assert facts.window == timedelta(days=1)
    assert (facts.reference_from, facts.reference_to) == (START, START + timedelta(days=19))


def test_a_table_needs_its_name(warehouse: Warehouse) -> None:
    with pytest.raises(UsageError, match="--from URL needs --table TABLE too"):
        survey_table(warehouse.url, None)


def test_a_table_that_is_not_there_is_refused_with_one_that_is(warehouse: Warehouse) -> None:
    warehouse.create("orders", {"at": sa.DateTime()}, [])

    with pytest.raises(DataError, match="no table or view 'order'; did you mean 'orders'"):
        survey_table(warehouse.url, "order")


def test_an_empty_table_is_refused(warehouse: Warehouse) -> None:
    warehouse.create("orders", {"at": sa.DateTime(), "v": sa.Integer()}, [])

    with pytest.raises(UsageError, match="orders: the time column at holds no times"):
        survey_table(warehouse.url, "orders", "at")
