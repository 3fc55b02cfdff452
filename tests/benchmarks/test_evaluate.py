"""What all statistics of one column of one window cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from driftwatch.profiles.counts import count_numbers
from driftwatch.profiles.grid import build_number_grid
from driftwatch.statistics.evaluate import evaluate


@pytest.mark.benchmark(group="evaluate")
def test_a_column_of_2000_rows_on_4096_points(benchmark: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=50_000)
    grid = build_number_grid(values)
    reference = count_numbers(grid, values)
    batches = iter([count_numbers(grid, rng.normal(size=2000)) for _ in range(400)])

    # Every round has a batch of its own, so that nothing but the reference is remembered.
    benchmark.pedantic(  # type: ignore[attr-defined] # The plugin's fixture has no types.
        evaluate, setup=lambda: ((reference, next(batches)), {}), rounds=300, warmup_rounds=50
    )
