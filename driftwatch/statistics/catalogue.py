"""The statistics by name, and the one value that each of them returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import Kind

__all__ = [
    "ALL_KINDS",
    "CATEGORIES",
    "NUMBERS",
    "PARTS",
    "Entry",
    "Statistic",
    "entries",
    "entry",
    "statistic",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """What a statistic returns. Bigger is always worse.

    `value` is None where the statistic is not defined for this column. `low` and `high` enclose the
    exact value where the grid cannot tell it; `p_value` and `debiased` are given by some statistics only.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    debiased: float | None = None

    @property
    def parts(self) -> tuple[float | None, ...]:
        """Return what it consists of as plain floats, in the order of `PARTS`."""
        found = (self.value, self.low, self.high, self.p_value, self.debiased)
        return tuple(None if part is None else float(part) for part in found)


PARTS = ("value", "low", "high", "p_value", "debiased")
"""What a statistic consists of, in the order of `Statistic.parts`."""

Function = Callable[[Counts, Counts], Statistic]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A statistic of the catalogue: its name, the kinds of column it is for, and its greatest value."""

    name: str
    function: Function
    kinds: frozenset[Kind]
    greatest: float | None


_ENTRIES: dict[str, Entry] = {}

NUMBERS: frozenset[Kind] = frozenset({"number", "time"})
CATEGORIES: frozenset[Kind] = frozenset({"category", "boolean"})
ALL_KINDS: frozenset[Kind] = NUMBERS | CATEGORIES


def statistic(
    *, kinds: frozenset[Kind] = ALL_KINDS, greatest: float | None = 1.0
) -> Callable[[Function], Function]:
    """Return a decorator that puts a function into the catalogue under its own name.

    `greatest` is the largest value it can have, None where there is no bound; the smallest is always 0.
    """

    def register(function: Function) -> Function:
        name = function.__name__
        if name in _ENTRIES:
            raise ValueError(f"two statistics are called {name!r}")
        _ENTRIES[name] = Entry(name=name, function=function, kinds=kinds, greatest=greatest)
        return function

    return register


def entries(kind: Kind | None = None) -> Iterator[Entry]:
    """Return the statistics for columns of `kind`, or all of them, in the order they were registered."""
    return (found for found in _ENTRIES.values() if kind is None or kind in found.kinds)


def entry(name: str) -> Entry:
    """Return the statistic called `name`. Raises KeyError with the known names otherwise."""
    if name not in _ENTRIES:
        raise KeyError(f"there is no statistic {name!r}; there are: {', '.join(sorted(_ENTRIES))}")
    return _ENTRIES[name]
