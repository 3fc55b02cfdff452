from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.calibration.baseline import Settings, build_baseline, measure_blocks
from driftwatch.calibration.dirty import OddBlock, Oddity, find_odd_blocks
from driftwatch.profiles.build import build_reference
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.window import Window

_START = datetime(2024, 1, 1, tzinfo=UTC)  # A Monday.


def day(number: int) -> Window:
    start = _START + timedelta(days=number)
    return Window(start=start, end=start + timedelta(days=1))


def draw(number: int, *, shift: float = 0.0, rows: int = 300, seed: int = 0) -> pa.Table:
    """Return the rows of a day: two numbers that wobble a little, and a category."""
    rng = np.random.default_rng([seed, number])
    wobble = rng.normal(scale=0.05, size=2)
    return pa.table(
        {
            "amount": rng.normal(loc=shift + wobble[0], size=rows),
            "steady": rng.normal(loc=wobble[1], size=rows),
            "plan": rng.choice(["a", "b", "c"], p=[0.5, 0.3, 0.2], size=rows),
        }
    )


def find(days: Mapping[int, pa.Table], *, timezone: str = "UTC") -> tuple[OddBlock, ...]:
    reference = build_reference([(day(n), rows) for n, rows in sorted(days.items())], ColumnOptions())
    baseline = build_baseline(reference, Settings(timezone=timezone))
    return find_odd_blocks(reference, baseline, measure_blocks(baseline))


def name(found: tuple[OddBlock, ...]) -> list[tuple[int, str]]:
    return [((one.window.start - _START).days, one.why.value) for one in found]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("days", [10, 56])
def test_nothing_is_odd_in_a_clean_reference(seed: int, days: int) -> None:
    assert find({n: draw(n, seed=seed) for n in range(days)}) == ()


@pytest.mark.parametrize("seed", range(2))
def test_a_single_bad_day_is_named_with_what_is_unlike_the_others(seed: int) -> None:
    found = find({n: draw(n, shift=1.5 if n == 9 else 0.0, seed=seed) for n in range(28)})

    assert name(found) == [(9, "odd")]
    assert found[0].text.startswith("is unlike the others: the values of amount score ")


@pytest.mark.parametrize("length", [3, 7])
def test_a_drifted_week_is_named_day_by_day_though_its_days_are_alike(length: int) -> None:
    bad = range(10, 10 + length)

    found = find({n: draw(n, shift=1.0 if n in bad else 0.0) for n in range(28)})

    assert name(found) == [(n, "odd") for n in bad]


def test_where_half_of_the_reference_differs_nobody_can_say_which_half_is_odd() -> None:
    assert find({n: draw(n, shift=1.0 if n < 14 else 0.0) for n in range(28)}) == ()


def test_what_comes_and_goes_all_the_time_is_how_a_column_is() -> None:
    rainy = {3, 7, 12, 17, 21, 25}

    assert find({n: draw(n, shift=1.5 if n in rainy else 0.0) for n in range(56)}) == ()


def test_a_bad_day_is_found_beside_a_restless_column() -> None:
    days = {n: draw(n) for n in range(56)}
    for n in (3, 7, 12, 17, 21, 25):
        days[n] = draw(n).set_column(1, "steady", pa.array(np.random.default_rng(n).normal(2.0, size=300)))
    days[30] = draw(30, shift=1.5)

    assert (30, "odd") in name(find(days))
    assert len(find(days)) == 1


def test_a_day_with_a_tenth_of_the_rows_is_odd() -> None:
    found = find({n: draw(n, rows=30 if n == 5 else 300 + 5 * (n % 7)) for n in range(28)})

    assert name(found) == [(5, "odd")]
    assert "the number of rows" in found[0].text


def test_an_empty_day_is_named() -> None:
    days = {n: draw(n) for n in range(28)} | {11: pa.table({})}

    assert find(days) == (OddBlock(window=day(11), why=Oddity.EMPTY, text="has no rows"),)


def test_days_that_are_empty_by_habit_are_not() -> None:
    days = {n: pa.table({}) if n % 7 == 6 else draw(n) for n in range(28)}

    assert find(days) == ()


def test_a_day_that_is_empty_beside_those_of_habit_is_named() -> None:
    days = {n: pa.table({}) if n % 7 == 6 or n == 8 else draw(n) for n in range(28)}

    assert name(find(days)) == [(8, "empty")]


def test_a_day_that_was_delivered_twice_is_named_by_the_second_and_says_which_the_first_was() -> None:
    days = {n: draw(n) for n in range(28)} | {13: draw(12), 20: draw(12)}

    found = find(days)

    assert name(found) == [(13, "repeated"), (20, "repeated")]
    assert found[0].text == "holds the same counts as the block from 2024-01-13 00:00 UTC"


def test_equal_counts_that_chance_makes_are_no_repetition() -> None:
    same = pa.table({"plan": ["a", "a", "b"]})

    assert find(dict.fromkeys(range(28), same)) == ()


def test_a_short_reference_has_nothing_to_compare_its_blocks_with_but_rows() -> None:
    days = {n: draw(n, shift=3.0 if n == 2 else 0.0) for n in range(6)} | {4: draw(1)}

    assert name(find(days)) == [(4, "repeated")]


def test_a_reference_without_time_has_no_block_to_name() -> None:
    reference = build_reference([(None, draw(1))], ColumnOptions())
    baseline = build_baseline(reference, Settings())

    assert find_odd_blocks(reference, baseline, measure_blocks(baseline)) == ()


def test_days_are_compared_with_those_of_their_season() -> None:
    weekend = {n: draw(n, shift=2.0 if n % 7 >= 5 else 0.0) for n in range(70)}

    assert find(weekend) == ()
    assert name(find(weekend | {33: draw(33)})) == [(33, "odd")]
