from __future__ import annotations

import numpy as np

from driftwatch.profiles.counts import count_numbers
from driftwatch.profiles.grid import NumberGrid
from driftwatch.statistics.missing_share import missing_share


def test_missing_and_nan_count_and_other_odd_rows_do_not() -> None:
    grid = NumberGrid(points=np.array([1.0]))
    clean = count_numbers(grid, np.array([1.0]))
    batch = count_numbers(grid, np.array([1.0, np.nan, np.inf]), missing=3, unreadable=2)

    assert missing_share(clean, batch).value == 4 / 8
    assert missing_share(batch, clean).value == 0


def test_a_column_that_is_all_missing_is_at_one() -> None:
    grid = NumberGrid(points=np.array([1.0]))

    assert (
        missing_share(
            count_numbers(grid, np.array([1.0])), count_numbers(grid, np.array([]), missing=7)
        ).value
        == 1
    )
