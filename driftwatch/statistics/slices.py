"""Which slice of the rows carries a change: what is in it, what is in the rest, and what is only its size.

A change of a column from the reference's shares p(x) to the batch's q(x) has the size 2·TV = Σ |q − p|, and
that is Σ s(x)·(q(x) − p(x)) with s(x) = ±1 the direction in which the cell x moved. Rows are divided into a
slice g and the rest r. With the mean direction a = Σ s(x)·p(x | ·) of each part in the reference, and b in
the batch,

    2·TV = w_g·(b_g − a_g)  +  w_r·(b_r − a_r)  +  (q_g − p_g)·½·[(a_g + b_g) − (a_r + b_r)]
           what changed in     what changed in     what changed because the slice became
           the slice           the rest            a larger or a smaller part of the rows

with w = ½·(p + q), the mean share of rows of a part. This is Kitagawa's decomposition of a difference of two
rates, which adds up exactly and needs no order of the steps. It keeps apart what a comparison of slice and
whole would mix up: rows that changed, and rows that are only more (Simpson's paradox).

A slice is named only where it is clearly responsible:

1. it explains at least 7 tenths of the change, and what it leaves to the others is at most 3 tenths;
2. for what changed in it: that is 2 tenths more than its share of the rows, for in a change that is
   everywhere every slice explains as much as it is large; for its size: a twentieth of the rows moved;
3. it is beyond chance: one side of a normal law, at 1 in 1,000 for all slices that were looked at together
   (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

__all__ = ["Shares", "Slice", "SliceKind", "find_growth", "find_slice", "split_change"]

LEAST_EXPLAINED: Final = 0.7
MOST_LEFT: Final = 0.3
LEAST_BEYOND_ROWS: Final = 0.2
LEAST_GROWTH: Final = 0.05
LEAST_DISTANCE: Final = 0.02
FEWEST_ROWS: Final = 30
ALPHA: Final = 1e-3

Table = NDArray[np.int64]
Floats = NDArray[np.float64]


class SliceKind(StrEnum):
    """What of a slice explains a change."""

    OWN = "own"  # Its rows changed, the others did not.
    SIZE = "size"  # It became a larger or a smaller part of the rows, and is unlike the others.


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A slice that explains the part `explained` of a change: the group `group` of the pair `pair`.

    It holds `share` of the batch's rows, and `usual_share` of the reference's.
    """

    pair: int
    group: int
    kind: SliceKind
    explained: float
    share: float
    usual_share: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """What explains a change, by group: its own change, that of the rest, and its size; they add up to 1.

    `distance` is the total variation between the reference and the batch. `own_p` and `size_p` are how often
    chance gives as much. `rows` are those of the reference and of the batch.
    """

    distance: float
    own: Floats
    rest: Floats
    size: Floats
    own_p: Floats
    size_p: Floats
    rows: tuple[Floats, Floats]
    usual_share: Floats
    share: Floats


def split_change(reference: Table, current: Table) -> Shares | None:
    """Return what explains the change of a column, for each group against all others; None without one.

    Parameters
    ----------
    reference, current
        Rows by group and cell, shape (groups, cells), on the same layout.

    References
    ----------
    E. M. Kitagawa, "Components of a Difference Between Two Rates", Journal of the American Statistical
    Association 50 (1955), 1168-1194.

    Examples
    --------
    Of two groups of equal size one moved wholly from the first cell to the second:

    >>> found = split_change(np.array([[50, 50], [50, 50]]), np.array([[0, 100], [50, 50]]))
    >>> found.distance, found.own.tolist(), found.rest.tolist()
    (0.25, [1.0, 0.0], [0.0, 1.0])
    """
    n, m = int(reference.sum()), int(current.sum())
    if n == 0 or m == 0:
        return None
    p, q = reference / n, current / m
    moved = q.sum(axis=0) - p.sum(axis=0)
    size = float(np.abs(moved).sum())
    if size < 1e-12:
        return None
    sign = np.sign(moved)
    slices = _Part(p.sum(axis=1), q.sum(axis=1), p @ sign, q @ sign)
    rest = _Part(1 - slices.p, 1 - slices.q, slices.a.sum() - slices.a, slices.b.sum() - slices.b)
    a, b = slices.find_means()
    a_rest, b_rest = rest.find_means()
    growth = slices.q - slices.p
    return Shares(
        distance=size / 2,
        own=slices.weight * (b - a) / size,
        rest=rest.weight * (b_rest - a_rest) / size,
        size=growth * ((a + b) - (a_rest + b_rest)) / 2 / size,
        own_p=_test_own((a, b, a_rest, b_rest), (n * slices.p, m * slices.q, n * rest.p, m * rest.q)),
        size_p=_test_growth(slices.p, slices.q, n, m),
        rows=(n * slices.p, m * slices.q),
        usual_share=slices.p,
        share=slices.q,
    )


class _Part:
    """One side of every division: its shares of the rows, and its sums of directions."""

    def __init__(self, p: Floats, q: Floats, a: Floats, b: Floats) -> None:
        # What was taken from a whole leaves rounding where nothing is left.
        self.p, self.q = np.where(p < 1e-12, 0.0, p), np.where(q < 1e-12, 0.0, q)
        self.a, self.b = a, b
        self.weight = (self.p + self.q) / 2

    def find_means(self) -> tuple[Floats, Floats]:
        """Return the mean directions; a part that one side lacks has not changed but come or gone."""
        a = np.divide(self.a, self.p, out=np.zeros_like(self.a), where=self.p > 0)
        b = np.divide(self.b, self.q, out=np.zeros_like(self.b), where=self.q > 0)
        return np.where(self.p > 0, a, b), np.where(self.q > 0, b, a)


