"""One column of the reference beside the same column of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.derived import find_unjudged
from driftwatch.profiles.grid import get_recipe
from driftwatch.profiles.profile import Profile

__all__ = ["Pair", "count_missing", "pair_columns"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """The two counts of a column that is judged."""

    column: str
    reference: Counts
    current: Counts

    @property
    def present(self) -> int:
        """Return how many rows of the batch have a value, readable or not."""
        return self.current.rows - count_missing(self.current)

    @property
    def is_derived(self) -> bool:
        """Return whether the column is derived from others: nobody delivers it, and it can lack nothing."""
        return get_recipe(self.reference.grid) is not None

    @property
    def is_unreadable(self) -> bool:
        """Return whether the batch has values in this column and none of them can be read."""
        return 0 < self.current.unreadable == self.present


def pair_columns(reference: Profile, current: Profile) -> Iterator[Pair]:
    """Yield the columns that both sides have, in the order of the reference.

    A derived column is left out where a column that carries it is absent or has no values.
    """
    unjudged = find_unjudged(current)
    for name, counts in reference.columns.items():
        if name not in unjudged:
            yield Pair(column=name, reference=counts, current=current.columns[name])


def count_missing(counts: Counts) -> int:
    """Return how many rows have no value: null or NaN."""
    return counts.missing + counts.nan
