"""Coarse grids nest in the fine ones, hold what is worth a score of its own, and no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.calibration.layout import (
    MAX_COARSE_NAMES,
    MAX_COARSE_POINTS,
    VOLUME_PLACE,
    Aspect,
    Part,
    build_layout,
)
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.grid import NumberGrid
from tests.support.batches import build_days


def _build(**columns: Any) -> pa.Table:
    return pa.table(columns)


def test_a_column_of_few_values_keeps_every_cell() -> None:
    reference = build_days([_build(x=[1.0, 2.0, 2.0, 3.0])], ColumnOptions())

    assert build_layout(reference).starts[0].tolist() == list(range(7))


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(300, 2000), ties=st.integers(1, 400))
def test_coarse_points_are_points_of_the_fine_grid_with_equal_rows_between_them(
    seed: int, rows: int, ties: int
) -> None:
    values = np.round(np.random.default_rng(seed).normal(size=rows) * ties) / ties
    reference = build_days([_build(x=values)], ColumnOptions())
    grid = reference.grids["x"]
    assert isinstance(grid, NumberGrid)

    starts = build_layout(reference).starts[0]

    assert starts[0] == 0
    assert np.all(np.diff(starts) > 0)
    # Points stand alone in their cells, so that ties are seen; gaps between them may have been joined.
    points = starts[1::2]
    assert np.all(points % 2 == 1)
    assert points[0] == 1
    assert points[-1] == grid.cells - 2
    assert len(points) <= MAX_COARSE_POINTS + 2
    coarse = np.add.reduceat(reference.total.columns["x"].cells, starts)
    inner = coarse[2::2]
    assert inner.max(initial=0) <= np.ceil(rows / MAX_COARSE_POINTS)


def test_only_categories_that_a_window_has_five_of_are_scored_alone() -> None:
    names = ["often"] * 90 + ["some"] * 6 + ["rare"] * 4
    reference = build_days([_build(plan=names)] * 3, ColumnOptions())

    starts = build_layout(reference).starts[0]

    # often, some, all others, unseen
    assert starts.tolist() == [0, 1, 2, 4]


def test_the_usual_window_decides_and_not_the_whole_reference() -> None:
    small = _build(plan=["often"] * 9 + ["rare"])

    starts = build_layout(build_days([small] * 50, ColumnOptions())).starts[0]

    assert starts.tolist() == [0, 1, 3]


def test_no_more_than_fifty_categories_are_scored_alone() -> None:
    names = [f"name {place:02}" for place in range(80) for _ in range(10)]

    starts = build_layout(build_days([_build(plan=names)], ColumnOptions())).starts[0]

    assert len(starts) == MAX_COARSE_NAMES + 2
    assert starts.tolist() == [*range(MAX_COARSE_NAMES + 1), 81]


def test_parts_come_aspect_by_aspect_with_the_window_as_a_whole_at_the_end() -> None:
    layout = build_layout(build_days([_build(x=[1.0], plan=["a"])], ColumnOptions()))

    assert [(part.column, part.aspect.value) for part in layout.parts] == [
        *(("x", "drift"), ("plan", "drift"), ("x", "missing"), ("plan", "missing")),
        *(("x", "beyond"), ("plan", "beyond"), ("", "volume"), ("", "repeated")),
    ]
    assert layout.parts[VOLUME_PLACE].aspect is Aspect.VOLUME
    assert all(layout.parts[place] == part for part, place in layout.place.items())
    assert layout.place[Part(column="plan", aspect=Aspect.DRIFT)] == layout.places["plan"] == 1


@pytest.mark.parametrize(
    ("names", "knows"), [(["a", "b"] * 50, True), ([f"name {place}" for place in range(100)], False)]
)
def test_what_is_known_of_unseen_names_comes_from_those_seen_once(names: list[str], knows: bool) -> None:
    layout = build_layout(build_days([_build(plan=names)], ColumnOptions(kinds={"plan": "category"})))

    assert bool(layout.unseen_rows[0]) is knows
    assert layout.unseen_hits[0] <= layout.unseen_rows[0]
