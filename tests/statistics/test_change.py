from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts, empty_counts
from driftwatch.profiles.grid import Grid, NumberGrid
from driftwatch.statistics.change import find_change
from driftwatch.statistics.change_kind import Change, ChangeKind
from tests.support.columns import pair_categories, pair_numbers
from tests.support.strategies import category_counts, category_grids, number_counts, number_grids

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]

COLUMNS: dict[str, Draw] = {
    "normal": lambda rng, rows: rng.normal(100, 15, rows),
    "lognormal": lambda rng, rows: rng.lognormal(3, 1, rows).round(2),
    "exponential": lambda rng, rows: rng.exponential(10, rows),
    "uniform": lambda rng, rows: rng.uniform(20, 30, rows),
    "kelvin": lambda rng, rows: rng.normal(290, 9, rows).round(1),
    "counts": lambda rng, rows: rng.poisson(6, rows).astype(float),
}
# Where sums of floats end, counting ends too.
EXTREME = st.floats(allow_nan=False, min_value=-1e300, max_value=1e300) | st.just(math.inf)

every_column = pytest.mark.parametrize("column", COLUMNS)


def see(
    column: str, change: Callable[[Floats], Floats], *, rows: tuple[int, int] = (8000, 3000)
) -> Change | None:
    rng = np.random.default_rng(sum(map(ord, column)))
    usual, fresh = COLUMNS[column](rng, rows[0]), COLUMNS[column](rng, rows[1])
    return find_change(*pair_numbers(usual, change(fresh)))


def put(value: float, share: float) -> Callable[[Floats], Floats]:
    def change(rows: Floats) -> Floats:
        changed = rows.copy()
        changed[: int(share * len(rows))] = value
        return changed

    return change


@every_column
def test_nothing_is_said_of_a_column_without_a_change(column: str) -> None:
    assert see(column, lambda rows: rows) is None


@every_column
@pytest.mark.parametrize("factor", [1000, 60, 0.01])
def test_a_well_known_factor_is_another_unit(column: str, factor: float) -> None:
    found = see(column, lambda rows: rows * factor)

    assert found is not None
    assert found.kind is ChangeKind.UNIT
    assert (found.factor, found.offset) == pytest.approx((factor, 0))
    assert found.explained > 0.9


@pytest.mark.parametrize(
    ("factor", "offset"),
    [(1.0, -273.15), (1.8, -459.67), (1.8, 32.0), (-1.0, 0.0), (1 / 1.8, -32 / 1.8), (1.0, 273.15)],
)
def test_a_temperature_in_another_unit_is_told(factor: float, offset: float) -> None:
    found = see("kelvin", lambda rows: (factor * rows + offset).round(1))

    assert found is not None
    assert found.kind is ChangeKind.UNIT
    assert (found.factor, found.offset) == pytest.approx((factor, offset))


@every_column
def test_a_factor_that_is_no_unit_is_a_scale(column: str) -> None:
    found = see(column, lambda rows: rows * 1.5)

    assert found is not None
    assert found.kind is ChangeKind.SCALE
    assert found.factor == pytest.approx(1.5, rel=0.08)


@pytest.mark.parametrize("column", ["normal", "lognormal", "kelvin"])
@pytest.mark.parametrize("factor", [1.6, 0.5])
def test_values_further_apart_or_closer_are_a_scale_around_the_middle(column: str, factor: float) -> None:
    middle = float(np.median(COLUMNS[column](np.random.default_rng(0), 100_000)))

    found = see(column, lambda rows: middle + factor * (rows - middle))

    assert found is not None
    assert found.kind is ChangeKind.SCALE
    assert found.factor == pytest.approx(factor, rel=0.1)
    assert found.offset == pytest.approx(middle * (1 - factor), rel=0.2)


@pytest.mark.parametrize(
    ("column", "by"), [("normal", -15), ("lognormal", 12), ("uniform", 4), ("counts", 3)]
)
def test_a_shift_is_told_with_both_medians(column: str, by: float) -> None:
    found = see(column, lambda rows: rows + by)

    assert found is not None
    assert (found.kind, found.factor) == (ChangeKind.SHIFT, 1)
    assert found.offset == pytest.approx(by, rel=0.1)
    assert found.before is not None
    assert found.after == pytest.approx(found.before + by, abs=0.1 * abs(by))


