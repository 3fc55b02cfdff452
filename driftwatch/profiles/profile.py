"""A batch of rows as counts, column by column; two profiles on the same grids add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.keys import KeySample

__all__ = ["Profile"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """What is kept of a batch: no row, only counts.

    `columns` holds the counts of every column of the reference; one that the batch lacks is counted as
    missing in every row and named in `absent`. `extra` names columns that only the batch has. `keys` is
    None where the monitor names no key.
    """

    rows: int
    columns: Mapping[str, Counts]
    absent: frozenset[str] = frozenset()
    extra: frozenset[str] = frozenset()
    keys: KeySample | None = None

    def __add__(self, other: Profile) -> Profile:
        """Return the profile of both batches together. A profile of no rows changes nothing."""
        if self.rows == 0 or other.rows == 0:
            return other if self.rows == 0 else self
        if self.columns.keys() != other.columns.keys():
            raise ValueError("profiles of different references cannot be added")
        return Profile(
            rows=self.rows + other.rows,
            columns={name: counts + other.columns[name] for name, counts in self.columns.items()},
            absent=self.absent & other.absent,
            extra=self.extra | other.extra,
            keys=self.keys + other.keys if self.keys and other.keys else self.keys or other.keys,
        )
