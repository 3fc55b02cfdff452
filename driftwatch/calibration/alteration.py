"""Which change a drill puts into copies of counts, how large it is, and which larger ones are tried."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from driftwatch.calibration.altering import drop_counts, flood_counts, move_counts, widen_values
from driftwatch.profiles.counts import Counts

__all__ = ["Alteration", "AlterationKind", "alter_counts", "list_larger"]

_SHIFTS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
_FACTORS = (1.02, 1.05, 1.1, 1.2, 1.3, 1.5, 2.0, 3.0, 5.0, 10.0)
_SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)


class AlterationKind(StrEnum):
    """How the values of a column are changed."""

    SHIFT = "shift"
    """All are moved by the same: `size` counts the column's σ, and may be negative."""
    SCALE = "scale"
    """All are drawn apart from their median, or together: `size` is the factor, above 0."""
    FLOOD = "flood"
    """A share of them, `size`, becomes one and the same value."""
    MISSING = "missing"
    """A share of them, `size`, is lost."""


_OF_SHARES = frozenset({AlterationKind.FLOOD, AlterationKind.MISSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """One change of one column; `value` is what a flood is of: a number, or the name of a category.

    Raises ValueError for a size that is none.
    """

    kind: AlterationKind
    size: float
    value: float | str = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.size):
            raise ValueError(f"the size of a change is a number, not {self.size:g}")
        if self.kind in _OF_SHARES and not 0 < self.size <= 1:
            raise ValueError(f"a share is above 0 and at most 1, not {self.size:g}")
        if self.kind is AlterationKind.SCALE and self.size <= 0:
            raise ValueError(f"a factor is above 0, not {self.size:g}")
        if not isinstance(self.value, str) and not math.isfinite(self.value):
            raise ValueError(f"a flood is of a finite value, not {self.value:g}")


def alter_counts(counts: Counts, alteration: Alteration, spread: float) -> Counts:
    """Return the counts after a change; no row is made and none is lost.

    `spread` is the unit of a shift, `measure_spread` of the reference. Raises TypeError for a shift or scale
    of categories.
    """
    size = alteration.size
    if alteration.kind is AlterationKind.SHIFT:
        return move_counts(counts, lambda values: values + size * spread)
    if alteration.kind is AlterationKind.SCALE:
        return move_counts(counts, lambda values: widen_values(values, size))
    if alteration.kind is AlterationKind.FLOOD:
        return flood_counts(counts, size, alteration.value)
    return drop_counts(counts, size)


def list_larger(alteration: Alteration) -> tuple[Alteration, ...]:
    """Return changes of the same kind and direction, each larger than the one before and than `alteration`.

    >>> [one.size for one in list_larger(Alteration(kind=AlterationKind.SHIFT, size=-2.5))]
    [-3.0, -5.0, -10.0]
    >>> [one.size for one in list_larger(Alteration(kind=AlterationKind.MISSING, size=0.45))]
    [0.5, 0.75, 1.0]
    """
    size = alteration.size
    if alteration.kind is AlterationKind.SHIFT:
        sizes = [math.copysign(one, size) for one in _SHIFTS if one > abs(size)]
    elif alteration.kind is AlterationKind.SCALE:
        outward = size >= 1
        sizes = [one if outward else 1 / one for one in _FACTORS if one > (size if outward else 1 / size)]
    else:
        sizes = [one for one in _SHARES if one > size]
    return tuple(replace(alteration, size=one) for one in sizes)