def test_a_shift_far_beyond_the_range_is_a_shift() -> None:
    found = see("normal", lambda rows: rows + 1000)

    assert found is not None
    assert found.kind is ChangeKind.SHIFT
    assert found.offset == pytest.approx(1000, rel=0.01)
    assert found.after == pytest.approx(1100, rel=0.01)


def test_a_shift_with_a_scale_is_told_as_both() -> None:
    found = see("normal", lambda rows: 2 * rows - 70)

    assert found is not None
    assert found.kind is ChangeKind.SHIFT
    assert found.factor == pytest.approx(2, rel=0.1)
    assert found.offset == pytest.approx(-70, abs=15)


@every_column
@pytest.mark.parametrize("value", [-999.0, 1e6, math.inf])
def test_a_flood_of_one_value_is_told_with_the_value(column: str, value: float) -> None:
    found = see(column, put(value, 0.2))

    assert found is not None
    assert (found.kind, found.value, found.usual_share) == (ChangeKind.FLOOD, value, 0)
    assert found.share == pytest.approx(0.2, abs=0.002)


def test_a_flood_of_a_usual_value_has_its_usual_share_beside_it() -> None:
    found = see("counts", put(0.0, 0.3))

    assert found is not None
    assert (found.kind, found.value, found.is_exact) == (ChangeKind.FLOOD, 0, True)
    assert found.usual_share == pytest.approx(math.exp(-6), abs=0.003)


def test_a_flood_between_two_points_is_told_as_about_so_much() -> None:
    found = see("normal", put(100.1234567, 0.3))

    assert found is not None
    assert (found.kind, found.is_exact) == (ChangeKind.FLOOD, False)
    assert found.value == pytest.approx(100.1234567, abs=0.1)


@pytest.mark.parametrize("column", ["normal", "lognormal", "exponential", "uniform"])
@pytest.mark.parametrize("is_above", [True, False])
def test_values_put_at_a_bound_are_a_truncation(column: str, *, is_above: bool) -> None:
    rng = np.random.default_rng(1)
    bound = float(np.quantile(COLUMNS[column](rng, 50_000), 0.8 if is_above else 0.2))

    found = see(column, lambda rows: np.minimum(rows, bound) if is_above else np.maximum(rows, bound))

    assert found is not None
    assert (found.kind, found.value, found.is_above) == (ChangeKind.TRUNCATION, bound, is_above)
    assert found.share == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("is_above", [True, False])
def test_rows_that_are_gone_beyond_a_bound_are_a_truncation(*, is_above: bool) -> None:
    bound = 110.0 if is_above else 90.0

    found = see("normal", lambda rows: rows[rows <= bound] if is_above else rows[rows >= bound])

    assert found is not None
    assert (found.kind, found.is_above) == (ChangeKind.TRUNCATION, is_above)
    assert found.value == pytest.approx(bound, abs=0.1)
    assert found.share == pytest.approx(0.25, abs=0.02)


def test_a_part_of_the_rows_that_moved_far_is_no_simple_story() -> None:
    found = see("exponential", lambda rows: np.where(np.arange(len(rows)) % 3 == 0, rows + 15, rows))

    assert found is not None
    assert found.kind is ChangeKind.OTHER
    assert found.explained == 0


@every_column
def test_missing_values_are_told_where_the_others_are_as_before(column: str) -> None:
    found = see(column, put(math.nan, 0.2))

    assert found is not None
    assert (found.kind, found.share, found.usual_share) == (ChangeKind.MISSING, 0.2, 0)


def test_a_shift_is_told_before_a_few_missing_values() -> None:
    found = see("normal", lambda rows: put(math.nan, 0.05)(rows + 30))

    assert found is not None
    assert found.kind is ChangeKind.SHIFT


def test_all_values_missing_are_missing() -> None:
    found = see("normal", put(math.nan, 1.0))

    assert found is not None
    assert (found.kind, found.share) == (ChangeKind.MISSING, 1)


