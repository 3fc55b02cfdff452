from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings

from driftwatch.statistics.bins import bin_counts, compare_shares
from tests.support.columns import Pair, pair_categories, pair_numbers
from tests.support.oracles import bin_rows
from tests.support.strategies import number_pairs


def test_continuous_numbers_have_ten_bins_cut_at_the_deciles_of_the_reference() -> None:
    rng = np.random.default_rng(2)
    reference, current = rng.normal(size=2000), rng.normal(size=700)

    ours, theirs = bin_counts(*pair_numbers(reference, current))

    cuts = np.quantile(reference, np.arange(1, 10) / 10, method="inverted_cdf")
    assert ours.tolist() == [200] * 10
    assert theirs.tolist() == np.bincount(np.searchsorted(cuts, current, side="left"), minlength=10).tolist()


def test_a_coarse_grid_cuts_within_one_gap_of_the_deciles() -> None:
    reference = np.random.default_rng(2).normal(size=50_000)

    ours, _ = bin_counts(*pair_numbers(reference, reference))

    assert len(ours) == 10
    assert np.abs(ours - 5000).max() <= 50_000 / 4096


@settings(deadline=None)
@given(number_pairs())
def test_the_bins_are_those_of_the_raw_rows(rows: tuple[list[float], list[float], Pair]) -> None:
    reference, current, counts = rows

    ours, theirs = bin_counts(*counts)

    for bins, side in ((ours, reference), (theirs, current)):
        expected = Counter(bin_rows(reference, side))
        assert bins.tolist() == [expected[place] for place in range(len(bins))]


def test_a_heavy_value_is_apart_from_what_lies_below_and_above() -> None:
    reference = [-1.0] * 3 + [0.0] * 97

    ours, theirs = bin_counts(*pair_numbers(reference, [-1.0, -0.5, 0.0, 0.0, 4.0]))

    assert ours.tolist() == [3, 97, 0]
    assert theirs.tolist() == [2, 2, 1]


def test_the_bins_never_depend_on_what_the_batch_holds() -> None:
    reference = np.arange(100.0)

    bins = {tuple(bin_counts(*pair_numbers(reference, batch))[0]) for batch in ([1.0], [1e9], [-5.0, 50.0])}

    assert len(bins) == 1


def test_infinite_rows_are_in_the_outermost_bins() -> None:
    _, theirs = bin_counts(*pair_numbers(np.arange(100.0), [-np.inf, np.inf, np.inf]))

    assert theirs.tolist() == [1] + [0] * 8 + [2]


def test_names_have_a_bin_each_then_other_then_unseen() -> None:
    reference = ["a"] * 60 + ["b"] * 36 + ["c"] * 4

    ours, theirs = bin_counts(*pair_categories(reference, ["a"] * 50 + ["c"] * 30 + ["z"] * 20))

    # Of c 4 rows are to be expected, which is too few for a bin.
    assert ours.tolist() == [60, 36, 4, 0]
    assert theirs.tolist() == [50, 0, 30, 20]


@pytest.mark.parametrize(("rows", "own"), [(1000, 40), (100, 40), (99, 0), (2, 0)])
def test_small_batches_have_fewer_bins(rows: int, own: int) -> None:
    reference = [f"name {place}" for place in range(20) for _ in range(50)]

    ours, _ = bin_counts(*pair_categories(reference, ["name 0"] * rows))

    assert len(ours) - 2 == min(own, 20)


def test_at_most_fifty_names_have_a_bin() -> None:
    reference = [f"name {place}" for place in range(80) for _ in range(50)]

    ours, _ = bin_counts(*pair_categories(reference, reference))

    assert ours.tolist() == [50] * 50 + [30 * 50, 0]


def test_shares_of_names_are_of_every_name_and_not_of_the_bins() -> None:
    reference = [f"name {place}" for place in range(80)]

    shares = compare_shares(*pair_categories(reference, ["name 3"]))

    assert shares is not None
    assert len(shares[0]) == 82
    assert shares[1].sum() == 1
