"""Tallies add up like the profiles that they are made of, on grids that lose no row."""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.calibration.layout import Layout, build_layout
from driftwatch.calibration.tally import Tally, empty_tally, pack_tally, tally_profile
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from tests.support.batches import build_days, count_day, draw_rows


@pytest.fixture(scope="module")
def reference() -> Reference:
    return build_days([draw_rows(np.random.default_rng(seed), 500) for seed in range(3)])


@pytest.fixture(scope="module")
def layout(reference: Reference) -> Layout:
    return build_layout(reference)


def same(one: Tally, other: Tally) -> bool:
    arrays = ("cells", "rows", "missing")
    numbers = ("volume", "repeated", "keyed")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays) and all(
        getattr(one, name) == getattr(other, name) for name in numbers
    )


def spoil(rows: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Put every kind of odd value into the first number column."""
    odd = rng.choice(np.array([np.nan, np.inf, -np.inf, 0.5]), rows.num_rows)
    lost = pa.array(odd, mask=rng.random(rows.num_rows) < 0.2)
    return rows.set_column(rows.column_names.index("n0"), "n0", lost)


def draw_profile(reference: Reference, seed: int) -> Profile:
    rng = np.random.default_rng(seed)
    return count_day(reference, spoil(draw_rows(rng, int(rng.integers(0, 300))), rng))


@given(most=st.sampled_from([0, 1, 255, 256, 65_535, 65_536, 2**32, 2**40]))
def test_a_packed_tally_is_the_same_when_it_is_unpacked(most: int) -> None:
    tally = Tally(
        cells=np.array([[0, most], [1, 0]]),
        rows=np.array([most, 1]),
        missing=np.array([0, 3]),
        volume=most + 4,
        repeated=1,
        keyed=2,
    )

    packed = pack_tally(tally)

    assert same(packed.unpack(), tally)
    assert packed.unpack().cells.dtype == np.int64
    assert packed.volume == tally.volume


def test_the_counts_of_small_windows_are_kept_in_a_byte_each(layout: Layout, reference: Reference) -> None:
    tally = tally_profile(layout, count_day(reference, draw_rows(np.random.default_rng(9), 200)))

    assert pack_tally(tally).cells.nbytes * 8 == tally.cells.nbytes


@settings(max_examples=20)
@given(seeds=st.lists(st.integers(0, 1000), min_size=1, max_size=4))
def test_the_tally_of_a_sum_is_the_sum_of_the_tallies(seeds: list[int]) -> None:
    built = build_days([draw_rows(np.random.default_rng(0), 300)])
    layout = build_layout(built)
    # Of keys a profile keeps a sample that is thinned when it grows: they are left out here.
    profiles = [draw_profile(built, seed) for seed in seeds]
    tallies = [tally_profile(layout, profile) for profile in profiles]

    together = tally_profile(layout, reduce(add, profiles))

    summed = reduce(add, tallies)
    assert np.array_equal(together.cells, summed.cells)
    assert np.array_equal(together.rows, summed.rows)
    assert np.array_equal(together.missing, summed.missing)
    assert together.volume == summed.volume


def test_adding_has_no_order_and_taking_out_undoes_it(reference: Reference, layout: Layout) -> None:
    one, other = (tally_profile(layout, draw_profile(reference, seed)) for seed in (1, 2))

    assert same(one + other, other + one)
    assert same(one + other - other, one)
    assert same(one + empty_tally(layout), one)


def test_every_row_is_in_a_cell_or_missing_or_unreadable(layout: Layout, reference: Reference) -> None:
    profile = draw_profile(reference, 3)

    tally = tally_profile(layout, profile)

    for place, name in enumerate(layout.columns):
        counts = profile.columns[name]
        assert tally.rows[place] == counts.rows == profile.rows
        assert tally.missing[place] == counts.missing + counts.nan
        infinite = counts.positive_infinite + counts.negative_infinite
        assert tally.cells[place].sum() == counts.values + infinite
    n0 = layout.places["n0"]
    assert tally.cells[n0, 0] >= profile.columns["n0"].negative_infinite > 0
    last = len(layout.starts[n0]) - 1
    assert tally.cells[n0, last] >= profile.columns["n0"].positive_infinite > 0


def test_unreadable_rows_are_rows_without_a_cell(reference: Reference, layout: Layout) -> None:
    rows = draw_rows(np.random.default_rng(5), 100)
    rows = rows.set_column(rows.column_names.index("n1"), "n1", pa.array(["what?"] * 100))

    tally = tally_profile(layout, count_day(reference, rows))

    place = layout.places["n1"]
    assert (tally.rows[place], tally.missing[place], tally.cells[place].sum()) == (100, 0, 0)


def test_an_absent_column_has_no_rows(reference: Reference, layout: Layout) -> None:
    rows = draw_rows(np.random.default_rng(5), 100).drop_columns(["n1"])

    tally = tally_profile(layout, count_day(reference, rows))

    place = layout.places["n1"]
    assert (tally.rows[place], tally.missing[place], tally.cells[place].sum()) == (0, 0, 0)
    assert tally.rows[layout.places["n0"]] == 100
    assert tally.volume == 100


def test_keys_are_counted_beside(reference: Reference, layout: Layout) -> None:
    rows = draw_rows(np.random.default_rng(5), 100)
    twice = pa.concat_tables([rows, rows.slice(0, 10)])

    tally = tally_profile(layout, count_day(reference, twice))

    assert (tally.repeated, tally.keyed, tally.volume) == (10, 110, 110)


def test_columns_can_be_kept_alone(reference: Reference, layout: Layout) -> None:
    whole = tally_profile(layout, draw_profile(reference, 4))
    chosen = np.array([name == "n0" for name in layout.columns])

    kept = whole.keep(chosen)

    assert kept.rows.tolist() == [rows if here else 0 for rows, here in zip(whole.rows, chosen, strict=True)]
    assert np.array_equal(kept.cells[chosen], whole.cells[chosen])
    assert not kept.cells[~chosen].any()
    assert kept.volume == whole.volume


def test_a_profile_without_rows_is_the_empty_tally(reference: Reference, layout: Layout) -> None:
    nothing = count_day(reference, draw_rows(np.random.default_rng(0), 1).slice(0, 0))

    assert same(tally_profile(layout, nothing), empty_tally(layout))


def test_coarse_counts_never_show_more_distance_than_fine_ones() -> None:
    rng = np.random.default_rng(1)
    reference = build_days([pa.table({"x": rng.normal(size=3000)})], ColumnOptions())
    layout = build_layout(reference)
    batch = count_day(reference, {"x": rng.normal(0.1, 1.1, 500)}, ColumnOptions())

    def apart(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.max(np.abs(np.cumsum(one) / one.sum() - np.cumsum(other) / other.sum())))

    fine = apart(reference.total.columns["x"].cells, batch.columns["x"].cells)
    coarse = apart(tally_profile(layout, reference.total).cells[0], tally_profile(layout, batch).cells[0])
    assert fine - 1 / 128 <= coarse <= fine