def _test_own(means: Sequence[Floats], rows: Sequence[Floats]) -> Floats:
    """Return how often chance gives a slice so much more change than the rest."""
    a, b, a_rest, b_rest = means
    variance: Floats = np.zeros_like(a)
    for mean, count in zip(means, rows, strict=True):
        # A mean of exactly one or none has no variance of its own, but a row more could have been elsewhere.
        variance = variance + (1 - mean**2) / np.maximum(count, 1) + 1 / np.maximum(count, 1) ** 2
    return np.asarray(ndtr(-((b - a) - (b_rest - a_rest)) / np.sqrt(variance)))


def _test_growth(p: Floats, q: Floats, n: int, m: int) -> Floats:
    """Return how often chance gives a slice a share so unlike the reference's."""
    both = (n * p + m * q) / (n + m)
    deviation = np.sqrt(np.maximum(both * (1 - both), 1 / (n + m)) * (1 / n + 1 / m))
    return np.asarray(2 * ndtr(-np.abs(q - p) / deviation))


def find_slice(pairs: Sequence[tuple[Table, Table]], named: Sequence[Sequence[int]]) -> Slice | None:
    """Return the slice that is clearly responsible for the change of a column; None where none is.

    `pairs` are the rows by group and cell of the reference and the batch, one pair for each column that rows
    are divided by; `named` are the groups of each that can be named.

    >>> usual = np.array([[500, 500], [500, 500], [500, 500]])
    >>> find_slice([(usual, np.array([[0, 1000], [500, 500], [500, 500]]))], [(0, 1, 2)])
    Slice(pair=0, group=0, kind=<SliceKind.OWN: 'own'>, explained=1.0, share=0.3333333333333333, \
usual_share=0.3333333333333333)
    >>> find_slice([(usual, np.array([[400, 600], [400, 600], [400, 600]]))], [(0, 1, 2)]) is None
    True
    """
    alpha = ALPHA / max(1, 2 * sum(len(groups) for groups in named))
    found: list[tuple[float, Slice]] = []
    for place, ((reference, current), groups) in enumerate(zip(pairs, named, strict=True)):
        shares = split_change(reference, current)
        if shares is not None and shares.distance >= LEAST_DISTANCE:
            for group in groups:
                found += _judge_own(shares, place, group, alpha)
                found += _judge_size(shares, place, group, alpha)
    return max(found, key=lambda one: one[0], default=(0.0, None))[1]


def _judge_own(shares: Shares, pair: int, group: int, alpha: float) -> list[tuple[float, Slice]]:
    explained = float(shares.own[group])
    weight = float(shares.share[group] + shares.usual_share[group]) / 2
    left = max(abs(float(shares.rest[group])), abs(float(shares.size[group])))
    enough = min(float(rows[group]) for rows in shares.rows) >= FEWEST_ROWS
    beyond = explained - weight
    if not enough or explained < LEAST_EXPLAINED or left > MOST_LEFT or beyond < LEAST_BEYOND_ROWS:
        return []
    if shares.own_p[group] > alpha:
        return []
    return [(beyond, _build(shares, pair, group, SliceKind.OWN, explained))]


def _judge_size(shares: Shares, pair: int, group: int, alpha: float) -> list[tuple[float, Slice]]:
    explained = float(shares.size[group])
    growth = float(shares.share[group] - shares.usual_share[group])
    left = max(abs(float(shares.rest[group])), abs(float(shares.own[group])))
    enough = max(float(rows[group]) for rows in shares.rows) >= FEWEST_ROWS
    if not enough or explained < LEAST_EXPLAINED or left > MOST_LEFT or abs(growth) < LEAST_GROWTH:
        return []
    if shares.size_p[group] > alpha:
        return []
    # Where one of two grew the other shrank; what grew is what people look for.
    weight = float(shares.share[group] + shares.usual_share[group]) / 2
    score = explained - weight - (0.0 if growth > 0 else 1.0)
    return [(score, _build(shares, pair, group, SliceKind.SIZE, explained))]


def _build(shares: Shares, pair: int, group: int, kind: SliceKind, explained: float) -> Slice:
    return Slice(
        pair=pair,
        group=group,
        kind=kind,
        explained=min(1.0, explained),
        share=float(shares.share[group]),
        usual_share=float(shares.usual_share[group]),
    )


def find_growth(pairs: Sequence[tuple[Table, Table]]) -> Slice | None:
    """Return the name whose share of the rows changed most, of columns counted by themselves; None without.

    `pairs` are the rows by name of the reference and of the batch, one pair for each column. What is found is
    a change of that column alone: without joint counts nobody knows what its rows did to another.

    >>> find_growth([(np.array([900, 100]), np.array([600, 400]))]).group
    1
    """
    alpha = ALPHA / max(1, sum(len(usual) for usual, _ in pairs))
    found: list[Slice] = []
    for place, (usual, now) in enumerate(pairs):
        n, m = int(usual.sum()), int(now.sum())
        if n == 0 or m == 0:
            continue
        p, q = usual / n, now / m
        size = float(np.abs(q - p).sum())
        beyond = (np.abs(q - p) >= LEAST_GROWTH) & (_test_growth(p, q, n, m) <= alpha)
        found += [
            Slice(
                pair=place,
                group=group,
                kind=SliceKind.SIZE,
                explained=float(abs(q[group] - p[group])) / size,
                share=float(q[group]),
                usual_share=float(p[group]),
            )
            for group in np.flatnonzero(beyond).tolist()
        ]
    # Of two names one may have grown as the other shrank; what grew is what people look for.
    return max(
        found,
        key=lambda one: (round(abs(one.share - one.usual_share), 9), one.share - one.usual_share),
        default=None,
    )