def test_all_values_infinite_are_a_flood() -> None:
    found = see("normal", put(-math.inf, 1.0))

    assert found is not None
    assert (found.kind, found.value, found.share) == (ChangeKind.FLOOD, -math.inf, 1)


def test_a_constant_that_became_another_is_a_flood() -> None:
    found = find_change(*pair_numbers([5.0] * 500, [7.0] * 300))

    assert found is not None
    assert (found.kind, found.value, found.share) == (ChangeKind.FLOOD, 7, 1)


def test_infinite_reference_rows_that_became_numbers_are_no_simple_story() -> None:
    found = find_change(*pair_numbers([math.inf] * 500, [1.0] * 300))

    assert found is not None
    assert (found.kind, found.before) == (ChangeKind.OTHER, None)


@every_column
def test_small_samples_of_the_same_kind_are_nearly_never_said_to_have_changed(column: str) -> None:
    rng = np.random.default_rng(2)
    found = [
        find_change(*pair_numbers(COLUMNS[column](rng, 400), COLUMNS[column](rng, 200))) for _ in range(60)
    ]

    assert found.count(None) >= 59


@given(data=st.data())
@settings(deadline=None, max_examples=50)
def test_equal_data_never_have_a_change(data: st.DataObject) -> None:
    grid = data.draw(st.one_of(number_grids(), category_grids()))
    counts = data.draw(draw_counts(grid))

    assert find_change(counts, counts) is None
    assert find_change(counts, counts + counts) is None
    assert find_change(counts, empty_counts(grid)) is None


@given(data=st.data())
@settings(deadline=None, max_examples=50)
def test_whatever_happens_the_numbers_make_sense(data: st.DataObject) -> None:
    grid = data.draw(st.one_of(number_grids(), category_grids()))
    usual, moved = data.draw(draw_counts(grid)), data.draw(draw_counts(grid))
    for _ in range(5):
        usual, moved = usual + usual, moved + moved

    check(find_change(usual, moved))


@given(
    usual=st.lists(EXTREME, min_size=1, max_size=8),
    moved=st.lists(EXTREME, min_size=1, max_size=8),
)
@settings(deadline=None, max_examples=50)
def test_the_largest_and_smallest_floats_there_are_do_no_harm(usual: list[float], moved: list[float]) -> None:
    check(find_change(*pair_numbers(usual * 60, moved * 60)))


def draw_counts(grid: Grid) -> st.SearchStrategy[Counts]:
    return number_counts(grid) if isinstance(grid, NumberGrid) else category_counts(grid)


def check(found: Change | None) -> None:
    if found is not None:
        assert 0 <= found.explained <= 1
        assert found.share is None or 0 <= found.share <= 1
        assert found.usual_share is None or 0 <= found.usual_share <= 1
        assert (found.factor is None) == (found.kind not in {"shift", "scale", "unit"})


@given(factor=st.floats(0.9, 1.1), seed=st.integers(0, 50))
@settings(deadline=None, max_examples=30)
def test_a_small_factor_is_never_another_unit(factor: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    usual, moved = rng.normal(100, 30, 3000), rng.normal(100, 30, 1000) * factor

    found = find_change(*pair_numbers(usual, moved))

    assert found is None or found.kind is not ChangeKind.UNIT


def test_names_have_changes_of_their_own() -> None:
    found = find_change(*pair_categories(["a"] * 500 + ["b"] * 500, ["a"] * 400 + ["b"] * 100))

    assert found is not None
    assert (found.kind, found.name, found.share) == (ChangeKind.MIX, "a", 0.8)


def test_a_column_takes_a_few_milliseconds() -> None:
    rng = np.random.default_rng(3)
    pairs = [pair_numbers(rng.normal(size=50_000), rng.normal(size=5000) * 10) for _ in range(5)]

    started = time.perf_counter()
    for pair in pairs:
        find_change(*pair)

    # Measured: 2 ms each; a busy machine takes longer.
    assert time.perf_counter() - started < 5 * 0.05
