"""The chance that two batches differ by so much, from shuffling their pooled counts.

*Why:* tables for Kolmogorov–Smirnov and chi-square assume values without ties and large counts. With ties a
column of zeros and ones can never fall below 5 % by the table of Kolmogorov–Smirnov, whatever happens to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts, Sums
from driftwatch.profiles.grid import CategoryGrid
from driftwatch.statistics.catalogue import Function
from driftwatch.statistics.chi_square import chi_square
from driftwatch.statistics.ks import ks
from driftwatch.statistics.total_variation import total_variation

__all__ = ["permute_p_value"]

Cells = NDArray[np.int64]
Values = NDArray[np.float64]
Measure = Callable[[Cells, Cells], Values]

# numpy draws without replacement from fewer rows than this.
_MOST_ROWS = 1_000_000_000
# Numbers that are held at once while tables are drawn: 16 MB.
_MOST_HELD = 2_000_000
_FIRST_DRAWS = 64
# Two tables with the same distance may give values that differ in the last digits.
_ROUNDING = 1e-9


def permute_p_value(
    reference: Counts,
    current: Counts,
    function: Function,
    *,
    draws: int = 999,
    enough: int | None = None,
    rng: np.random.Generator,
) -> float:
    """Return how often chance alone makes a statistic at least as large as these two counts do.

    Parameters
    ----------
    reference, current
        Counts on the same grid. Finite values, infinities and names are shuffled; missing, NaN and
        unreadable rows stay where they are.
    function
        A statistic of the catalogue that looks at cells alone: not Wasserstein, which looks at sums too,
        and not a share of missing or unreadable rows.
    draws
        How many shuffles, at least 1. The smallest p-value is 1/(draws + 1).
    enough
        Stop after so many shuffles that reach the statistic: what is clearly chance is soon told.
    rng
        The same counts and the same state give the same p-value.

    Returns
    -------
    float
        Above 0, at most 1; at most α in a share α of pairs without a difference, whatever the ties. 1
        where the statistic has no value.

    Raises
    ------
    ValueError
        When the two were counted on different grids, or `draws` is below 1.

    Notes
    -----
    Under the null every split of the pooled rows into both sides is equally likely, so that the cells of
    one side are multivariate hypergeometric given those of the pool. The p-value is (1 + hits)/(1 + draws);
    stopped at `enough` hits in l draws it is enough/l, which keeps the level too. From a billion rows on both
    sides are drawn with replacement, which makes no difference that could be seen.

    References
    ----------
    M. Dwass, "Modified randomization tests for nonparametric hypotheses", Annals of Mathematical Statistics
    28, 1957. J. Besag and P. Clifford, "Sequential Monte Carlo p-values", Biometrika 78, 1991.

    Examples
    --------
    Of the 70 ways to share out four a and four b, two keep the letters apart: 1 in 35.

    >>> from driftwatch.profiles.counts import count_names
    >>> grid = CategoryGrid(names=("a", "b"))
    >>> ours, theirs = (count_names(grid, [name], np.array([4])) for name in grid.names)
    >>> rng = np.random.default_rng(1)
    >>> round(permute_p_value(ours, theirs, total_variation, draws=9999, rng=rng), 2)
    0.03
    """
    if reference.grid is not current.grid and reference.grid.fingerprint != current.grid.fingerprint:
        raise ValueError("counts on different grids cannot be compared")
    if draws < 1:
        raise ValueError(f"at least 1 draw is needed, not {draws}")
    observed = function(reference, current).value
    if observed is None:
        return 1.0
    pool = _pool_rows(reference, current)
    measure = _find_measure(function, reference) or _repeat(function, reference, current, pool.used)
    least = observed - _ROUNDING * abs(observed)
    hits = done = 0
    for ours, theirs in _draw_tables(pool, draws, rng):
        reached = measure(ours, theirs) >= least
        if enough is not None and hits + int(reached.sum()) >= enough:
            return enough / (done + _find_place(reached, enough - hits))
        hits, done = hits + int(reached.sum()), done + len(reached)
    return (1 + hits) / (1 + done)


def _find_place(reached: NDArray[np.bool_], hits: int) -> int:
    """Return after how many draws so many of them have reached the statistic."""
    return int(np.flatnonzero(reached)[hits - 1]) + 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pool:
    """The rows of both sides by cell, without empty ones; −inf comes first and +inf last."""

    rows: Cells
    used: NDArray[np.intp]
    ours: int
    theirs: int


def _pool_rows(reference: Counts, current: Counts) -> _Pool:
    ours, theirs = _list_cells(reference), _list_cells(current)
    rows = ours + theirs
    used = np.flatnonzero(rows)
    return _Pool(rows=rows[used], used=used, ours=int(ours.sum()), theirs=int(theirs.sum()))


def _list_cells(counts: Counts) -> Cells:
    ends = [counts.negative_infinite], [counts.positive_infinite]
    return np.concatenate([ends[0], counts.cells, ends[1]]).astype(np.int64)


def _draw_tables(pool: _Pool, draws: int, rng: np.random.Generator) -> Iterator[tuple[Cells, Cells]]:
    """Yield the cells of both sides in blocks of draws, each of shape (draws, cells), small blocks first."""
    largest = max(1, _MOST_HELD // len(pool.rows))
    size, left = _FIRST_DRAWS, draws
    while left > 0:
        size = min(size, left, largest)
        yield _draw_block(pool, size, rng)
        size, left = 2 * size, left - size


def _draw_block(pool: _Pool, draws: int, rng: np.random.Generator) -> tuple[Cells, Cells]:
    if pool.ours + pool.theirs >= _MOST_ROWS:
        shares = pool.rows / pool.rows.sum()
        return rng.multinomial(pool.ours, shares, draws), rng.multinomial(pool.theirs, shares, draws)
    fewer = min(pool.ours, pool.theirs)
    drawn = rng.multivariate_hypergeometric(pool.rows, fewer, size=draws, method="marginals")
    rest = pool.rows - drawn
    return (drawn, rest) if fewer == pool.ours else (rest, drawn)


def _measure_ks(ours: Cells, theirs: Cells) -> Values:
    apart: Values = np.cumsum(ours / _sum_rows(ours) - theirs / _sum_rows(theirs), axis=1)
    distance: Values = np.abs(apart).max(axis=1)
    return distance


def _measure_total_variation(ours: Cells, theirs: Cells) -> Values:
    apart: Values = np.abs(ours / _sum_rows(ours) - theirs / _sum_rows(theirs)).sum(axis=1)
    return np.minimum(1.0, 0.5 * apart)


def _measure_chi_square(ours: Cells, theirs: Cells) -> Values:
    n, m = _sum_rows(ours), _sum_rows(theirs)
    apart = ours / n - theirs / m
    value: Values = (apart * apart / (ours + theirs)).sum(axis=1) * n[:, 0] * m[:, 0]
    return value


def _sum_rows(cells: Cells) -> Values:
    rows: Values = cells.sum(axis=1, keepdims=True).astype(np.float64)
    return rows


# All draws at once; total variation of numbers is not among them, for its bins follow the reference.
_OF_NUMBERS: Mapping[Function, Measure] = {ks: _measure_ks}
_OF_CATEGORIES: Mapping[Function, Measure] = {
    chi_square: _measure_chi_square,
    total_variation: _measure_total_variation,
}


def _find_measure(function: Function, counts: Counts) -> Measure | None:
    measures = _OF_CATEGORIES if isinstance(counts.grid, CategoryGrid) else _OF_NUMBERS
    return measures.get(function)


def _repeat(function: Function, reference: Counts, current: Counts, used: NDArray[np.intp]) -> Measure:
    """Return a measure that asks `function` for one draw after another."""

    def measure(ours: Cells, theirs: Cells) -> Values:
        values = [
            function(_build_side(reference, used, left), _build_side(current, used, right)).value
            for left, right in zip(ours, theirs, strict=True)
        ]
        return np.array([-np.inf if value is None else value for value in values])

    return measure


def _build_side(side: Counts, used: NDArray[np.intp], drawn: Cells) -> Counts:
    rows = np.zeros(len(side.cells) + 2, dtype=np.int64)
    rows[used] = drawn
    return replace(
        side,
        cells=rows[1:-1],
        negative_infinite=int(rows[0]),
        positive_infinite=int(rows[-1]),
        sums=Sums(),
    )
