from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom, binom, fisher_exact, poisson

from driftwatch.profiles.grid import CategoryGrid
from driftwatch.statistics.rates import range_p_value, rate_p_value, unseen_p_value

SIZES = [50, 100, 200, 10_000]
ROWS = 10_000
LIMIT = 0.015

ZIPF = 1 / np.arange(1.0, 5001.0)
LAWS = {
    "20 equal names": np.ones(20),
    "2000 equal names": np.ones(2000),
    "Zipf": ZIPF,
    "steep Zipf": ZIPF**2,
    "geometric": 0.9 ** np.arange(200),
    "one name and 50 rare ones": np.r_[4950.0, np.ones(50)],
}


@settings(deadline=None)
@given(data=st.data(), reference_rows=st.integers(1, 300), rows=st.integers(1, 300))
def test_a_rate_is_judged_as_by_fisher_and_by_the_beta_binomial(
    data: st.DataObject, reference_rows: int, rows: int
) -> None:
    reference_hits = data.draw(st.integers(0, reference_rows - 1))
    hits = data.draw(st.integers(0, rows))

    found = rate_p_value(reference_hits, reference_rows, hits, rows)

    table = np.array([[hits, rows - hits], [reference_hits, reference_rows - reference_hits]])
    assert found == pytest.approx(fisher_exact(table, alternative="greater").pvalue, rel=1e-8, abs=1e-13)
    law = betabinom(rows, reference_hits + 1, reference_rows - reference_hits)
    assert found == pytest.approx(law.sf(hits - 1), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("reference_hits", "reference_rows", "hits", "rows"),
    [
        (50_000, 1_000_000, 50_500, 1_000_000),
        (50_000, 1_000_000, 49_500, 1_000_000),
        (3, 50, 500_000, 1_000_000),
        (0, 10, 1_000_000, 1_000_000),
        (999_000, 1_000_000, 999_200, 1_000_000),
    ],
)
def test_a_million_rows_are_judged_as_exactly(
    reference_hits: int, reference_rows: int, hits: int, rows: int
) -> None:
    found = rate_p_value(reference_hits, reference_rows, hits, rows)

    law = betabinom(rows, reference_hits + 1, reference_rows - reference_hits)
    assert found == pytest.approx(np.exp(law.logpmf(np.arange(hits, rows + 1))).sum(), rel=1e-5, abs=1e-12)


@pytest.mark.parametrize(("hits", "reference_hits", "reference_rows"), [(0, 0, 10), (5, 0, 0), (5, 10, 10)])
def test_nothing_is_found_where_there_is_nothing_to_find(
    hits: int, reference_hits: int, reference_rows: int
) -> None:
    assert rate_p_value(reference_hits, reference_rows, hits, 5) == 1


def test_a_jump_of_the_rate_is_found() -> None:
    assert rate_p_value(0, 100, 6000, ROWS) < 1e-10
    assert rate_p_value(500, 10_000, 800, ROWS) < 1e-10


@pytest.mark.parametrize("reference_rows", SIZES)
@pytest.mark.parametrize("share", [0.0005, 0.01, 0.2, 0.9])
def test_clean_rates_are_found_in_one_of_a_hundred(reference_rows: int, share: float) -> None:
    rng = np.random.default_rng(reference_rows)
    references, batches = rng.binomial(reference_rows, share, 3000), rng.binomial(ROWS, share, 3000)

    false = _count_false(
        lambda before, now: rate_p_value(before, reference_rows, now, ROWS), references, batches
    )

    assert false <= LIMIT


@pytest.mark.parametrize("reference_rows", SIZES)
def test_continuous_values_outside_the_range_are_found_in_just_one_of_a_hundred(reference_rows: int) -> None:
    rng = np.random.default_rng(reference_rows)
    # Of uniform values the range is known without drawing them; any continuous values are like them.
    inside = rng.beta(reference_rows - 1, 2, 4000)
    outside = rng.binomial(ROWS, 1 - inside)

    false = _count_false(lambda _, now: range_p_value(reference_rows, now, ROWS), outside, outside)

    assert 0.003 <= false <= LIMIT


