from __future__ import annotations

import numpy as np

from driftwatch.profiles.counts import count_numbers
from driftwatch.profiles.grid import NumberGrid
from driftwatch.statistics.unreadable_share import unreadable_share


def test_only_unreadable_rows_count() -> None:
    grid = NumberGrid(points=np.array([1.0]))
    clean = count_numbers(grid, np.array([1.0]))
    batch = count_numbers(grid, np.array([1.0, np.nan, np.inf]), missing=3, unreadable=2)

    assert unreadable_share(clean, batch).value == 2 / 8
    assert unreadable_share(batch, clean).value == 0
