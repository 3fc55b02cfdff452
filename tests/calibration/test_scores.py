"""The score is a normal law's standard deviations, on one scale for every size, law and wobble."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwatch.calibration.moments import Moments
from driftwatch.calibration.scores import score, tail, unscore

_SIZES = st.floats(1e-6, 1.0)
_FREEDOMS = st.floats(1.0, 2.0)


def score_one(
    distance: float, chance: float = 1.0, wobble: float = 0.0, *, mean: float = 1.0, freedom: float = 1.0
) -> float:
    one = np.ones(1)
    moments = Moments(mean=mean * one, freedom=freedom * one)
    return float(score(distance * one, chance * one, wobble * one, moments)[0])


@given(sigmas=st.floats(0.0, 35.0), chance=_SIZES)
def test_a_normal_part_scores_its_standard_deviations(sigmas: float, chance: float) -> None:
    assert score_one(sigmas**2 * chance, chance) == pytest.approx(sigmas, abs=1e-6)


@given(sigmas=st.floats(0.0, 35.0), wobble=_SIZES)
def test_a_wobble_is_one_step_to_a_side(sigmas: float, wobble: float) -> None:
    assert score_one(sigmas**2 * wobble, 1e-12 * wobble, wobble) == pytest.approx(sigmas, abs=1e-4)


@given(ratio=st.floats(0.01, 100.0), freedom=_FREEDOMS, mean=st.floats(0.1, 3.0))
def test_a_score_is_as_rare_as_the_law_of_the_part_says(ratio: float, freedom: float, mean: float) -> None:
    rarity = stats.chi2.sf(ratio * freedom, freedom)

    assert score_one(ratio * mean, mean=mean, freedom=freedom) == pytest.approx(
        stats.norm.isf(rarity / 2), rel=1e-6, abs=1e-6
    )


def test_clean_parts_score_like_normal_ones_whatever_their_law() -> None:
    rng = np.random.default_rng(0)
    draws, chance = 100_000, 1 / 500
    freedom = np.array([1.0, 1.5, 2.0])
    distance = chance * 0.8 * rng.chisquare(freedom, (draws, 3)) / freedom
    moments = Moments(mean=np.full(3, 0.8), freedom=freedom)

    found = score(distance, np.full((draws, 3), chance), np.zeros(3), moments)

    for sigmas, expected in ((1.0, 0.3173), (2.0, 0.0455), (3.0, 0.0027)):
        assert np.mean(found > sigmas, axis=0) == pytest.approx(expected, rel=0.15)


def test_a_column_that_wobbles_and_is_sampled_scores_like_a_normal_one() -> None:
    rng = np.random.default_rng(1)
    draws, chance, wobble = 200_000, 1 / 1000, 0.002
    distance = rng.normal(0.0, math.sqrt(chance + wobble), draws) ** 2
    one = np.ones((draws, 1))

    found = score(
        distance[:, np.newaxis],
        chance * one,
        np.array([wobble]),
        Moments(mean=np.ones(1), freedom=np.ones(1)),
    )

    assert np.mean(found > 2.0) == pytest.approx(0.0455, rel=0.05)
    assert np.mean(found > 3.0) == pytest.approx(0.0027, rel=0.15)


@given(
    pair=st.tuples(st.floats(0, 50.0), st.floats(0, 50.0)).map(sorted),
    chance=_SIZES,
    wobble=st.floats(0.0, 1.0),
    freedom=_FREEDOMS,
)
def test_a_larger_distance_never_scores_less(
    pair: list[float], chance: float, wobble: float, freedom: float
) -> None:
    less, more = (score_one(one, chance, wobble, freedom=freedom) for one in pair)

    assert 0 <= less <= more + 1e-9


@given(distance=st.floats(1e-6, 1.0), chance=_SIZES, wobble=st.floats(0.0, 0.1), more=st.floats(0.0, 0.1))
def test_what_wobbles_more_is_never_stranger(
    distance: float, chance: float, wobble: float, more: float
) -> None:
    assert score_one(distance, chance, wobble + more) <= score_one(distance, chance, wobble) + 1e-9


@pytest.mark.parametrize("sigmas", [30.0, 37.0, 38.0, 39.0, 100.0, 1e4, 1e6])
def test_scores_go_on_where_chances_are_too_small_to_be_written(sigmas: float) -> None:
    assert score_one(sigmas**2) == pytest.approx(sigmas, rel=1e-3)


@pytest.mark.parametrize("freedom", [1.0, 1.3, 2.0])
def test_scores_have_no_step_where_the_far_tail_begins(freedom: float) -> None:
    ratios = np.linspace(300, 1500, 4001)
    moments = Moments(mean=np.ones(1), freedom=np.full(1, freedom))

    found = score(ratios[:, np.newaxis], np.ones((4001, 1)), np.zeros(1), moments)[:, 0]

    steps = np.diff(found)
    assert np.all(steps >= 0)
    assert steps.max() < 2 * np.median(steps)


def test_what_could_not_be_measured_scores_nothing() -> None:
    assert score_one(math.nan) == 0.0
    assert score_one(1.0, math.nan) == 0.0


def test_a_table_is_scored_row_by_row() -> None:
    moments = Moments(mean=np.array([1.0, 0.8]), freedom=np.array([1.0, 2.0]))
    distance, chance = np.array([[1.0, 2.0], [4.0, 9.0]]), np.array([[0.5, 0.5], [1.0, 2.0]])
    wobble = np.array([0.1, 0.2])

    whole = score(distance, chance, wobble, moments)

    rows = [score(*pair, wobble, moments) for pair in zip(distance, chance, strict=True)]
    assert np.array_equal(whole, np.array(rows))


@given(
    limit=st.floats(0.5, 30.0),
    chance=st.floats(1e-5, 1e-1),
    wobble=st.floats(0.0, 0.1),
    mean=st.floats(0.3, 2.0),
    freedom=_FREEDOMS,
)
def test_unscore_gives_the_distance_that_scores_the_limit(
    limit: float, chance: float, wobble: float, mean: float, freedom: float
) -> None:
    distance = unscore(limit, chance, wobble, mean, freedom)

    assert score_one(distance, chance, wobble, mean=mean, freedom=freedom) == pytest.approx(limit, rel=1e-6)


def test_a_limit_that_nothing_reaches_has_a_far_distance() -> None:
    assert unscore(1e9, 1.0, 0.0, 1.0, 1.0) > 1e12


@pytest.mark.parametrize("sigmas", [0.0, 1.0, 2.0, 5.0, 30.0])
def test_a_tail_is_that_of_both_sides(sigmas: float) -> None:
    assert tail(sigmas) == pytest.approx(math.log(2) + float(stats.norm.logsf(sigmas)))
