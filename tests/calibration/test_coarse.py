"""Coarse counts come to the same on every coarse cell, add up, and need a fraction of the room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.calibration.coarse import coarsen_columns
from driftwatch.calibration.layout import MAX_COARSE_NAMES, Layout, build_layout
from driftwatch.calibration.tally import tally_profile
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.store.codec import encode_counts
from tests.support.batches import build_days, count_day


def draw(seed: int, rows: int) -> pa.Table:
    """A number of many values with gaps, a number of few, and names of which some are rare."""
    rng = np.random.default_rng(seed)
    amount = np.append(rng.normal(size=rows - 2), [np.inf, np.nan])
    shop = [f"s{one}" for one in rng.zipf(1.3, size=rows) % 500]
    few = rng.integers(0, 9, size=rows)
    return pa.table({"amount": amount, "few": few, "shop": shop, "id": rng.permutation(rows)})


@pytest.fixture(scope="module")
def reference() -> Reference:
    return build_days([draw(seed, 3000) for seed in range(3)])


@pytest.fixture(scope="module")
def layout(reference: Reference) -> Layout:
    return build_layout(reference)


def coarsen(layout: Layout, profile: Profile) -> Profile:
    return replace(profile, columns=coarsen_columns(layout, profile.columns))


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), rows=st.integers(2, 400))
def test_a_tally_of_coarse_counts_is_that_of_the_fine_ones(seed: int, rows: int) -> None:
    reference = build_days([draw(one, 3000) for one in range(2)])
    layout, profile = build_layout(reference), count_day(reference, draw(seed, rows))

    fine, coarse = tally_profile(layout, profile), tally_profile(layout, coarsen(layout, profile))

    assert np.array_equal(fine.cells, coarse.cells)
    assert np.array_equal(fine.rows, coarse.rows)
    assert np.array_equal(fine.missing, coarse.missing)


def test_coarse_and_fine_counts_add_up(reference: Reference, layout: Layout) -> None:
    one, other = count_day(reference, draw(10, 900)), count_day(reference, draw(11, 700))

    mixed = tally_profile(layout, coarsen(layout, one) + other)
    fine = tally_profile(layout, one + other)

    assert np.array_equal(mixed.cells, fine.cells)


def test_rows_sums_and_what_has_no_value_stay(reference: Reference, layout: Layout) -> None:
    profile = count_day(reference, draw(10, 900))
    coarse = coarsen(layout, profile)

    for name, counts in profile.columns.items():
        assert coarse.columns[name].rows == counts.rows
        assert coarse.columns[name].sums == counts.sums
        assert coarse.columns[name].nan == counts.nan
    assert coarse.columns["few"] is profile.columns["few"]


def test_coarsening_twice_changes_nothing(reference: Reference, layout: Layout) -> None:
    once = coarsen(layout, count_day(reference, draw(10, 900)))
    twice = coarsen(layout, once)

    assert all(np.array_equal(twice.columns[n].cells, once.columns[n].cells) for n in once.columns)


def test_rare_names_stand_together_under_no_name_of_their_own(reference: Reference, layout: Layout) -> None:
    counts = coarsen(layout, count_day(reference, draw(10, 900))).columns["shop"]
    grid = reference.grids["shop"]

    assert len(grid.names) > MAX_COARSE_NAMES  # type: ignore[union-attr]  # A category grid.
    assert np.count_nonzero(counts.cells[: len(grid.names)]) <= MAX_COARSE_NAMES  # type: ignore[union-attr]  # As above.
    assert counts.cells[-2] > 0


def test_a_column_that_the_layout_does_not_have_stays(reference: Reference, layout: Layout) -> None:
    columns = {"other": count_day(reference, draw(10, 900)).columns["amount"]}

    assert coarsen_columns(layout, columns) == columns


def test_coarse_counts_need_a_fraction_of_the_room(reference: Reference, layout: Layout) -> None:
    profile = count_day(reference, draw(10, 20_000))
    fine, coarse = (len(encode_counts(one.columns["amount"])) for one in (profile, coarsen(layout, profile)))

    assert coarse * 5 < fine
