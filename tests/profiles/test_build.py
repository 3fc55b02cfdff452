from __future__ import annotations

import datetime as dt
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.errors import DataError
from driftwatch.profiles.build import build_reference, count_rows
from driftwatch.profiles.columns import ColumnOptions, mark_text
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.times import TimeColumn
from driftwatch.profiles.window import Window

START = datetime(2013, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
T = TimeColumn(columns=("t",))


def build(columns: dict[str, Any], options: ColumnOptions | None = None) -> Reference:
    return build_reference([(None, pa.table(columns))], options or ColumnOptions())


def skipped(reference: Reference) -> dict[str, str]:
    return {column.column: column.why for column in reference.skipped}


def hours(count: int) -> list[datetime]:
    return [START + timedelta(hours=place) for place in range(count)]


def test_ids_keys_time_columns_and_excluded_columns_are_skipped_with_the_reason() -> None:
    columns = {
        "t": hours(4),
        "id": [4, 7, 5, 6],
        "name": ["a", "b", "c", "d"],
        "order": [1, 1, 2, 2],
        "note": ["x", "x", "y", "y"],
        "amount": [0.1, 0.2, 0.3, 0.4],
    }

    reference = build(columns, ColumnOptions(time=T, key=("order",), exclude=("note",)))

    assert skipped(reference) == {
        "t": "the time column",
        "id": "all values differ",
        "name": "all values differ",
        "order": "a key column",
        "note": "excluded by the configuration",
    }
    assert list(reference.grids) == ["amount"]


def test_parts_of_the_time_column_are_skipped_as_numbers_and_as_names() -> None:
    times = hours(24 * 400)
    columns = {
        "t": times,
        "year": [t.year for t in times],
        "mnth": [t.month for t in times],
        "iso_week": [t.isocalendar().week for t in times],
        "dow": [t.isoweekday() % 7 for t in times],
        "hr": [t.hour for t in times],
        "month_name": [t.strftime("%B") for t in times],
        "weekday": [t.strftime("%a") for t in times],
        "date": [t.strftime("%Y-%m-%d") for t in times],
        "yyyymmdd": [int(t.strftime("%Y%m%d")) for t in times],
        "day": [t.date() for t in times],
        "slow": [t.isocalendar().week % 7 for t in times],
    }

    reference = build(columns, ColumnOptions(time=T))

    assert all("calendar column" in skipped(reference)[name] for name in columns if name not in ("t", "slow"))
    assert list(reference.grids) == ["slow"]


def test_parts_in_two_digits_and_quarters_by_name_are_calendar_columns_and_other_codes_are_not() -> None:
    times = hours(24 * 400)
    columns = {
        "t": times,
        "mm": [t.strftime("%m") for t in times],
        "hh": [t.strftime("%H") for t in times],
        "quarter": [f"Q{(t.month - 1) // 3 + 1}" for t in times],
        "billed": [t.strftime("%Y-%m") for t in times],
        "code": [f"0{t.hour % 7}" for t in times],
    }

    reference = build(columns, ColumnOptions(time=T))

    assert {name: why.split()[-5] for name, why in skipped(reference).items() if name != "t"} == {
        "mm": "month",
        "hh": "hour",
        "quarter": "quarter",
        "billed": "month",
    }
    assert list(reference.grids) == ["code"]


def test_a_part_is_taken_in_the_monitors_time_zone() -> None:
    times = hours(48)
    local = [(t - timedelta(hours=5)).hour for t in times]

    reference = build({"t": times, "h": local}, ColumnOptions(time=T, timezone="America/New_York"))

    assert "hour" in skipped(reference)["h"]


def test_a_constant_that_happens_to_be_the_month_is_judged_unless_its_name_says_month() -> None:
    columns = {"t": hours(48), "is_active": [1] * 48, "month": [1] * 48}

    reference = build(columns, ColumnOptions(time=T))

    assert list(reference.grids) == ["is_active"]
    assert "month" in skipped(reference)["month"]


def test_a_counter_that_grows_from_block_to_block_is_skipped_and_a_slow_feature_is_not() -> None:
    columns = {
        "t": hours(96),
        "counter": np.repeat(np.arange(48), 2),
        "index": np.repeat([100.0, 100.0, 101.0, 101.0], 24),
    }

    reference = build(columns, ColumnOptions(time=T))

    assert skipped(reference)["counter"] == "grows with time"
    assert "index" in reference.grids


def test_included_columns_are_judged_whatever_they_are() -> None:
    columns = {"t": hours(48), "hour": [t.hour for t in hours(48)], "id": range(48), "x": [1.0, 2.0] * 24}

    reference = build(columns, ColumnOptions(time=T, include=("hour", "id")))

    assert sorted(reference.grids) == ["hour", "id"]


def test_a_kind_that_the_user_gives_overrides_what_the_values_look_like() -> None:
    reference = build({"zip": [75001, 75002, 75001]}, ColumnOptions(kinds={"zip": "category"}))

    assert reference.grids["zip"].kind == "category"


@pytest.mark.parametrize(
    "options",
    [ColumnOptions(include=("nope",)), ColumnOptions(kinds={"nope": "number"}), ColumnOptions(key=("nope",))],
)
def test_a_setting_that_names_an_unknown_column_lists_the_known_ones(options: ColumnOptions) -> None:
    with pytest.raises(DataError, match=r"names 'nope', which the reference does not have; .* a, b"):
        build({"a": [1.0], "b": [2.0]}, options)


def test_an_empty_reference_is_refused() -> None:
    with pytest.raises(DataError, match="the reference is empty"):
        build({"a": pa.array([], pa.float64())})


def test_blocks_are_kept_apart_and_add_up_to_the_whole_empty_ones_included() -> None:
    days = [Window(start=START + DAY * place, end=START + DAY * (place + 1)) for place in range(3)]
    tables = [
        pa.table({"x": [1.0, 2.0]}),
        pa.table({"x": pa.array([], pa.float64())}),
        pa.table({"x": [2.0, 3.0]}),
    ]

    reference = build_reference(list(zip(days, tables, strict=True)), ColumnOptions())

    assert [block.profile.rows for block in reference.blocks] == [2, 0, 2]
    assert reference.total.columns["x"].cells[1::2].tolist() == [1, 2, 1]


def test_parts_of_one_window_are_one_block() -> None:
    window = Window(start=datetime(2024, 1, 1, tzinfo=UTC), end=datetime(2024, 1, 2, tzinfo=UTC))
    parts = [(window, pa.table({"a": [1.0, 2.0]})), (window, pa.table({"a": [2.0, None]}))]

    (block,) = build_reference(parts, ColumnOptions()).blocks

    assert (block.window, block.profile.rows) == (window, 4)
    assert (block.profile.columns["a"].values, block.profile.columns["a"].missing) == (3, 1)


def test_a_date_column_is_counted_by_its_age_at_the_end_of_each_block() -> None:
    days = [Window(start=START + DAY * place, end=START + DAY * (place + 1)) for place in range(2)]
    born = [dt.date(2012, 12, 31), dt.date(2013, 1, 1)]
    parts = [(day, pa.table({"born": [date, date]})) for day, date in zip(days, born, strict=True)]

    reference = build_reference(parts, ColumnOptions())

    assert reference.grids["born"].kind == "time"
    assert reference.total.columns["born"].cells.tolist() == [0, 4, 0]


def test_files_with_different_types_of_one_column_give_one_grid() -> None:
    parts = [(None, pa.table({"x": pa.array([1, 2, 2], pa.int32())})), (None, pa.table({"x": [2.5]}))]

    reference = build_reference(parts, ColumnOptions())

    assert reference.total.columns["x"].values == 4


def test_a_column_that_the_batch_lacks_is_absent_and_the_others_are_counted() -> None:
    reference = build({"x": [1.0, 2.0], "y": [1.0, 2.0]})

    profile = count_rows(reference.grids, pa.table({"y": [1.0], "z": [3.0]}), ColumnOptions())

    assert profile.absent == frozenset({"x"})
    assert profile.extra == frozenset({"z"})
    assert profile.columns["x"].missing == 1
    assert profile.columns["y"].values == 1


def test_a_key_column_that_vanished_is_absent() -> None:
    options = ColumnOptions(key=("id",))
    reference = build({"x": [1.0, 2.0], "id": [1, 2]}, options)

    profile = count_rows(reference.grids, pa.table({"x": [1.0]}), options)

    assert profile.absent == frozenset({"id"})
    assert profile.keys is None


def test_profiles_of_two_halves_add_up_to_that_of_the_whole() -> None:
    options = ColumnOptions(key=("id",))
    rng = np.random.default_rng(0)
    table = pa.table(
        {"x": rng.normal(size=100), "c": rng.choice(["a", "b"], 100), "id": rng.integers(0, 50, 100)}
    )
    grids = build_reference([(None, table)], options).grids

    whole = count_rows(grids, table, options)
    added = count_rows(grids, table.slice(0, 30), options) + count_rows(grids, table.slice(30), options)

    assert added.rows == whole.rows
    assert added.keys is not None
    assert whole.keys is not None
    assert added.keys.repeated_rows == whole.keys.repeated_rows
    for name in grids:
        assert np.array_equal(added.columns[name].cells, whole.columns[name].cells)


def test_an_id_in_text_is_one_although_words_for_missing_stand_among_the_numbers() -> None:
    ids = mark_text(pa.table({"id": ["4", "NA", "7", "?", "5"]}), "parse")

    reference = build_reference([(None, ids)], ColumnOptions(missing=("?",)))

    assert skipped(reference) == {"id": "all values differ"}


def test_a_column_of_nulls_alone_has_no_values_whatever_its_type() -> None:
    reference = build({"x": [1.0, 1.0], "typed": pa.nulls(2, pa.string()), "untyped": pa.nulls(2)})

    assert skipped(reference) == {
        "typed": "no values in the reference",
        "untyped": "no values in the reference",
    }