@pytest.mark.parametrize("reference_rows", SIZES)
@pytest.mark.parametrize("mean", [0.02, 2.0, 30.0])
def test_ties_at_the_ends_of_the_range_raise_no_more(reference_rows: int, mean: float) -> None:
    rng = np.random.default_rng(reference_rows)
    references = rng.poisson(mean, (2000, reference_rows)) if reference_rows <= 200 else None
    low, high = (
        (references.min(axis=1), references.max(axis=1))
        if references is not None
        else _draw_poisson_range(rng, mean, reference_rows)
    )
    outside = rng.binomial(ROWS, np.clip(poisson.cdf(low - 1, mean) + poisson.sf(high, mean), 0, 1))

    false = _count_false(lambda _, now: range_p_value(reference_rows, now, ROWS), outside, outside)

    assert false <= LIMIT


def _draw_poisson_range(rng: np.random.Generator, mean: float, rows: int) -> tuple[np.ndarray, np.ndarray]:
    smallest, largest = 1 - rng.random(2000) ** (1 / rows), rng.random(2000) ** (1 / rows)
    return poisson.ppf(smallest, mean), poisson.ppf(largest, mean)


def test_a_batch_wholly_outside_is_found() -> None:
    assert range_p_value(100, ROWS, ROWS) < 1e-10


@pytest.mark.parametrize("reference_rows", SIZES)
@pytest.mark.parametrize("law", LAWS)
def test_clean_new_names_are_found_in_one_of_a_hundred(reference_rows: int, law: str) -> None:
    rng = np.random.default_rng(reference_rows)
    shares = LAWS[law] / LAWS[law].sum()
    false = 0

    for _ in range(600):
        seen = rng.multinomial(reference_rows, shares)
        unseen = rng.binomial(ROWS, min(1.0, shares[seen == 0].sum()))
        false += unseen_p_value(_remember(seen), reference_rows, unseen, ROWS) <= 0.01

    # 600 runs at 1 % would exceed 13 in one of a hundred cases; a real 1.5 % is the limit.
    assert false <= binom.ppf(0.99, 600, 0.01)


def test_the_binomial_against_the_plain_share_would_be_wrong_in_many_clean_batches() -> None:
    rng = np.random.default_rng(1)
    shares = ZIPF / ZIPF.sum()
    false = 0

    for _ in range(300):
        seen = rng.multinomial(50, shares)
        unseen = rng.binomial(ROWS, shares[seen == 0].sum())
        false += binom.sf(unseen - 1, ROWS, np.sum(seen == 1) / 50) <= 0.01

    assert false / 300 > 0.3


def test_many_new_names_are_found() -> None:
    grid = CategoryGrid(names=("a", "b", "c"), singletons=1)

    assert unseen_p_value(grid, 1000, 300, 1000) < 1e-10
    assert unseen_p_value(grid, 1000, 1, 1000) > 0.5


def test_where_every_name_was_seen_once_a_new_one_is_no_news() -> None:
    assert unseen_p_value(CategoryGrid(names=("a", "b"), singletons=2), 2, 1000, 1000) == 1


def test_where_names_were_forgotten_nobody_knows() -> None:
    assert unseen_p_value(CategoryGrid(names=("a",), knows_all=False), 1000, 900, 1000) == 1


def _remember(seen: np.ndarray) -> CategoryGrid:
    return CategoryGrid(names=("a",), singletons=int(np.sum(seen == 1)), doubletons=int(np.sum(seen == 2)))


def _count_false(judge: Callable[[int, int], float], references: np.ndarray, batches: np.ndarray) -> float:
    found = [judge(int(before), int(now)) <= 0.01 for before, now in zip(references, batches, strict=True)]
    return float(np.mean(found))
