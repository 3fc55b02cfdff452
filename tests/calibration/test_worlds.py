"""The simulator of worlds is checked against the laws that it claims to draw from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from driftwatch.profiles.grid import CategoryGrid, NumberGrid
from driftwatch.profiles.profile import Profile
from tests.support.pages import MONTH
from tests.support.world_specs import choose_for_calibration, choose_for_suite
from tests.support.worlds import (
    SHIFTED,
    SPECS,
    START,
    Figures,
    Shift,
    World,
    WorldSpec,
    average_figures,
    count_pages,
    draw_world,
)

_STILL = WorldSpec(wobbles=(0.0, 0.0, 0.0, 0.0), weekend=0.0, columns=4, counted=100)
"""Nothing moves: every window has the same law."""


def _windows(world: World) -> list[Profile]:
    return [profile for _, profile in world.windows]


def _add_cells(profiles: Sequence[Profile], column: str) -> NDArray[np.int64]:
    return np.asarray(sum(profile.columns[column].cells for profile in profiles), dtype=np.int64)


def _find_mean(profiles: Sequence[Profile], column: str) -> float:
    total = sum(profile.columns[column].sums.total for profile in profiles)
    return total / sum(profile.columns[column].values for profile in profiles)


def _signature(world: World) -> list[object]:
    blocks = [block.profile for block in world.reference.blocks]
    return [
        (profile.rows, name, counts.cells.tolist(), counts.missing)
        for profile in [*blocks, *_windows(world)]
        for name, counts in profile.columns.items()
    ]


_EVERYTHING = WorldSpec(
    columns=4,
    categories=(5, 50),
    missing=(0.0, 0.01),
    memory=0.6,
    tails="t3",
    scale_wobble=True,
    trend=0.3,
    reference=14,
    counted=14,
)


def test_the_same_seed_gives_the_same_world_and_another_seed_another_one() -> None:
    world = draw_world(_EVERYTHING)

    assert _signature(world) == _signature(world), "windows can be gone through again"
    assert _signature(draw_world(_EVERYTHING)) == _signature(world)
    assert _signature(draw_world(replace(_EVERYTHING, seed=1))) != _signature(world)


def test_history_comes_first_and_time_runs_on_from_a_monday() -> None:
    world = draw_world(WorldSpec(columns=1, reference=7, history=3, counted=4))
    spans = [block.window for block in world.reference.blocks] + [window for window, _ in world.windows]

    assert len(spans) == 7 + 3 + 4
    assert START.weekday() == 0
    assert [span.start for span in spans if span] == [START + n * timedelta(days=1) for n in range(14)]


def test_grids_are_shared_by_all_windows() -> None:
    world = draw_world(_EVERYTHING)

    for profile in _windows(world):
        for name, counts in profile.columns.items():
            assert counts.grid is world.reference.grids[name]


def test_every_column_counts_every_row() -> None:
    world = draw_world(_EVERYTHING)

    for profile in (world.reference.total, *_windows(world)):
        assert {counts.rows for counts in profile.columns.values()} == {profile.rows}


@pytest.mark.parametrize("column", range(4))
def test_rows_follow_the_standard_normal_law(column: int) -> None:
    world = draw_world(_STILL)
    name = _STILL.number_names[column]
    grid = world.reference.grids[name]
    cells = _add_cells(_windows(world), name)

    assert isinstance(grid, NumberGrid)
    through = np.cumsum(cells)[1::2] / cells.sum()
    distance = float(np.abs(through - stats.norm.cdf(grid.points)).max())
    assert stats.kstwo.sf(distance, int(cells.sum())) > 0.001


def test_what_chance_alone_does_is_what_it_does_to_rows() -> None:
    spec = replace(_STILL, columns=40, rows=500, weekend_rows=1.0, jitter=0.0, counted=50)
    world = draw_world(spec)
    found = []
    for profile in _windows(world):
        for name, counts in profile.columns.items():
            grid = world.reference.grids[name]
            assert isinstance(grid, NumberGrid)
            through = np.cumsum(counts.cells)[1::2] / counts.values
            found.append(float(np.abs(through - stats.norm.cdf(grid.points)).max()))
    rng = np.random.default_rng(5)
    rows = np.sort(stats.norm.cdf(rng.standard_normal((2000, 500))), axis=1)
    points = np.arange(1, 64) / 64
    drawn = [float(np.abs(np.searchsorted(row, points) / 500 - points).max()) for row in rows]

    assert stats.ks_2samp(found, drawn).pvalue > 0.001


def test_a_reference_has_no_row_beyond_its_extremes_and_windows_have_as_many_as_chance_has() -> None:
    spec = replace(_STILL, columns=200, reference=20, counted=20, rows=1000, weekend_rows=1.0, jitter=0.0)
    world = draw_world(spec)
    outside = [
        counts.cells[0] + counts.cells[-1] for one in _windows(world) for counts in one.columns.values()
    ]

    for counts in world.reference.total.columns.values():
        assert counts.cells[[0, 1, -2, -1]].tolist() == [0, 1, 1, 0]
    # Two new rows of as many stand beyond the extremes of the old ones, on average; exponential and Poisson.
    assert sum(outside) / 200 == pytest.approx(2.0, abs=4 * 2 / np.sqrt(200))


def test_sums_are_those_of_the_cells() -> None:
    world = draw_world(replace(_STILL, columns=2))
    counts = world.reference.total.columns["number_000"]

    assert counts.sums.total / counts.values == pytest.approx(0.0, abs=0.02)
    assert counts.sums.squares / counts.values == pytest.approx(1.0, abs=0.03)
    assert counts.sums.below == counts.sums.above == 0
    assert counts.sums.minimum is not None
    assert counts.sums.maximum is not None
    assert counts.sums.minimum < -3 < 3 < counts.sums.maximum


def test_a_window_without_a_value_has_empty_sums() -> None:
    world = draw_world(WorldSpec(columns=1, rows=1, missing=(0.5,), jitter=0.0, reference=7, counted=60))
    empty = [one.columns["number_000"] for one in _windows(world) if one.columns["number_000"].values == 0]

    assert empty
    assert all(counts.sums.minimum is None and counts.missing == 1 for counts in empty)


def test_a_share_of_zeros_is_exactly_zero() -> None:
    world = draw_world(replace(_STILL, zero_share=0.6))
    cells = _add_cells(_windows(world), "number_001")
    grid = world.reference.grids["number_001"]

    assert isinstance(grid, NumberGrid)
    assert (grid.points[0], cells[0]) == (0.0, 0)
    assert stats.binomtest(int(cells[1]), int(cells.sum()), 0.6).pvalue > 0.001
    assert int(cells[3::2].sum()) == 0, "what is not 0 lies between points"


def test_levels_are_whole_numbers() -> None:
    world = draw_world(replace(_STILL, levels=5))
    cells = _add_cells(_windows(world), "number_002")
    grid = world.reference.grids["number_002"]
    shares = np.diff(stats.norm.cdf([-np.inf, -1.5, -0.5, 0.5, 1.5, np.inf]))

    assert isinstance(grid, NumberGrid)
    assert grid.points.tolist() == [0, 1, 2, 3, 4]
    assert int(cells[0::2].sum()) == 0
    assert stats.chisquare(cells[1::2], cells.sum() * shares).pvalue > 0.001


def test_categories_follow_the_law_of_zipf() -> None:
    world = draw_world(replace(_STILL, columns=0, categories=(50,)))
    grid = world.reference.grids["category_000"]
    cells = _add_cells(_windows(world), "category_000")

    assert isinstance(grid, CategoryGrid)
    by_rank = cells[[grid.cell_of[f"name_{rank:03d}"] for rank in range(50)]]
    shares = 1 / np.arange(1, 51)
    assert stats.chisquare(by_rank, by_rank.sum() * shares / shares.sum()).pvalue > 0.001


def test_names_that_the_reference_never_saw_are_unseen() -> None:
    spec = replace(_STILL, columns=0, categories=(500,), rows=40, reference=14, counted=200)
    world = draw_world(spec)
    grid = world.reference.grids["category_000"]
    reference = world.reference.total.columns["category_000"]
    cells = _add_cells(_windows(world), "category_000")

    assert isinstance(grid, CategoryGrid)
    assert len(grid.names) < 500
    assert grid.singletons > 0
    assert reference.cells[grid.unseen_cell] == 0
    # Good and Turing: unseen rows are about as frequent as names that were seen once.
    expected = grid.singletons / reference.values
    assert cells[grid.unseen_cell] / cells.sum() == pytest.approx(expected, rel=0.4)


@pytest.mark.parametrize("memory", [0.0, 0.6, 0.9])
def test_wobble_has_its_size_its_memory_and_a_half_in_common(memory: float) -> None:
    spec = WorldSpec(memory=memory, weekend=0.0, columns=20, counted=40_000, wobbles=(0.0, 0.03, 0.03, 0.1))
    location = draw_world(replace(spec, rows=1, reference=1)).signals.location
    wobble = location[:, 5:] / np.array(spec.number_wobbles)[5:]

    assert not location[:, :5].any()
    # Chance of means over 40,000 windows with memory, for the common half.
    slack = 6 / np.sqrt(40_000 * (1 - memory) / (1 + memory))
    assert wobble.var(axis=0) == pytest.approx(np.ones(15), abs=slack)
    assert wobble.mean(axis=0) == pytest.approx(np.zeros(15), abs=slack)
    products = (wobble[1:] * wobble[:-1]).mean(axis=0)
    assert products == pytest.approx(np.full(15, memory), abs=slack)
    between = np.corrcoef(wobble.T)[np.triu_indices(15, 1)]
    assert between == pytest.approx(np.full(len(between), 0.5), abs=slack)


def test_wobble_shows_in_the_rows() -> None:
    spec = WorldSpec(columns=4, wobbles=(0.1, 0.1, 0.1, 0.1), weekend=0.0, rows=100_000, counted=50)
    world = draw_world(spec)

    for place, profile in enumerate(_windows(world)):
        found = [_find_mean([profile], name) for name in spec.number_names]
        assert found == pytest.approx(world.signals.location[spec.reference + place], abs=0.03)


def test_heavy_tails_are_those_of_student() -> None:
    spec = WorldSpec(tails="t3", weekend=0.0, columns=4, counted=5000, wobbles=(0.1, 0.1, 0.1, 0.1))
    location = draw_world(replace(spec, rows=1, reference=1)).signals.location

    for column in range(4):
        assert stats.kstest(location[:, column] / 0.1 * np.sqrt(3), stats.t(3).cdf).pvalue > 0.001


def test_scale_wobble_stretches_what_wobbles_and_nothing_else() -> None:
    spec = replace(_STILL, wobbles=(0.0, 0.03, 0.03, 0.1), scale_wobble=True, counted=4000, rows=1)
    stretch = np.log(draw_world(spec).signals.scale)

    assert not stretch[:, 0].any()
    assert stretch.std(axis=0) == pytest.approx([0.0, 0.03, 0.03, 0.1], rel=0.1)
    assert (draw_world(replace(spec, scale_wobble=False)).signals.scale == 1).all()


def test_every_fourth_column_moves_at_weekends() -> None:
    spec = replace(_STILL, weekend=0.3, columns=8, counted=70)
    windows = list(draw_world(spec).windows)
    weekend = [profile for window, profile in windows if window.start.weekday() >= 5]
    weekday = [profile for window, profile in windows if window.start.weekday() < 5]
    moved = [_find_mean(weekend, name) - _find_mean(weekday, name) for name in spec.number_names]

    assert moved == pytest.approx([0, 0, 0, 0.3, 0, 0, 0, 0.3], abs=0.03)


def test_a_trend_is_a_wave_of_a_year_in_every_fourth_column() -> None:
    spec = replace(_STILL, trend=1.0, reference=1, counted=1461)
    location = draw_world(replace(spec, rows=1)).signals.location

    assert not location[:, [0, 2, 3]].any()
    assert location[:, 1].max() == pytest.approx(1.0, abs=0.001)
    assert location[:, 1].min() == pytest.approx(-1.0, abs=0.001)
    assert location[1461, 1] == pytest.approx(location[0, 1], abs=0.001), "four years later"


def test_rows_follow_the_week_and_jitter() -> None:
    windows = list(draw_world(replace(_STILL, columns=1, counted=3500)).windows)
    weekday = np.log([profile.rows for window, profile in windows if window.start.weekday() < 5])
    weekend = np.log([profile.rows for window, profile in windows if window.start.weekday() >= 5])

    assert np.exp(weekday).mean() == pytest.approx(2000, rel=0.03)
    assert np.exp(weekend).mean() == pytest.approx(800, rel=0.05)
    assert weekday.std() == pytest.approx(0.3, rel=0.05)


def test_rows_can_alternate() -> None:
    world = draw_world(replace(_STILL, columns=1, alternate=(100, 10_000), reference=6, counted=5))

    assert [profile.rows for profile in _windows(world)] == [100, 10_000, 100, 10_000, 100]


def test_missing_shares_are_dealt_in_turn_and_wobble() -> None:
    spec = replace(_STILL, columns=3, missing=(0.0, 0.01, 0.1), counted=600)
    world = draw_world(spec)
    windows = _windows(world)
    shares = [
        sum(profile.columns[name].missing for profile in windows) / sum(profile.rows for profile in windows)
        for name in spec.number_names
    ]
    odds = np.log(world.signals.missing[:, 2] / (1 - world.signals.missing[:, 2]))

    assert shares == pytest.approx([0.0, 0.01, 0.1], rel=0.1)
    assert odds.std() == pytest.approx(0.2, rel=0.15)


def test_a_shift_moves_its_column_from_its_first_window_until_its_last() -> None:
    spec = replace(_STILL, counted=30, history=5, shifts=(Shift(sigmas=0.5, column=2, first=10, until=20),))
    windows, usual = _windows(draw_world(spec)), _windows(draw_world(replace(spec, shifts=())))

    def differs(place: int, column: str) -> bool:
        ours, theirs = windows[place].columns[column], usual[place].columns[column]
        return bool(np.any(ours.cells != theirs.cells))

    assert [differs(place, "number_002") for place in range(35)] == [15 <= n < 25 for n in range(35)]
    assert not any(differs(place, "number_000") for place in range(35))
    assert _find_mean(windows[15:25], "number_002") == pytest.approx(0.5, abs=0.05)


def test_a_reference_can_hold_a_drifted_week() -> None:
    spec = replace(_STILL, shifts=(Shift(sigmas=0.5, column=None, first=-28, until=-21),))
    world = draw_world(spec)
    means = np.array(
        [
            [_find_mean([block.profile], name) for name in spec.number_names]
            for block in world.reference.blocks
        ]
    )

    assert means[28:35].mean() == pytest.approx(0.5, abs=0.05)
    assert np.delete(means, slice(28, 35), axis=0).mean() == pytest.approx(0.0, abs=0.05)
    assert _find_mean(_windows(world), "number_000") == pytest.approx(0.0, abs=0.05)


def test_hours_have_a_pattern_in_rows_and_values_that_is_another_one_at_weekends() -> None:
    spec = SPECS["hourly-phi0"]
    world = draw_world(replace(spec, wobbles=(0.0, 0.0, 0.0, 0.0), weekend=0.0))
    hours = np.arange(spec.windows) % 24
    weekend = np.arange(spec.windows) // 24 % 7 >= 5
    rows, location = world.signals.rows, world.signals.location

    assert 60 <= rows[(hours == 0) & ~weekend].mean() < 90
    assert 270 < rows[(hours == 12) & ~weekend].mean() < 330
    assert not location[:, 0::2].any()
    assert location[(hours == 6) & ~weekend, 1] == pytest.approx(0.3)
    assert location[(hours == 12) & weekend, 1] == pytest.approx(0.3)
    assert location[(hours == 6) & weekend, 1] == pytest.approx(0.0, abs=1e-9)
    assert [str(window.length) for window, _ in islice(world.windows, 1)] == ["1:00:00"]


@pytest.mark.parametrize(("memory", "same_day", "next_day"), [(0.0, 0.5, 0.0), (0.6, 0.5, 0.3)])
def test_half_of_an_hourly_wobble_stays_for_the_day(memory: float, same_day: float, next_day: float) -> None:
    spec = replace(SPECS["hourly-phi0"], memory=memory, hours=0.0, weekend=0.0, rows=1, reference=24)
    location = draw_world(replace(spec, counted=24 * 2000)).signals.location
    wobble = location[:, 2:].reshape(2001, 24, 8) / np.array(spec.number_wobbles)[2:]

    # Twelve hours apart the memory of an hour is gone.
    assert (wobble[:, 0] * wobble[:, 12]).mean() == pytest.approx(same_day, abs=0.07)
    assert (wobble[1:, 0] * wobble[:-1, 12]).mean() == pytest.approx(next_day, abs=0.07)


def test_what_cannot_be_a_world_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a column"):
        WorldSpec(columns=0)
    with pytest.raises(ValueError, match="a day or an hour"):
        WorldSpec(length=timedelta(days=7))
    with pytest.raises(ValueError, match="not both"):
        WorldSpec(zero_share=0.5, levels=3)
    with pytest.raises(ValueError, match="no such column"):
        WorldSpec().find_column(0.5)


def test_the_named_worlds_hold_the_whole_grid() -> None:
    grid = {
        f"phi{memory:g}-history{history}-columns{columns}-rows{rows}"
        for memory in (0, 0.6, 0.9)
        for history in (0, 90)
        for columns in (5, 20, 200)
        for rows in (200, 2_000, 20_000, 100_000)
    }

    assert len(grid) == 72
    assert grid < SPECS.keys()
    assert not SPECS.keys() & SHIFTED.keys()


def test_only_shifted_worlds_change_once_the_reference_is_over() -> None:
    last = [shift.until for spec in SPECS.values() for shift in spec.shifts]

    assert all(until is not None and until <= 0 for until in last)
    assert all(0 <= shift.first < spec.counted for spec in SHIFTED.values() for shift in spec.shifts)


@pytest.mark.parametrize("name", [*SPECS, *SHIFTED])
def test_every_named_world_can_be_drawn(name: str) -> None:
    spec = {**SPECS, **SHIFTED}[name]
    small = replace(spec, reference=7, history=0, counted=1, shifts=())

    found = _windows(draw_world(replace(small, columns=min(5, spec.columns))))

    assert spec.name == name
    assert [profile.rows > 0 for profile in found] == [True]


def test_the_suite_takes_few_worlds_and_calibration_every_one_with_every_seed() -> None:
    few, every = choose_for_suite(100), list(choose_for_calibration(3))

    assert {spec.counted for spec in few} == {100}
    assert len(few) < 10
    assert {(spec.name, spec.seed) for spec in every} == {(name, seed) for name in SPECS for seed in range(3)}


def test_pages_are_counted_for_a_thousand_windows_and_by_months() -> None:
    tellings = [False] * 100
    for place in (3, 29, 40, 95, 96):
        tellings[place] = True

    # Month 1 has two pages, months 2 and 3 one and none; the last ten windows are no month.
    found = count_pages(tellings)

    assert found.pages_per_1000 == pytest.approx(50.0)
    assert found.crowded_share == pytest.approx(1 / 3)


def test_less_than_a_month_has_no_figures() -> None:
    with pytest.raises(ValueError, match="less than a month"):
        count_pages([True] * (MONTH - 1))
    with pytest.raises(ValueError, match="nothing to average"):
        average_figures([])


@given(st.lists(st.lists(st.booleans(), min_size=60, max_size=60), min_size=1, max_size=5))
def test_the_mean_of_seeds_is_the_figure_of_all_their_windows(runs: list[list[bool]]) -> None:
    found = average_figures([count_pages(run) for run in runs])
    joined = count_pages([telling for run in runs for telling in run])

    assert found.pages_per_1000 == pytest.approx(joined.pages_per_1000)
    assert found.crowded_share == pytest.approx(joined.crowded_share)


def test_independent_pages_of_a_kept_promise_crowd_a_quarter_of_the_months() -> None:
    rng = np.random.default_rng(3)
    found = average_figures([count_pages((rng.random(600) < 1 / 30).tolist()) for _ in range(400)])

    assert found.pages_per_1000 == pytest.approx(1000 / 30, abs=1.5)
    assert found.crowded_share == pytest.approx(float(stats.binom.sf(1, 30, 1 / 30)), abs=0.02)
    assert isinstance(found, Figures)
