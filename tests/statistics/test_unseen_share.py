from __future__ import annotations

import numpy as np

from driftwatch.profiles.counts import count_names
from driftwatch.profiles.grid import CategoryGrid
from driftwatch.statistics.unseen_share import unseen_share


def test_names_beyond_the_cap_are_not_unseen() -> None:
    grid = CategoryGrid(names=("a",), others=("b",))
    batch = count_names(grid, ["a", "b", "z"], np.array([5, 3, 2]), missing=90)

    assert unseen_share(batch, batch).value == 0.2


def test_it_is_not_known_when_the_reference_had_too_many_names_to_remember() -> None:
    grid = CategoryGrid(names=("a",), others=("b",), knows_all=False)
    batch = count_names(grid, ["a", "z"], np.array([5, 3]))

    assert unseen_share(batch, batch).value is None
