"""The law of chance is known from the reference alone, and is that of rows drawn from it."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from driftwatch.calibration.baseline import Settings, build_baseline
from driftwatch.calibration.layout import Aspect, Part, build_layout
from driftwatch.calibration.moments import find_moments
from driftwatch.calibration.tally import tally_profile
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.reference import Reference
from tests.support.batches import build_days, count_day, day

_SHARES = np.array([0.4, 0.3, 0.2, 0.1])


def draw(rng: np.random.Generator, rows: int) -> pa.Table:
    normal = rng.normal(size=rows)
    return pa.table(
        {
            "smooth": normal,
            "few": np.clip(np.round(normal), -1, 1),
            "zeros": np.where(rng.random(rows) < 0.9, 0.0, normal),
            "plan": rng.choice(np.array(["a", "b", "c", "d"]), rows, p=_SHARES),
        }
    )


@pytest.fixture(scope="module")
def reference() -> Reference:
    return build_days([draw(np.random.default_rng(seed), 4000) for seed in range(4)], ColumnOptions())


def test_the_mean_distance_of_clean_windows_is_the_one_that_was_foretold(reference: Reference) -> None:
    rng, rounds = np.random.default_rng(9), 400
    baseline = build_baseline(reference, Settings())
    columns = len(baseline.layout.columns)
    ratios: list[NDArray[np.float64]] = []
    for _ in range(rounds):
        tally = tally_profile(baseline.layout, count_day(reference, draw(rng, 500), ColumnOptions()))
        found = baseline.measure_short(day(50), tally)
        ratios.append(found.distance[:columns] / found.chance[:columns])

    measured = np.mean(ratios, axis=0)

    # The reference is one draw as well, which every window is compared with.
    assert measured == pytest.approx(baseline.moments.mean[:columns], rel=0.2)


def test_many_different_values_come_near_to_the_textbook(reference: Reference) -> None:
    layout = build_layout(reference)
    moments = find_moments(layout, tally_profile(layout, reference.total))

    smooth, few = (moments.mean[layout.places[name]] for name in ("smooth", "few"))

    # Between 128 quantiles the greatest distance is missed by a little.
    assert 0.85 * math.pi**2 / 12 < smooth < math.pi**2 / 12
    assert few < smooth, "three values are not taken as far by chance"


def test_rates_are_squared_normals(reference: Reference) -> None:
    layout = build_layout(reference)
    moments = find_moments(layout, tally_profile(layout, reference.total))

    for place, part in enumerate(layout.parts):
        if part.aspect is not Aspect.DRIFT:
            assert (moments.mean[place], moments.freedom[place]) == (1.0, 1.0)
        assert 1.0 <= moments.freedom[place] <= 2.0


def test_the_same_reference_has_the_same_moments_everywhere(reference: Reference) -> None:
    layout = build_layout(reference)
    total = tally_profile(layout, reference.total)

    one, other = find_moments(layout, total), find_moments(layout, total)

    assert np.array_equal(one.mean, other.mean)
    assert np.array_equal(one.freedom, other.freedom)


def test_a_constant_has_the_moments_of_a_rate() -> None:
    reference = build_days([pa.table({"x": np.full(100, 7.0)})], ColumnOptions())
    layout = build_layout(reference)

    moments = find_moments(layout, tally_profile(layout, reference.total))

    place = layout.place[Part(column="x", aspect=Aspect.DRIFT)]
    assert (moments.mean[place], moments.freedom[place]) == (1.0, 1.0)
