"""The columns of a batch beside those of a reference, as numbers: what every judgement starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from driftwatch.incidents.pairs import pair_columns
from driftwatch.profiles.profile import Profile
from driftwatch.statistics.catalogue import Statistic
from driftwatch.statistics.evaluate import evaluate
from driftwatch.statistics.moved_share import bound_moved_share

__all__ = ["Compared", "compare_columns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was measured of every column that both sides have.

    `statistics` are those of the catalogue, by column and name. `moved_shares` hold the lower bound on the
    part of the rows that moved, 0 to 1, at the family-wise level over all columns.
    """

    statistics: Mapping[str, Mapping[str, Statistic]] = field(default_factory=dict)
    moved_shares: Mapping[str, float] = field(default_factory=dict)


def compare_columns(reference: Profile, current: Profile, *, alpha: float) -> Compared:
    """Return `current` measured against `reference`, on the same grids, at the family-wise level `alpha`.

    >>> import numpy as np
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> values = np.arange(1000.0)
    >>> grid = build_number_grid(values)
    >>> usual = Profile(rows=1000, columns={"age": count_numbers(grid, values)})
    >>> moved = Profile(rows=1000, columns={"age": count_numbers(grid, values + 500)})
    >>> found = compare_columns(usual, moved, alpha=0.05)
    >>> found.statistics["age"]["ks"].value, round(found.moved_shares["age"], 3)
    (0.5, 0.439)
    """
    pairs = list(pair_columns(reference, current))
    each = alpha / max(1, len(pairs))
    statistics, moved_shares = {}, {}
    # Column by column: what is remembered of the last few is used by both.
    for pair in pairs:
        statistics[pair.column] = evaluate(pair.reference, pair.current)
        moved_shares[pair.column] = bound_moved_share(pair.reference, pair.current, alpha=each)
    return Compared(statistics=statistics, moved_shares=moved_shares)
