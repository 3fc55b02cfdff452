"""Pure functions of two count vectors, one statistic a file; importing one puts it into the catalogue."""

from driftwatch.statistics import (
    chi_square,
    hellinger,
    jensen_shannon,
    ks,
    missing_share,
    moved_share,
    psi,
    range_share,
    total_variation,
    unreadable_share,
    unseen_share,
    wasserstein,
    wasserstein_scaled,
)
from driftwatch.statistics.catalogue import Statistic, entries, entry
from driftwatch.statistics.evaluate import evaluate

__all__ = [
    "Statistic",
    "chi_square",
    "entries",
    "entry",
    "evaluate",
    "hellinger",
    "jensen_shannon",
    "ks",
    "missing_share",
    "moved_share",
    "psi",
    "range_share",
    "total_variation",
    "unreadable_share",
    "unseen_share",
    "wasserstein",
    "wasserstein_scaled",
]
