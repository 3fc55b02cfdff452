"""Where counting changes from looking up values among the points to looking up points among the values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from driftwatch.profiles.counts import _look_up_points, _look_up_values, count_numbers
from driftwatch.profiles.grid import NumberGrid, build_number_grid

LookUp = Callable[[NDArray[np.floating], NDArray[np.floating]], NDArray[np.int64]]


@pytest.fixture(scope="module")
def grid() -> NumberGrid:
    return build_number_grid(np.random.default_rng(1).normal(size=100_000))


def draw(rows: int) -> NDArray[np.float64]:
    return np.random.default_rng(2).normal(size=rows)


@pytest.mark.parametrize("rows", [100, 1000, 4000, 8000, 16_000])
@pytest.mark.parametrize("points", [64, 4096])
@pytest.mark.parametrize("look_up", [_look_up_values, _look_up_points])
def test_look_up_a_window(rows: int, points: int, look_up: LookUp, benchmark: BenchmarkFixture) -> None:
    grid = build_number_grid(draw(100_000), max_points=points)
    benchmark.group = f"{rows} rows, {points} points"

    cells = benchmark(look_up, grid.points, np.sort(draw(rows)))

    assert int(cells.sum()) == rows


@pytest.mark.parametrize("rows", [2000, 1_000_000])
def test_count_as_the_program_does(grid: NumberGrid, rows: int, benchmark: BenchmarkFixture) -> None:
    benchmark.group = "as it is"

    assert benchmark(count_numbers, grid, draw(rows)).values == rows
