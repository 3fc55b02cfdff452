"""What a window shows, against the definitions on raw rows."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch.calibration.evidence import Evidence, blank_evidence, measure
from driftwatch.calibration.layout import Aspect, Layout, Part, build_layout
from driftwatch.calibration.tally import Tally, empty_tally, tally_profile
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.reference import Reference
from tests.support.batches import build_days, count_day

_ROWS, _TINY = 1000, 1e-9
_NAMES = np.array(["a", "b", "c"])
OPTIONS = ColumnOptions(key=("id",))


def draw(seed: int, rows: int, **changes: Any) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    usual = {
        "x": np.round(rng.normal(size=rows), 2),
        "plan": rng.choice(_NAMES, rows, p=[0.6, 0.3, 0.1]),
        "id": np.arange(rows),
    }
    return {**usual, **changes}


@pytest.fixture(scope="module")
def reference() -> Reference:
    return build_days([pa.table(draw(seed, _ROWS)) for seed in range(3)], OPTIONS)


@pytest.fixture(scope="module")
def layout(reference: Reference) -> Layout:
    return build_layout(reference)


class Shown:
    """Evidence that is read by the names of parts."""

    def __init__(self, layout: Layout, evidence: Evidence) -> None:
        self.layout, self.evidence = layout, evidence

    def distance(self, column: str, aspect: Aspect) -> float:
        return float(self.evidence.distance[self.layout.place[Part(column=column, aspect=aspect)]])

    def chance(self, column: str, aspect: Aspect) -> float:
        return float(self.evidence.chance[self.layout.place[Part(column=column, aspect=aspect)]])


def show(
    reference: Reference,
    rows: dict[str, Any],
    *,
    usual_volume: float | None = None,
    minimum_effect: float = 0.02,
) -> Shown:
    layout = build_layout(reference)
    # Keys are unique within a day only: days are tallied one by one.
    total = reduce(add, (tally_profile(layout, block.profile) for block in reference.blocks))
    tally = tally_profile(layout, count_day(reference, rows, OPTIONS))
    found = measure(layout, total, tally, usual_volume=usual_volume, minimum_effect=minimum_effect)
    return Shown(layout, found)


@settings(max_examples=25)
@given(seed=st.integers(100, 10_000), rows=st.integers(1, 400), shift=st.floats(-2, 2))
def test_numbers_are_the_squared_distance_of_kolmogorov_and_smirnov(
    seed: int, rows: int, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    usual = np.round(rng.normal(size=500), 1)
    values = np.round(rng.normal(shift, 1.0, rows), 1)
    reference = build_days([pa.table({"x": usual})], ColumnOptions())
    layout = build_layout(reference)
    tally = tally_profile(layout, count_day(reference, {"x": values}, ColumnOptions()))

    found = measure(
        layout, tally_profile(layout, reference.total), tally, usual_volume=None, minimum_effect=0.02
    )

    exact = stats.ks_2samp(usual, values, method="asymp").statistic
    assert math.sqrt(found.distance[0]) == pytest.approx(exact, abs=1e-12)
    assert found.chance[0] == pytest.approx(1 / 500 + 1 / rows)


def test_infinite_values_lie_beyond_all_others(reference: Reference) -> None:
    rows = draw(9, 200)
    rows["x"] = np.where(np.arange(200) < 100, np.inf, rows["x"])

    shown = show(reference, rows)

    assert math.sqrt(shown.distance("x", Aspect.DRIFT)) == pytest.approx(0.5, abs=0.06)
    assert shown.distance("x", Aspect.BEYOND) > 0.1


def test_categories_are_the_largest_change_of_a_share_in_its_own_deviations(reference: Reference) -> None:
    rows = draw(9, 400, plan=np.repeat(_NAMES, [160, 160, 80]))
    usual = reference.total.columns["plan"].cells[:3]
    n, m = int(usual.sum()), 400
    order = [list(_NAMES).index(name) for name in ("a", "b", "c")]
    cells = np.array([160, 160, 80])[order]

    found = show(reference, rows, minimum_effect=_TINY).distance("plan", Aspect.DRIFT)

    both = (usual + cells) / (n + m)
    assert found == pytest.approx(float(np.max((cells / m - usual / n) ** 2 / (both * (1 - both)))))


def test_a_floor_takes_what_is_far_below_the_minimum_effect(reference: Reference) -> None:
    rows = draw(9, 400, plan=np.repeat(_NAMES, [160, 160, 80]))

    floors = [
        show(reference, rows, minimum_effect=effect).distance("plan", Aspect.DRIFT)
        for effect in (_TINY, 0.02, 0.2)
    ]

    assert floors == sorted(floors, reverse=True)


@pytest.mark.parametrize(("hits", "of"), [(200, 400), (40, 400), (399, 400)])
def test_a_missing_share_is_its_growth_in_its_own_deviations(
    hits: int, of: int, reference: Reference
) -> None:
    values = pa.array(np.zeros(of), mask=np.arange(of) < hits)
    n = 3 * _ROWS

    shown = show(reference, draw(9, of, x=values), minimum_effect=_TINY)

    both = hits / (n + of)
    expected = (hits / of) ** 2 / (both * (1 - both))
    assert shown.distance("x", Aspect.MISSING) == pytest.approx(expected)
    assert shown.chance("x", Aspect.MISSING) == pytest.approx(1 / n + 1 / of)


@given(hits=st.integers(1, 20), of=st.integers(50, 500))
def test_a_few_hits_count_as_many_deviations_as_they_are_rare(hits: int, of: int) -> None:
    layout, total, tally = _make_rates(usual_hits=5, usual_rows=5000, hits=hits, rows=of)

    found = measure(layout, total, tally, usual_volume=None, minimum_effect=_TINY)

    place = layout.place[Part(column="x", aspect=Aspect.MISSING)]
    sigmas = math.sqrt(found.distance[place] / found.chance[place])
    # Of all hits each falls into the window with its part of the rows.
    rarity = float(stats.binom.sf(hits - 1, hits + 5, of / (of + 5000)))
    exact = max(0.0, float(stats.norm.isf(min(1.0, rarity) / 2)))
    if hits / of <= 5 / 5000:
        assert sigmas == 0.0
    else:
        assert sigmas <= exact + 1e-6
        assert sigmas == pytest.approx(min(exact, _plain_sigmas(hits, of)), rel=1e-6, abs=1e-6)


def _plain_sigmas(hits: int, of: int) -> float:
    both = (hits + 5) / (of + 5000)
    return (hits / of - 5 / 5000) / math.sqrt(both * (1 - both) * (1 / of + 1 / 5000))


def _make_rates(*, usual_hits: int, usual_rows: int, hits: int, rows: int) -> tuple[Layout, Tally, Tally]:
    reference = build_days([pa.table({"x": [1.0, 2.0]})], ColumnOptions())
    layout = build_layout(reference)
    nothing = empty_tally(layout)

    def tally(all_rows: int, missing: int) -> Tally:
        cells = np.zeros_like(nothing.cells)
        cells[0, 1] = all_rows - missing
        return replace(
            nothing, cells=cells, rows=np.array([all_rows]), missing=np.array([missing]), volume=all_rows
        )

    return layout, tally(usual_rows, usual_hits), tally(rows, hits)


def test_a_share_that_shrinks_is_no_fault(reference: Reference) -> None:
    usual = draw(1, _ROWS, x=pa.array(np.zeros(_ROWS), mask=np.arange(_ROWS) < 300))
    lossy = build_days([pa.table(usual)], OPTIONS)

    assert show(lossy, draw(2, 300)).distance("x", Aspect.MISSING) == 0.0


def test_clean_windows_are_not_beyond_the_range_more_often_than_chance_says(reference: Reference) -> None:
    found = [
        (shown.distance("x", Aspect.BEYOND), shown.chance("x", Aspect.BEYOND))
        for shown in (show(reference, draw(seed, 300)) for seed in range(100, 220))
    ]

    assert np.mean([distance > 4 * chance for distance, chance in found]) <= 0.05


def test_unseen_names_have_a_part_of_their_own(reference: Reference) -> None:
    names = np.where(np.arange(400) < 100, "new", "a")

    shown = show(reference, draw(9, 400, plan=names))

    assert shown.distance("plan", Aspect.BEYOND) > 0.05
    only_a = show(reference, draw(9, 300, plan=np.full(300, "a")))
    assert shown.distance("plan", Aspect.DRIFT) == pytest.approx(
        only_a.distance("plan", Aspect.DRIFT), rel=0.05
    ), "the others are compared among themselves"


@pytest.mark.parametrize("rows", [100, 1000, 5000])
def test_the_volume_is_the_squared_logarithm_of_its_ratio(rows: int, reference: Reference) -> None:
    shown = show(reference, draw(9, rows), usual_volume=1000.0)

    assert shown.distance("", Aspect.VOLUME) == pytest.approx(math.log(rows / 1000) ** 2)
    assert shown.chance("", Aspect.VOLUME) == pytest.approx(1 / rows)


def test_without_a_usual_volume_none_is_measured(reference: Reference) -> None:
    assert math.isnan(show(reference, draw(9, 100)).distance("", Aspect.VOLUME))


def test_repeated_keys_are_a_rate(reference: Reference) -> None:
    shown = show(reference, draw(9, 400, id=np.arange(400) // 2))

    assert shown.distance("", Aspect.REPEATED) > 0.1
    assert show(reference, draw(9, 400)).distance("", Aspect.REPEATED) == 0.0


def test_an_absent_column_is_not_measured_and_the_others_are(reference: Reference) -> None:
    rows = draw(9, 400)
    del rows["x"]

    shown = show(reference, rows)

    for aspect in (Aspect.DRIFT, Aspect.MISSING, Aspect.BEYOND):
        assert math.isnan(shown.distance("x", aspect))
        assert math.isfinite(shown.distance("plan", aspect))


def test_a_column_without_any_value_has_a_missing_share_alone(reference: Reference) -> None:
    shown = show(reference, draw(9, 400, x=pa.nulls(400, pa.float64())))

    assert shown.distance("x", Aspect.MISSING) > 0.5
    assert math.isnan(shown.distance("x", Aspect.DRIFT))


def test_nothing_is_measured_of_nothing(layout: Layout) -> None:
    nothing = empty_tally(layout)

    found = measure(layout, nothing, nothing, usual_volume=100.0, minimum_effect=0.02)

    assert np.all(np.isnan(found.distance))
    assert np.all(np.isnan(blank_evidence(layout).distance))
    assert found.distance.shape == blank_evidence(layout).chance.shape == (len(layout.parts),)
