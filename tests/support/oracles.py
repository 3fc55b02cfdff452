"""The statistics once more, from raw rows, by scipy or by the definition."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from fractions import Fraction

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import beta, chi2_contingency, ks_2samp, wasserstein_distance

__all__ = ["CATEGORY_ORACLES", "NUMBER_ORACLES", "bin_rows", "measure_ks"]

Numbers = Sequence[float]
Names = Sequence[str]
Labels = Sequence[Hashable]


def measure_ks(reference: Numbers, current: Numbers) -> float:
    """Return the greatest distance between the two empirical distribution functions."""
    with warnings.catch_warnings():
        # scipy warns when its p-value, which is not wanted here, has to be approximated.
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(ks_2samp(reference, current).statistic)


def bin_rows(reference: Numbers, rows: Numbers) -> list[int]:
    """Return the bin of each of `rows`: how many of the cuts made by `reference` lie before it.

    A cut is a value and whether the value itself lies before the cut.
    """
    ordered, n = sorted(reference), len(reference)
    cuts = {(ordered[math.ceil(n * q / 10) - 1], True) for q in range(1, 10)}
    heavy = [value for value, count in sorted(Counter(ordered).items()) if 10 * count >= n]
    cuts |= {(value, True) for value in heavy}
    for value in heavy:
        lower = [cut for cut, _ in cuts if cut < value]
        if not lower or any(max(lower) < row < value for row in reference):
            cuts.add((value, False))
    return [sum(row > cut or (row == cut and not after) for cut, after in cuts) for row in rows]


def _tabulate(reference: Labels, current: Labels) -> np.ndarray:
    ours, theirs = Counter(reference), Counter(current)
    labels = list(ours | theirs)
    return np.array([[ours[label] for label in labels], [theirs[label] for label in labels]], dtype=float)


def _psi(table: np.ndarray) -> float:
    smooth = (table + 0.5) / (table.sum(axis=1, keepdims=True) + table.shape[1] / 2)
    return float(sum((p - q) * math.log(p / q) for p, q in smooth.T))


def _share(table: np.ndarray) -> np.ndarray:
    shares: np.ndarray = table / table.sum(axis=1, keepdims=True)
    return shares


def _total_variation(table: np.ndarray) -> float:
    p, q = _share(table)
    return float(np.maximum(p - q, 0).sum())


def _jensen_shannon(table: np.ndarray) -> float:
    distance = float(jensenshannon(*table))
    return 0.0 if math.isnan(distance) else distance  # scipy: the root of a rounded −0.


def _hellinger(table: np.ndarray) -> float:
    p, q = _share(table)
    return math.sqrt(max(0.0, 1 - float(np.sqrt(p * q).sum())))


def _chi_square(table: np.ndarray) -> float:
    return float(chi2_contingency(table, correction=False).statistic)


def _group_names(reference: Names, rows: Names, other_side: Names) -> list[str]:
    """Return the PSI bin of each of `rows`, whose opposite number is `other_side`."""
    counts, n = Counter(reference), len(reference)
    smaller = min(len(rows), len(other_side))
    own = {name for name, count in counts.items() if count * smaller / n >= 5}
    return [name if name in own else "other" if name in counts else "unseen" for name in rows]


def _bound_growth(reference: Names, current: Names) -> float:
    ours, theirs, n, m = Counter(reference), Counter(current), len(reference), len(current)
    unseen = sum(count for name, count in theirs.items() if name not in ours)
    each = 0.01 / (2 * (len(ours) + 2))
    best = 0.0
    sides = [(ours[name], n, theirs[name]) for name in ours] + [(*_guess_unseen(ours), unseen)]
    for before, of, now in sides:
        above = float(beta.ppf(1 - each, before + 1, of - before)) if before < of else 1.0
        below = float(beta.ppf(each, now, m - now + 1)) if now else 0.0
        best = max(best, below - above)
    return best


def _guess_unseen(reference: Counter[str]) -> tuple[int, int]:
    """Return how many hits in how many rows tell as much as the names seen once and twice."""
    n, often = sum(reference.values()), Counter(reference.values())
    if often[1] >= n:
        return 0, 0
    mean = Fraction(often[1] + 1, n + 1)
    rows = math.floor(mean * (1 - mean) * n**2 / ((often[1] + 1) * (1 - mean) + 2 * often[2])) - 2
    return (math.ceil(mean * (rows + 1)) - 1, rows) if rows > 0 else (0, 0)


def _bound_distance(reference: Numbers, current: Numbers) -> float:
    n, m = len(reference), len(current)
    return max(0.0, measure_ks(reference, current) - math.sqrt(math.log(200) / 2 * (1 / n + 1 / m)))


def _on_bins(measure: Callable[[np.ndarray], float]) -> Callable[[Numbers, Numbers], float]:
    return lambda ours, theirs: measure(_tabulate(bin_rows(ours, ours), bin_rows(ours, theirs)))


def _on_names(measure: Callable[[np.ndarray], float]) -> Callable[[Names, Names], float]:
    def measured(ours: Names, theirs: Names) -> float:
        return measure(_tabulate(ours, [name if name in set(ours) else "unseen" for name in theirs]))

    return measured


def _scale_distance(reference: Numbers, current: Numbers) -> float:
    distance = float(wasserstein_distance(reference, current))
    low, high = np.quantile(reference, [0.25, 0.75], method="inverted_cdf")
    spread = float(high - low) / 1.349 or float(np.std(reference))
    return min(1e9, distance / spread) if spread else 1e9 * (distance > 0)


def _nothing(reference: Labels, current: Labels) -> float:
    return 0.0


NUMBER_ORACLES: Mapping[str, Callable[[Numbers, Numbers], float]] = {
    "hellinger": _on_bins(_hellinger),
    "jensen_shannon": _on_bins(_jensen_shannon),
    "ks": measure_ks,
    "missing_share": _nothing,
    "moved_share": _bound_distance,
    "psi": _on_bins(_psi),
    "range_share": lambda ours, theirs: sum(not min(ours) <= x <= max(ours) for x in theirs) / len(theirs),
    "total_variation": _on_bins(_total_variation),
    "unreadable_share": _nothing,
    "wasserstein": lambda ours, theirs: float(wasserstein_distance(ours, theirs)),
    "wasserstein_scaled": _scale_distance,
}
"""Every statistic of numbers, of raw rows without missing ones."""

CATEGORY_ORACLES: Mapping[str, Callable[[Names, Names], float]] = {
    "chi_square": _on_names(_chi_square),
    "hellinger": _on_names(_hellinger),
    "jensen_shannon": _on_names(_jensen_shannon),
    "missing_share": _nothing,
    "moved_share": _bound_growth,
    "psi": lambda ours, theirs: _psi(
        _tabulate(_group_names(ours, ours, theirs), _group_names(ours, theirs, ours))
    ),
    "total_variation": _on_names(_total_variation),
    "unreadable_share": _nothing,
    "unseen_share": lambda ours, theirs: sum(name not in ours for name in theirs) / len(theirs),
}
"""Every statistic of names, of raw rows without missing ones."""
