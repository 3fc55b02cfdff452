"""All statistics of a column at once."""

from __future__ import annotations

from driftwatch.profiles.counts import Counts
from driftwatch.statistics.catalogue import Statistic, entries

__all__ = ["evaluate"]


def evaluate(reference: Counts, current: Counts) -> dict[str, Statistic]:
    """Return every statistic of the catalogue that is for this kind of column, by name.

    Raises ValueError when the two were counted on different grids. Statistics that are not defined, on
    empty batches for example, are there with the value None.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> values = np.array([1.0, 2.0, 3.0])
    >>> grid = build_number_grid(values)
    >>> found = evaluate(count_numbers(grid, values), count_numbers(grid, values + 3))
    >>> found["ks"].value, found["wasserstein"].value
    (1.0, 3.0)
    """
    if reference.grid is not current.grid and reference.grid.fingerprint != current.grid.fingerprint:
        raise ValueError("counts on different grids cannot be compared")
    return {found.name: found.function(reference, current) for found in entries(reference.grid.kind)}
