"""The grids of a simulated world: how stretches of a law, and names by rank, become cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from driftwatch.profiles.grid import CategoryGrid, NumberGrid, build_category_grid
from tests.support.world_signals import Signals
from tests.support.world_specs import WorldSpec

__all__ = ["LaidNames", "LaidNumbers", "lay_names", "lay_numbers", "place_extremes", "spread_rows"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_QUANTILES = 64
"""Stretches of equal mass of a number column's law; the reference's extremes are two points more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LaidNumbers:
    """How number columns lie on their grids.

    `edges`, shape (P, K), are the bounds of stretches on the scale of the law; `cells`, shape (K + 1,), the
    cell of each stretch. `centres`, shape (P, cells), are typical values of the cells.
    """

    grids: tuple[NumberGrid, ...]
    edges: Floats
    cells: Ints
    centres: Floats


def lay_numbers(spec: WorldSpec, signals: Signals, rng: np.random.Generator) -> LaidNumbers:
    """Return the number columns on grids of quantiles, between the extremes that the reference would have."""
    if spec.levels:
        return _lay_levels(spec)
    zeros = spec.zero_share
    inner = ndtri(zeros + (1 - zeros) * np.arange(1, _QUANTILES) / _QUANTILES)
    rarity = rng.standard_exponential((2, spec.columns))
    last = _find_extremes(signals, spec.reference, rarity[0], sign=1)
    first = _find_extremes(signals, spec.reference, rarity[1], sign=-1)
    first = np.full(spec.columns, ndtri(zeros)) if zeros else np.minimum(first, inner[0] - 0.01)
    last = np.maximum(last, inner[-1] + 0.01)
    middle = np.broadcast_to(inner, (spec.columns, len(inner)))
    edges = np.column_stack([first, middle, last])
    stretches = np.arange(edges.shape[1] + 1, dtype=np.int64)
    cells = 2 * stretches
    # Everything up to the first edge is the value 0 itself: that point, and not the gap before it.
    cells[0] = 1 if zeros else 0
    origin = ndtri(zeros) if zeros else 0.0
    centres = np.empty((spec.columns, 2 * edges.shape[1] + 1))
    centres[:, 0::2] = _find_centres(edges) - origin
    centres[:, 1::2] = edges - origin
    grids = tuple(NumberGrid(points=points) for points in edges - origin)
    return LaidNumbers(grids=grids, edges=edges, cells=cells, centres=centres)


def _lay_levels(spec: WorldSpec) -> LaidNumbers:
    """Return whole numbers from 0: every stretch of the law is one of them, and no row is in a gap."""
    values = np.arange(float(spec.levels))
    edges = np.broadcast_to(values[1:] - spec.levels / 2, (spec.columns, spec.levels - 1))
    grids = tuple(NumberGrid(points=values.copy()) for _ in range(spec.columns))
    between = np.concatenate([[-1.0], np.ravel(np.column_stack([values, values + 0.5]))])
    return LaidNumbers(
        grids=grids,
        edges=edges,
        cells=2 * np.arange(spec.levels, dtype=np.int64) + 1,
        centres=np.broadcast_to(between, (spec.columns, len(between))),
    )


def _find_extremes(signals: Signals, blocks: int, rarity: Floats, *, sign: int) -> Floats:
    """Return the largest (or smallest) value of each column in the reference, shape (P,).

    No row of many is beyond x with a chance of exp(−expected rows beyond x), so that the expected rows beyond
    the extreme are exponential: `rarity`, shape (P,). Halving the distance finds where there are so many.
    """
    rows = signals.rows[:blocks].astype(np.float64)
    location, scale = sign * signals.location[:blocks], signals.scale[:blocks]
    low, high = np.full(len(rarity), -40.0), np.full(len(rarity), 40.0)
    for _ in range(40):
        middle = (low + high) / 2
        too_low = rows @ ndtr((location - middle) / scale) > rarity
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return np.asarray(sign * high)


def _find_centres(edges: Floats) -> Floats:
    """Return the mean of the standard normal law in each stretch between `edges`, shape (P, K + 1)."""
    density = np.diff(np.exp(-(edges**2) / 2) / math.sqrt(2 * math.pi), axis=1, prepend=0.0, append=0.0)
    mass = np.diff(ndtr(edges), axis=1, prepend=0.0, append=1.0)
    return np.asarray(-density / mass)


def spread_rows(laid: LaidNumbers, rows: Ints) -> Ints:
    """Return the cells, shape (…, P, cells), of `rows` by stretch, shape (…, P, K + 1)."""
    cells = np.zeros((*rows.shape[:-1], laid.centres.shape[1]), dtype=np.int64)
    cells[..., laid.cells] = rows
    return cells


def place_extremes(laid: LaidNumbers, cells: Ints) -> Ints:
    """Return the `cells` of a reference, shape (blocks, P, cells), with its extremes on their points.

    Where the law goes on beyond the outer points, the rows drawn there are put inside, and one row is put
    on the point: it is the extreme.
    """
    found, every = cells.copy(), np.arange(cells.shape[1])
    for outer, point, inside in ((0, 1, 2), (-1, -2, -3)):
        if laid.cells[outer] == np.arange(cells.shape[2])[outer]:
            found[:, :, inside] += found[:, :, outer]
            found[:, :, outer] = 0
            block = np.argmax(found[:, :, inside], axis=0)
            one = np.minimum(1, found[block, every, inside])
            found[block, every, inside] -= one
            found[block, every, point] += one
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LaidNames:
    """A category column: its grid, and the cell of each name of the law by rank."""

    grid: CategoryGrid
    cells: Ints


def lay_names(blocks: Sequence[Ints]) -> LaidNames:
    """Return a category column whose grid knows the names that occur in `blocks`, each counted by rank."""
    total = np.sum(blocks, axis=0)
    names = np.array([f"name_{rank:03d}" for rank in range(len(total))])
    seen = total > 0
    grid = build_category_grid(names[seen].tolist(), total[seen])
    cells = [grid.cell_of.get(name, grid.unseen_cell) for name in names.tolist()]
    return LaidNames(grid=grid, cells=np.array(cells, dtype=np.int64))
