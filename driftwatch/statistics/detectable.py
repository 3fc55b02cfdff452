"""The smallest change that so many rows could show: what "not enough data" means in numbers.

*Why:* a window in which nothing can be shown is not one in which nothing has changed.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import betainc, betainccinv, ndtr, ndtri

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid
from driftwatch.statistics.cumulative import accumulate_cells

__all__ = [
    "convert_share",
    "convert_sigmas",
    "rows_needed",
    "smallest_change",
    "smallest_growth",
    "smallest_share",
]

# Beyond so many rows of a batch the reference alone decides what can be shown.
_MOST_ROWS = 10**12


def smallest_share(
    reference_rows: int, rows: int, *, alpha: float, power: float = 0.8, beyond: float = 0.0
) -> float:
    """Return the smallest share of a number column that has to move in order to be shown.

    Parameters
    ----------
    reference_rows, rows
        The numbers of the reference and of the batch.
    alpha
        The level of `bound_moved_share`, 0 to 1, exclusive.
    power
        How sure one wants to be that the bound exceeds `beyond`, 0 to 1, exclusive.
    beyond
        The minimum effect, 0 to 1.

    Returns
    -------
    float
        0 to 1; 1 also where not even a change of all rows could be shown, or a side has no rows.

    Notes
    -----
    Where the distributions are D apart, their difference is estimated there with a variance of at most
    (1 − D²)(n + m)/(4nm). D has to exceed `beyond` and the chance that the bound subtracts by as many of
    these standard deviations as `power` asks for. So the change is shown with this power whatever its shape.
    One that is as great over a wide range of values is shown more often, for it may be found at any of them:
    at a power of .8 the shift of a normal column in about 95 % of batches.

    Examples
    --------
    >>> [round(smallest_share(10_000, rows, alpha=0.01), 3) for rows in (50, 500, 5000)]
    [0.288, 0.094, 0.035]
    """
    _check_levels(alpha, power)
    if reference_rows <= 0 or rows <= 0:
        return 1.0
    spread = (reference_rows + rows) / (reference_rows * rows)
    least = beyond + math.sqrt(-0.5 * math.log(alpha / 2) * spread)
    if least >= 1:
        return 1.0
    wanted = float(ndtri(power))
    part = wanted * wanted * spread / 4
    # The root of D = least + wanted·√((1 − D²)·spread/4).
    root = math.copysign(math.sqrt(part * (1 + part - least * least)), wanted)
    return min(1.0, (least + root) / (1 + part))


def smallest_growth(
    usual: float, reference_rows: int, rows: int, *, alpha: float, power: float = 0.8, beyond: float = 0.0
) -> float:
    """Return the smallest growth of one name's share that can be shown.

    Parameters
    ----------
    usual
        The share of the name in the reference, 0 to 1.
    reference_rows, rows
        The names of the reference and of the batch, repeats counted.
    alpha
        The level of one bound of one name: that of `bound_moved_share` over four times the cells.
    power, beyond
        As in `smallest_share`.

    Returns
    -------
    float
        0 to 1, at most 1 − `usual`; that also where no growth could be shown.

    Notes
    -----
    The fewest rows of which the lower Clopper–Pearson bound exceeds the reference's upper bound and
    `beyond`, and the share that gives so many rows with the wanted power; the reference's own luck is added
    to the variance.

    Examples
    --------
    >>> round(smallest_growth(0.0, 100_000, 100, alpha=0.001), 3), round(
    ...     smallest_growth(0.5, 100_000, 100, alpha=0.001), 3)
    (0.029, 0.203)
    """
    _check_levels(alpha, power)
    most = 1.0 - usual
    if reference_rows <= 0 or rows <= 0:
        return most
    hits = round(usual * reference_rows)
    least = beyond + (
        float(betainccinv(hits + 1, reference_rows - hits, alpha)) if hits < reference_rows else 1.0
    )
    fewest = _find_fewest(least, rows, alpha)
    if fewest is None:
        return most
    return min(most, _reach(fewest, usual, reference_rows, rows, float(ndtri(power))))


def _find_fewest(least: float, rows: int, alpha: float) -> int | None:
    """Return the fewest hits among `rows` whose lower bound at `alpha` exceeds `least`, if any does."""
    if least >= 1 or betainc(rows, 1, least) >= alpha:
        return None
    too_few, enough = 0, rows
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if betainc(middle, rows - middle + 1, least) < alpha:
            enough = middle
        else:
            too_few = middle
    return enough


def _reach(fewest: int, usual: float, reference_rows: int, rows: int, wanted: float) -> float:
    """Return the growth with which `fewest` hits are reached `wanted` standard deviations surely."""
    luck = usual * (1 - usual) / reference_rows
    needed = (fewest - 0.5) / rows

    def falls_short(share: float) -> bool:
        return share - wanted * math.sqrt(share * (1 - share) / rows + luck) < needed

    low, high = min(usual, needed), 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if falls_short(middle) else (low, middle)
    return max(0.0, high - usual)


def smallest_change(
    reference: Counts, rows: int, *, alpha: float, power: float = 0.8, beyond: float = 0.0
) -> float:
    """Return the smallest share that has to move in this column in order to be shown by `rows` rows.

    Parameters
    ----------
    reference
        The column's usual counts.
    rows
        The values of a batch in this column.
    alpha, power, beyond
        As in `smallest_share`.

    Returns
    -------
    float
        0 to 1; 1 also where nothing could be shown. Of a column of names, the growth of the name whose
        growth is the hardest to see: the one nearest to half of the rows.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_names
    >>> grid = CategoryGrid(names=("a", "b"))
    >>> usual = count_names(grid, ["a", "b"], np.array([6000, 4000]))
    >>> round(smallest_change(usual, 500, alpha=0.01), 2)
    0.1
    """
    grid = reference.grid
    if not isinstance(grid, CategoryGrid):
        usable = accumulate_cells(reference)
        return smallest_share(usable.rows if usable else 0, rows, alpha=alpha, power=power, beyond=beyond)
    _check_levels(alpha, power)
    n = reference.values
    if n == 0 or rows <= 0:
        return 1.0
    shares = reference.cells[: len(grid.names)] / n
    usual = float(shares[np.argmin(np.abs(shares - 0.5))]) if len(shares) else 0.0
    each = alpha / (4 * grid.cells)
    return smallest_growth(usual, n, rows, alpha=each, power=power, beyond=beyond)


def rows_needed(
    share: float, *, alpha: float, reference_rows: int, power: float = 0.8, beyond: float = 0.0
) -> int | None:
    """Return how many numbers a batch needs for a moved share of `share` to be shown.

    Returns
    -------
    int or None
        The least rows of which `smallest_share` is at most `share`; None where the reference is too small
        for any number of rows.

    Examples
    --------
    >>> rows_needed(0.2, alpha=0.01, reference_rows=10_000)
    106
    >>> rows_needed(0.2, alpha=0.01, reference_rows=50) is None
    True
    """

    def shows(rows: int) -> bool:
        found = smallest_share(reference_rows, rows, alpha=alpha, power=power, beyond=beyond)
        return found <= share and found < 1

    if not shows(_MOST_ROWS):
        return None
    too_few, enough = 0, 1
    while not shows(enough):
        too_few, enough = enough, 2 * enough
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if shows(middle) else (middle, enough)
    return enough


def convert_share(share: float) -> float:
    """Return by how many standard deviations a normal column has to shift for a `share` of it to move.

    D = 2Φ(δ/2) − 1, solved for δ: a share of 0 to 1 gives 0 to infinity.

    >>> round(convert_share(0.08), 2), round(convert_share(0.197), 1)
    (0.2, 0.5)
    """
    return 2 * float(ndtri((1 + share) / 2))


def convert_sigmas(sigmas: float) -> float:
    """Return the share of a normal column that moves when it shifts by so many standard deviations.

    >>> [round(convert_sigmas(sigmas), 3) for sigmas in (0.05, 0.2, 0.5)]
    [0.02, 0.08, 0.197]
    """
    return 2 * float(ndtr(abs(sigmas) / 2)) - 1


def _check_levels(alpha: float, power: float) -> None:
    for name, level in (("alpha", alpha), ("power", power)):
        if not 0 < level < 1:
            raise ValueError(f"{name} must lie between 0 and 1, not be {level}")
