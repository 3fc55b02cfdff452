"""Simulated worlds: a reference and the windows after it, drawn as counts from laws that are known.

Rows are never made: a window of 200 columns and 100,000 rows is one multinomial draw a column, over the cells
of a grid of quantiles. Distances on such a grid are lower bounds, as on any grid of quantiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from driftwatch.profiles.counts import Counts, Sums
from driftwatch.profiles.grid import Grid
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Block, Reference
from driftwatch.profiles.window import Window
from tests.support.pages import Figures, average_figures, count_pages
from tests.support.windows import make_windows
from tests.support.world_grids import (
    LaidNames,
    LaidNumbers,
    lay_names,
    lay_numbers,
    place_extremes,
    spread_rows,
)
from tests.support.world_signals import Signals, draw_signals
from tests.support.world_specs import SHIFTED, SPECS, Shift, WorldSpec

__all__ = [
    "SHIFTED",
    "SPECS",
    "START",
    "Figures",
    "Shift",
    "World",
    "WorldSpec",
    "average_figures",
    "count_pages",
    "draw_world",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

START = datetime(2024, 1, 1, tzinfo=UTC)
"""A Monday."""
# Which random numbers are for what: each window has its own, so that windows can be drawn in any order.
_FOR_SIGNALS, _FOR_EXTREMES, _FOR_WINDOWS = 1, 2, 3


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """A reference and what is judged against it.

    `windows` can be gone through again, and gives the same ones: first `spec.history` windows of history,
    then `spec.counted` ones. `signals` are the laws that they were drawn from, for those who check.
    """

    spec: WorldSpec
    reference: Reference
    windows: Iterable[tuple[Window, Profile]]
    signals: Signals


def draw_world(spec: WorldSpec) -> World:
    """Return the world of `spec`: the same one for the same settings and seed.

    1. Draw how the laws move, window by window.
    2. Choose the points of the number columns: quantiles, and the extremes that the reference would have.
    3. Draw the reference's blocks, put a row on each extreme, and name the categories that occur in them.

    Windows are drawn when they are asked for.

    >>> world = draw_world(WorldSpec(columns=5, history=1, counted=2))
    >>> len(world.reference.blocks), [str(window.start.date()) for window, _ in world.windows]
    (56, ['2024-02-26', '2024-02-27', '2024-02-28'])
    """
    signals = draw_signals(spec, np.random.default_rng((spec.seed, _FOR_SIGNALS)))
    numbers = lay_numbers(spec, signals, np.random.default_rng((spec.seed, _FOR_EXTREMES)))
    places = range(spec.reference)
    draws = [_draw(spec, signals, numbers.edges, place) for place in places]
    categories = tuple(
        lay_names([draw.names[column] for draw in draws]) for column in range(len(spec.categories))
    )
    forms = _Forms(spec=spec, numbers=numbers, categories=categories)
    spans = make_windows(spec.windows, spec.length, START)
    cells = place_extremes(numbers, spread_rows(numbers, np.array([draw.numbers for draw in draws])))
    blocks = [
        Block(window=span, profile=forms.build_profile(draw, block))
        for span, draw, block in zip(spans[: spec.reference], draws, cells, strict=True)
    ]
    return World(
        spec=spec,
        reference=Reference(grids=forms.grids, blocks=tuple(blocks)),
        windows=_Windows(forms=forms, signals=signals, spans=spans),
        signals=signals,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Windows:
    forms: _Forms
    signals: Signals
    spans: tuple[Window, ...]

    def __iter__(self) -> Iterator[tuple[Window, Profile]]:
        spec, numbers = self.forms.spec, self.forms.numbers
        for place in range(spec.reference, spec.windows):
            draw = _draw(spec, self.signals, numbers.edges, place)
            yield self.spans[place], self.forms.build_profile(draw, spread_rows(numbers, draw.numbers))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Draw:
    """Rows of one window: number columns in the K + 1 stretches between K edges, categories by name."""

    rows: int
    numbers: Ints
    names: tuple[Ints, ...]
    missing: Ints


def _draw(spec: WorldSpec, signals: Signals, edges: Floats, place: int) -> _Draw:
    rng = np.random.default_rng((spec.seed, _FOR_WINDOWS, place))
    rows = int(signals.rows[place])
    missing = rng.binomial(rows, signals.missing[place]).astype(np.int64)
    location, scale = signals.location[place], signals.scale[place]
    through = ndtr((edges - location[:, np.newaxis]) / scale[:, np.newaxis])
    numbers = rng.multinomial(
        rows - missing[: spec.columns], np.diff(through, axis=1, prepend=0.0, append=1.0)
    )
    names = [
        rng.multinomial(rows - absent, _to_shares(path[place]))
        for absent, path in zip(missing[spec.columns :], signals.log_odds, strict=True)
    ]
    return _Draw(rows=rows, numbers=numbers, names=tuple(names), missing=missing)


def _to_shares(log_odds: Floats) -> Floats:
    odds = np.exp(log_odds - log_odds.max())
    return np.asarray(odds / odds.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Forms:
    """How draws of a world become profiles."""

    spec: WorldSpec
    numbers: LaidNumbers
    categories: tuple[LaidNames, ...]

    @property
    def grids(self) -> dict[str, Grid]:
        grids: dict[str, Grid] = dict(zip(self.spec.number_names, self.numbers.grids, strict=True))
        for name, laid in zip(self.spec.category_names, self.categories, strict=True):
            grids[name] = laid.grid
        return grids

    def build_profile(self, draw: _Draw, cells: Ints) -> Profile:
        """Return the profile of a window whose number columns have these `cells`, shape (P, cells)."""
        spec, numbers = self.spec, self.numbers
        missing = draw.missing.tolist()
        columns = {
            name: Counts(grid=grid, cells=row, missing=absent, sums=sums)
            for name, grid, row, absent, sums in zip(
                spec.number_names,
                numbers.grids,
                cells,
                missing[: spec.columns],
                _sum_cells(cells, numbers),
                strict=True,
            )
        }
        kept = zip(spec.category_names, self.categories, draw.names, missing[spec.columns :], strict=True)
        for name, laid, ranks, absent in kept:
            by_cell = np.zeros(laid.grid.cells, dtype=np.int64)
            np.add.at(by_cell, laid.cells, ranks)
            columns[name] = Counts(grid=laid.grid, cells=by_cell, missing=absent)
        return Profile(rows=draw.rows, columns=columns)


def _sum_cells(cells: Ints, laid: LaidNumbers) -> list[Sums]:
    """Return the sums of each number column as if every row stood in the middle of its cell."""
    centres = laid.centres
    last = cells.shape[1] - 1 - np.argmax(cells[:, ::-1] > 0, axis=1)
    every = np.arange(len(cells))
    found = np.column_stack(
        [
            np.sum(cells * centres, axis=1),
            np.sum(cells * centres**2, axis=1),
            cells[:, 0] * (centres[:, 1] - centres[:, 0]),
            cells[:, -1] * (centres[:, -1] - centres[:, -2]),
            centres[every, np.argmax(cells > 0, axis=1)],
            centres[every, last],
        ]
    )
    filled = np.any(cells > 0, axis=1).tolist()
    return [
        Sums(total=total, squares=squares, below=below, above=above, minimum=minimum, maximum=maximum)
        if some
        else Sums()
        for some, (total, squares, below, above, minimum, maximum) in zip(filled, found.tolist(), strict=True)
    ]
