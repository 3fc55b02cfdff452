"""A profile in the form that scores need: coarse cells and rates of all columns in a few arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from driftwatch.calibration.layout import Layout
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.derived import find_unjudged
from driftwatch.profiles.profile import Profile

__all__ = ["PackedTally", "Tally", "empty_tally", "pack_tally", "tally_profile"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tally:
    """The counts of P columns; two of them add up, and one can be taken out of another again.

    `cells` has shape (P, width), zero beyond a column's own cells; infinite rows are in the outer gaps.
    `rows` and `missing`, both (P,), count rows of windows in which the column was there. `volume` counts all
    rows, `repeated` those that repeat a key among `keyed`.
    """

    cells: NDArray[np.int64]
    rows: NDArray[np.int64]
    missing: NDArray[np.int64]
    volume: int
    repeated: int = 0
    keyed: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            cells=self.cells + other.cells,
            rows=self.rows + other.rows,
            missing=self.missing + other.missing,
            volume=self.volume + other.volume,
            repeated=self.repeated + other.repeated,
            keyed=self.keyed + other.keyed,
        )

    def __sub__(self, other: Tally) -> Tally:
        return Tally(
            cells=self.cells - other.cells,
            rows=self.rows - other.rows,
            missing=self.missing - other.missing,
            volume=self.volume - other.volume,
            repeated=self.repeated - other.repeated,
            keyed=self.keyed - other.keyed,
        )

    def keep(self, columns: NDArray[np.bool_]) -> Tally:
        """Return the tally with the counts of these `columns`, shape (P,), alone; others have no rows."""
        return Tally(
            cells=self.cells * columns[:, np.newaxis],
            rows=self.rows * columns,
            missing=self.missing * columns,
            volume=self.volume,
            repeated=self.repeated,
            keyed=self.keyed,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PackedTally:
    """A tally that is kept, in an eighth of its bytes where no cell holds more than 255 rows.

    `cells` are its cells in the smallest type that holds them, `rest` is the tally without any.
    """

    cells: NDArray[np.unsignedinteger]
    rest: Tally

    @property
    def volume(self) -> int:
        """Return how many rows it has."""
        return self.rest.volume

    def unpack(self) -> Tally:
        """Return the tally."""
        return replace(self.rest, cells=self.cells.astype(np.int64))


def pack_tally(tally: Tally) -> PackedTally:
    """Return `tally` in few bytes.

    >>> nothing = np.zeros(1, dtype=np.int64)
    >>> counts = Tally(cells=np.array([[0, 300]]), rows=np.array([300]), missing=nothing, volume=300)
    >>> packed = pack_tally(counts)
    >>> packed.cells.dtype.name, packed.unpack().cells.tolist()
    ('uint16', [[0, 300]])
    """
    smallest = np.min_scalar_type(int(tally.cells.max(initial=0)))
    none = np.empty((0, 0), dtype=np.int64)
    return PackedTally(cells=tally.cells.astype(smallest), rest=replace(tally, cells=none))


def empty_tally(layout: Layout) -> Tally:
    """Return the tally of no rows at all."""
    nothing = np.zeros(len(layout.columns), dtype=np.int64)
    cells = np.zeros((len(layout.columns), layout.width), dtype=np.int64)
    return Tally(cells=cells, rows=nothing, missing=nothing, volume=0)


def tally_profile(layout: Layout, profile: Profile) -> Tally:
    """Return `profile` on the coarse grids of `layout`; absent and empty columns have no rows.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from driftwatch.calibration.layout import build_layout
    >>> from driftwatch.profiles.build import build_reference
    >>> from driftwatch.profiles.columns import ColumnOptions
    >>> rows = pa.table({"amount": [1.0, 2.0, 2.0, None]})
    >>> reference = build_reference([(None, rows)], ColumnOptions())
    >>> found = tally_profile(build_layout(reference), reference.total)
    >>> found.cells.tolist(), found.rows.tolist(), found.missing.tolist()
    ([[0, 1, 0, 2, 0]], [4], [1])
    """
    count = len(layout.columns)
    cells = np.zeros((count, layout.width), dtype=np.int64)
    missing, unreadable = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    if profile.rows:
        unjudged = find_unjudged(profile)
        for place, (name, starts) in enumerate(zip(layout.columns, layout.starts, strict=True)):
            if name not in unjudged:
                counts = profile.columns[name]
                _fill(cells[place, : len(starts)], counts, starts)
                missing[place] = counts.missing + counts.nan
                unreadable[place] = counts.unreadable
    keys = profile.keys
    return Tally(
        cells=cells,
        rows=cells.sum(axis=1) + missing + unreadable,
        missing=missing,
        volume=profile.rows,
        repeated=keys.repeated_rows if keys else 0,
        keyed=keys.rows if keys else 0,
    )


def _fill(cells: NDArray[np.int64], counts: Counts, starts: NDArray[np.int64]) -> None:
    if len(starts) == len(counts.cells):
        cells[:] = counts.cells
    else:
        np.add.reduceat(counts.cells, starts, out=cells)
    if counts.negative_infinite or counts.positive_infinite:
        cells[0] += counts.negative_infinite
        cells[-1] += counts.positive_infinite
