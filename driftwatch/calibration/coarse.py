"""Counts kept coarsely: what lies between two coarse points stands in one cell of the same grid.

Coarse counts need a fraction of the room. They are counts on the same grid, so that they add up with fine
ones, and whatever is computed on the coarse cells of a layout comes out the same to the last row. What looks
at the fine cells, such as a KS distance, does not: whoever keeps them coarsely has to say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from driftwatch.calibration.layout import Layout
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid

__all__ = ["coarsen_columns"]


def coarsen_columns(layout: Layout, columns: Mapping[str, Counts]) -> dict[str, Counts]:
    """Return `columns` with the rows of every coarse cell of `layout` in one fine cell of it.

    For a number that is the gap behind a point, for rare names the cell of other names. Rows without a value,
    sums, minimum and maximum stay as they are, and so does a column whose fine cells are the coarse ones, or
    which the layout does not have.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from driftwatch.calibration.layout import build_layout
    >>> from driftwatch.profiles.build import build_reference
    >>> from driftwatch.profiles.columns import ColumnOptions
    >>> reference = build_reference([(None, pa.table({"amount": np.arange(1000.0)}))], ColumnOptions())
    >>> found = coarsen_columns(build_layout(reference), reference.total.columns)["amount"]
    >>> int(np.count_nonzero(found.cells)), found.rows, found.sums.maximum
    (257, 1000, 999.0)
    """
    return {name: _coarsen(layout, name, counts) for name, counts in columns.items()}


def _coarsen(layout: Layout, name: str, counts: Counts) -> Counts:
    place = layout.places.get(name)
    if place is None or len(layout.starts[place]) == len(counts.cells):
        return counts
    starts = layout.starts[place]
    kept = starts.copy()
    if isinstance(counts.grid, CategoryGrid):
        kept[-2] = counts.grid.other_cell
    cells = np.zeros_like(counts.cells)
    cells[kept] = np.add.reduceat(counts.cells, starts)
    return replace(counts, cells=cells)
