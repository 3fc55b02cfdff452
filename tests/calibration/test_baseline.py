"""A reference made ready: the data choose its seasons, and each block is judged without itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.calibration.baseline import Baseline, Settings, build_baseline, measure_blocks
from driftwatch.calibration.layout import Aspect, Part
from driftwatch.calibration.seasons import Scheme, find_season
from driftwatch.calibration.tally import Tally, tally_profile
from driftwatch.profiles.build import build_reference
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from tests.support.batches import build_days, count_day, day, draw_rows

_OPTIONS = ColumnOptions()
_FIRST = datetime(2024, 1, 1, tzinfo=UTC)  # A Monday.


def build_blocks(
    shift: Callable[[datetime], float], blocks: int, length: timedelta, *, rows: int = 200
) -> Reference:
    """Return a reference in which the mean of `x` follows the clock."""
    rng = np.random.default_rng(1)
    spans = (
        Window(start=_FIRST + place * length, end=_FIRST + (place + 1) * length) for place in range(blocks)
    )
    parts = [
        (span, pa.table({"x": rng.normal(shift(span.start), 1.0, rows), "y": rng.normal(size=rows)}))
        for span in spans
    ]
    return build_reference(parts, _OPTIONS)


_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("scheme", "shift", "length", "blocks"),
    [
        (Scheme.OVERALL, lambda _: 0.0, _DAY, 56),
        (Scheme.WEEKEND, lambda at: float(at.weekday() >= 5), _DAY, 56),
        (Scheme.WEEKDAY, lambda at: 0.5 * at.weekday(), _DAY, 56),
        (Scheme.OVERALL, lambda at: 0.5 * at.weekday(), _DAY, 20),
        (Scheme.HOUR, lambda at: at.hour / 12, _HOUR, 12 * 24),
        (Scheme.HOUR_WEEKEND, lambda at: at.hour / 12 * (-1 if at.weekday() >= 5 else 1), _HOUR, 28 * 24),
    ],
    ids=["nothing", "weekends", "weekdays", "too few for any", "hours", "hours and weekends"],
)
def test_the_data_choose_the_seasons(
    scheme: Scheme, shift: Callable[[datetime], float], length: timedelta, blocks: int
) -> None:
    reference = build_blocks(shift, blocks, length, rows=60)

    assert build_baseline(reference, Settings()).scheme is scheme


def test_local_clocks_make_the_seasons() -> None:
    def by_auckland(at: datetime) -> float:
        return float((at + 12 * _HOUR).weekday() >= 5)

    reference = build_blocks(by_auckland, 8 * 7 * 24, _HOUR, rows=20)

    local = build_baseline(reference, Settings(timezone="Etc/GMT-12"))
    assert local.scheme is Scheme.WEEKEND


@pytest.fixture(scope="module")
def reference() -> Reference:
    rng = np.random.default_rng(0)
    return build_days([draw_rows(rng, 200) for _ in range(24)], _OPTIONS)


@pytest.fixture(scope="module")
def baseline(reference: Reference) -> Baseline:
    return build_baseline(reference, Settings())


def tally_days(baseline: Baseline, reference: Reference, keep: Callable[[int], bool]) -> Tally:
    blocks = [block.profile for place, block in enumerate(reference.blocks) if keep(place)]
    return reduce(add, (tally_profile(baseline.layout, profile) for profile in blocks))


def test_a_block_is_judged_as_if_it_had_never_been_in_the_reference(
    reference: Reference, baseline: Baseline
) -> None:
    others = tally_days(baseline, reference, lambda place: place != 5)

    found = baseline.find_reference(day(5))

    assert np.array_equal(found.cells, others.cells)
    assert np.array_equal(found.rows, others.rows)
    assert found.volume == others.volume


def test_a_window_after_the_reference_is_compared_with_all_of_it(
    reference: Reference, baseline: Baseline
) -> None:
    assert np.array_equal(
        baseline.find_reference(day(99)).cells, tally_days(baseline, reference, lambda _: True).cells
    )


def test_with_seasons_a_window_is_compared_with_its_own(reference: Reference) -> None:
    baseline = build_baseline(reference, Settings(), scheme=Scheme.WEEKEND)
    weekends = [place for place in range(24) if find_season(day(place), Scheme.WEEKEND, "UTC")]

    sunday = baseline.find_reference(day(27))
    one_of_them = baseline.find_reference(day(weekends[0]))

    assert np.array_equal(
        sunday.cells, tally_days(baseline, reference, lambda place: place in weekends).cells
    )
    assert np.array_equal(
        one_of_them.cells, tally_days(baseline, reference, lambda place: place in weekends[1:]).cells
    )


def test_a_season_that_the_reference_has_not_is_compared_with_all_of_it(reference: Reference) -> None:
    only_monday = replace(reference, blocks=reference.blocks[:1])
    baseline = build_baseline(only_monday, Settings(), scheme=Scheme.WEEKDAY)

    assert baseline.find_reference(day(2)) is baseline.total
    assert baseline.find_usual_volume(day(2)) is None


def test_the_usual_volume_is_that_of_the_season() -> None:
    rng = np.random.default_rng(3)
    reference = build_days([draw_rows(rng, 50 if n % 7 >= 5 else 200) for n in range(28)], _OPTIONS)
    baseline = build_baseline(reference, Settings(), scheme=Scheme.WEEKEND)

    assert [baseline.find_usual_volume(day(number)) for number in (28, 33)] == [200.0, 50.0]


def test_the_long_scale_knows_no_seasons_and_no_volume(reference: Reference) -> None:
    baseline = build_baseline(reference, Settings(), scheme=Scheme.WEEKEND)
    tally = tally_days(baseline, reference, lambda place: place < 7)

    found = baseline.measure_long(day(99), tally)

    overall = build_baseline(reference, Settings(), scheme=Scheme.OVERALL).measure_long(day(99), tally)
    assert np.array_equal(found.distance, overall.distance, equal_nan=True)
    assert np.isnan(found.distance[baseline.layout.place[Part(column="", aspect=Aspect.VOLUME)]])


def test_blocks_are_measured_alone_and_with_the_cycle_before_them(
    reference: Reference, baseline: Baseline
) -> None:
    blocks = measure_blocks(baseline)

    assert [one.window for one in blocks] == [day(number) for number in range(24)]
    drift = slice(0, len(baseline.layout.columns))
    assert all(np.all(np.isfinite(one.short.distance[drift])) for one in blocks)
    assert [bool(np.isfinite(one.long.distance[0])) for one in blocks] == [False] * 6 + [True] * 17 + [False]
    cycle = tally_days(baseline, reference, lambda place: 3 <= place <= 9)
    others = tally_days(baseline, reference, lambda place: not 3 <= place <= 9)
    expected = baseline.measure_against(others, cycle).distance[drift]
    assert blocks[9].long.distance[drift] == pytest.approx(expected)


def test_blocks_say_nothing_of_unseen_categories(baseline: Baseline) -> None:
    beyond = {
        part.column: place for place, part in enumerate(baseline.layout.parts) if part.aspect is Aspect.BEYOND
    }

    for one in measure_blocks(baseline):
        assert np.isnan(one.short.distance[beyond["city"]])
        assert np.isfinite(one.short.distance[beyond["n0"]])


def test_blocks_without_rows_are_no_blocks(reference: Reference) -> None:
    nothing = count_day(reference, draw_rows(np.random.default_rng(0), 1).slice(0, 0), _OPTIONS)
    gap = replace(reference.blocks[4], profile=nothing)
    blocks = (*reference.blocks[:4], gap, *reference.blocks[5:])

    baseline = build_baseline(replace(reference, blocks=blocks), Settings())

    assert len(measure_blocks(baseline)) == 23
    assert baseline.filled == pytest.approx(23 / 24)
    assert day(4) not in baseline.inside


def test_a_reference_without_times_has_no_blocks() -> None:
    rows = draw_rows(np.random.default_rng(0), 300)

    baseline = build_baseline(build_reference([(None, rows)], _OPTIONS), Settings())

    assert measure_blocks(baseline) == []
    assert (baseline.scheme, baseline.find_usual_volume(day(0))) == (Scheme.OVERALL, None)
    assert baseline.total.volume == 300
