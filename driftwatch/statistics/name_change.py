"""Changes of a column of names: renamed, flooded by one, or in other proportions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid
from driftwatch.statistics.change_kind import Change, ChangeKind, allow_rest

__all__ = ["find_name_change"]

Floats = NDArray[np.float64]

# A name has vanished where less than this part of its rows is left, and where chance does not leave so few.
_LEFT = 0.02
_LEAST_EXPECTED = 14.0
# A name that was more usual than this and grew is called another mix, not a flood.
_RARE = 0.05


def find_name_change(grid: CategoryGrid, reference: Counts, current: Counts) -> Change | None:
    """Return what happened to the names of a column, both sides of which have some; None for equal shares.

    A rename is one that leaves at most a quarter of the distance when the rows of the vanished names are
    counted to the name that grew most; so is a flood when what came on top of one rare name is left out. A
    new name is only known where the reference had it.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_names
    >>> grid = CategoryGrid(names=("FR", "US", "DE"))
    >>> usual = count_names(grid, ["FR", "US", "DE"], np.array([500, 300, 200]))
    >>> other = count_names(grid, ["FR", "USA", "DE"], np.array([510, 295, 195]))
    >>> found = find_name_change(grid, usual, other)
    >>> found.kind.value, found.name, found.new_name
    ('rename', 'US', None)
    """
    before, now = reference.cells / reference.values, current.cells / current.values
    distance = 0.5 * float(np.abs(now - before).sum())
    if distance == 0:
        return None
    spread = (before + now) / 2 * (1 - (before + now) / 2) * (1 / reference.values + 1 / current.values)
    # The mean size of a normal deviation is √(2/π) of its standard deviation.
    noise = 0.5 * math.sqrt(2 / math.pi) * float(np.sqrt(spread).sum())
    allowed = allow_rest(distance, noise)
    vanished = _find_vanished(grid, before, now, current.values)
    renamed = _find_rename(grid, before, now, vanished)
    if renamed is not None and renamed[1] <= allowed:
        return _with_rest(renamed[0], renamed[1], distance)
    flooded = _find_flood(grid, before, now)
    if flooded is not None and flooded[1] <= allowed:
        return _with_rest(flooded[0], flooded[1], distance)
    return _tell_mix(grid, before, now, distance)


def _with_rest(change: Change, rest: float, distance: float) -> Change:
    return replace(change, explained=max(0.0, 1 - rest / distance))


def _find_vanished(grid: CategoryGrid, before: Floats, now: Floats, rows: int) -> NDArray[np.intp]:
    names = len(grid.names)
    old, new = before[:names], now[:names]
    return np.flatnonzero((old * rows >= _LEAST_EXPECTED) & (new <= _LEFT * old))


def _find_rename(
    grid: CategoryGrid, before: Floats, now: Floats, vanished: NDArray[np.intp]
) -> tuple[Change, float] | None:
    if len(vanished) == 0:
        return None
    gone = float((before[vanished] - now[vanished]).sum())
    cell = int(np.argmax(now - before))
    # Where a usual name takes the rows of another, nobody can say that it is the same thing.
    if before[cell] > gone / 2 or cell == grid.other_cell:
        return None
    moved = before.copy()
    moved[vanished] = now[vanished]
    moved[cell] += gone
    first = vanished[np.argmax(before[vanished])]
    change = Change(
        kind=ChangeKind.RENAME,
        explained=0.0,
        name=grid.names[first],
        new_name=_name(grid, cell),
        names=len(vanished),
        share=float(now[cell]),
        usual_share=gone,
    )
    return change, 0.5 * float(np.abs(now - moved).sum())


def _find_flood(grid: CategoryGrid, before: Floats, now: Floats) -> tuple[Change, float] | None:
    cell = int(np.argmax(now - before))
    if before[cell] > _RARE or cell == grid.other_cell:
        return None
    part = (1 - now[cell]) / (1 - before[cell])
    apart = np.abs(now - part * before)
    change = Change(
        kind=ChangeKind.FLOOD,
        explained=0.0,
        name=_name(grid, cell),
        share=float(now[cell]),
        usual_share=float(before[cell]),
    )
    return change, 0.5 * float(apart.sum() - apart[cell])


def _tell_mix(grid: CategoryGrid, before: Floats, now: Floats, distance: float) -> Change:
    names = len(grid.names)
    cell = int(np.argmax(np.abs(now - before)[:names])) if names else grid.other_cell
    moved = abs(float(now[cell] - before[cell]))
    return Change(
        kind=ChangeKind.MIX,
        explained=min(1.0, moved / distance),
        name=_name(grid, cell),
        share=float(now[cell]),
        usual_share=float(before[cell]),
    )


def _name(grid: CategoryGrid, cell: int) -> str | None:
    return grid.names[cell] if cell < len(grid.names) else None
