"""The null: what is usual of each part, however bursty others are, and whatever happened once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwatch.calibration.moments import Moments
from driftwatch.calibration.null import Past, build_null, find_calm, find_wobble
from driftwatch.calibration.scores import score

Floats = NDArray[np.float64]

_CHANCE = 1 / 1000


def make_moments(parts: int) -> Moments:
    return Moments(mean=np.ones(parts), freedom=np.ones(parts))


def draw(seed: int, windows: int, wobbles: list[float]) -> Floats:
    """Return the squared distances of parts that wobble so far, the volume's and the keys' at the end."""
    rng = np.random.default_rng(seed)
    spread = np.sqrt(_CHANCE + np.array([*wobbles, 0.0, 0.0]) ** 2)
    return np.asarray((rng.normal(size=(windows, len(spread))) * spread) ** 2)


def make_past(distance: Floats, held: NDArray[np.bool_] | None = None) -> Past:
    return Past(
        distance=distance,
        chance=np.full(distance.shape, _CHANCE),
        held=np.zeros(distance.shape, dtype=bool) if held is None else held,
    )


@pytest.mark.parametrize("wobble", [0.0, 0.03, 0.1, 0.3])
def test_a_wobble_is_found_as_large_as_it_is(wobble: float) -> None:
    distance = draw(1, 4000, [wobble])

    found = find_wobble(distance, np.full(distance.shape, _CHANCE), make_moments(3), trimmed=0.0)[0]

    assert found == pytest.approx(wobble**2, rel=0.1, abs=_CHANCE / 10)


def test_sizes_of_windows_do_not_matter_for_the_wobble() -> None:
    rng = np.random.default_rng(2)
    chance = np.where(np.arange(4000) % 2, 1 / 100, 1 / 10_000)[:, np.newaxis] * np.ones((1, 3))
    distance = (rng.normal(size=(4000, 3)) * np.sqrt(chance + 0.05**2)) ** 2

    found = find_wobble(distance, chance, make_moments(3), trimmed=0.0)[0]

    assert found == pytest.approx(0.05**2, rel=0.15)


def test_days_of_storm_do_not_make_a_column_restless() -> None:
    distance = draw(3, 100, [0.03])
    stormy = distance.copy()
    stormy[:4, 0] = 0.5

    calm, storm = (
        find_wobble(one, np.full(one.shape, _CHANCE), make_moments(3))[0] for one in (distance, stormy)
    )

    assert calm <= storm < 2 * calm + _CHANCE


def test_rows_that_come_and_go_by_a_tenth_are_no_change() -> None:
    found = find_wobble(np.zeros((50, 3)), np.full((50, 3), _CHANCE), make_moments(3))

    assert found.tolist() == [0.0, 0.1**2, 0.0]


def test_what_was_not_measured_does_not_count() -> None:
    distance = draw(4, 200, [0.1])
    gaps = np.vstack([distance, np.full((100, 3), math.nan)])

    whole = find_wobble(distance, np.full(distance.shape, _CHANCE), make_moments(3))
    with_gaps = find_wobble(gaps, np.full(gaps.shape, _CHANCE), make_moments(3))

    assert with_gaps == pytest.approx(whole)
    assert find_wobble(gaps[200:], np.full((100, 3), _CHANCE), make_moments(3)).tolist() == [0, 0.1**2, 0]


def test_the_highest_scores_are_those_of_the_windows_and_descend() -> None:
    distance = draw(5, 90, [0.0, 0.05, 0.1])
    weights = np.array([1.0, 2.0, 1.0, 1.0, 1.0])

    null = build_null(make_past(distance), make_moments(5), weights)

    scores = score(distance, np.full(distance.shape, _CHANCE), null.wobble, make_moments(5))
    joint = np.sort((scores * weights * null.calm).max(axis=1))[::-1]
    assert null.windows == 90
    assert null.highest == tuple(joint[:64].tolist())


def test_what_is_held_out_counts_for_nothing() -> None:
    distance = draw(6, 120, [0.03, 0.0])
    moved = distance.copy()
    moved[60:, 0] = 0.2
    held = np.zeros(moved.shape, dtype=bool)
    held[60:, 0] = True
    without = moved.copy()
    without[60:, 0] = math.nan

    null = build_null(make_past(moved, held), make_moments(4), np.ones(4))
    expected = build_null(make_past(without), make_moments(4), np.ones(4))

    assert null.highest == expected.highest
    assert np.array_equal(null.wobble, expected.wobble)
    assert null.windows == 120, "the other parts of these windows count"


def test_a_window_that_is_held_out_altogether_is_no_window() -> None:
    distance = draw(7, 100, [0.03])
    held = np.zeros(distance.shape, dtype=bool)
    held[:40] = True

    assert build_null(make_past(distance, held), make_moments(3), np.ones(3)).windows == 60


def test_an_event_that_happened_once_is_no_measure_of_what_is_usual() -> None:
    distance = draw(8, 60, [0.03, 0.03])
    eventful = distance.copy()
    eventful[10:12, 0] = 0.3

    plain, after = (build_null(make_past(one), make_moments(4), np.ones(4)) for one in (distance, eventful))

    assert after.highest[0] < 1.2 * plain.highest[0]


def test_what_happens_every_week_is_usual() -> None:
    distance = draw(9, 70, [0.03, 0.03])
    distance[::7, 0] = 0.3

    null = build_null(make_past(distance), make_moments(4), np.ones(4))

    sunday = score(np.array([0.3]), np.array([_CHANCE]), null.wobble[:1], make_moments(1))[0] * null.calm[0]
    assert null.highest[0] >= 0.99 * sunday


def test_a_restless_part_drowns_no_other() -> None:
    rng = np.random.default_rng(10)
    distance = draw(10, 200, [0.03, 0.03])
    # Rain comes on one day in ten, and then without measure.
    distance[:, 0] *= np.where(rng.random(200) < 0.1, rng.lognormal(4, 1, 200), 1.0)

    null = build_null(make_past(distance), make_moments(4), np.ones(4))

    assert null.calm[0] < 1
    assert null.calm[1] == 1
    assert null.highest[5] < 6


@given(seed=st.integers(0, 1000), windows=st.integers(1, 80))
def test_calm_never_raises_a_score(seed: int, windows: int) -> None:
    scores = np.abs(np.random.default_rng(seed).standard_t(2, size=(windows, 4)))

    calm = find_calm(scores)

    assert np.all((calm > 0) & (calm <= 1))


def test_a_single_storm_in_the_past_changes_no_calm() -> None:
    scores = np.abs(np.random.default_rng(11).normal(size=(100, 1)))
    stormy = scores.copy()
    stormy[50] = 100.0

    assert find_calm(scores)[0] == find_calm(stormy)[0] == 1.0


@pytest.mark.parametrize("windows", [1, 2, 8])
def test_hardly_any_windows_have_a_null_too(windows: int) -> None:
    null = build_null(make_past(draw(12, windows, [0.03])), make_moments(3), np.ones(3))

    assert null.windows == len(null.highest) == windows
    assert np.all(np.isfinite(null.wobble))
