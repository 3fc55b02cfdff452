"""The kinds of change that counts can tell apart, and one change with its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Change", "ChangeKind", "allow_rest"]


class ChangeKind(StrEnum):
    """What happened to a column, where one simple story explains most of it."""

    SHIFT = "shift"  # All values moved by the same amount, perhaps further apart as well.
    SCALE = "scale"  # Values lie further apart, or closer, or are all larger in the same proportion.
    MIX = "mix"  # The same names in other proportions.
    FLOOD = "flood"  # One value or name came on top of the usual ones.
    UNIT = "unit"  # Another unit: a well-known factor, or factor and offset.
    TRUNCATION = "truncation"  # Nothing is left beyond a bound.
    RENAME = "rename"  # Names vanished and another of equal share appeared.
    MISSING = "missing"  # More rows have no value.
    OTHER = "other"  # A change that none of these explains.


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to a column, in its own units; None is what does not apply or is not known.

    `explained` is the part of the distance that goes away with this story, 0 to 1. `before` and `after` are
    the medians. The new values are `factor` times the old ones plus `offset`. `value` is the value that came
    on top, only about so where `is_exact` is False, or the bound beyond which nothing is left: nothing
    above it where `is_above`, nothing below it otherwise. `share` of the rows are concerned, `usual_share`
    of the reference's. `name` is the name that changed or vanished, the first of `names` of them, and
    `new_name` the one that took its place; a name that the reference never had is None.
    """

    kind: ChangeKind
    explained: float
    before: float | None = None
    after: float | None = None
    factor: float | None = None
    offset: float | None = None
    value: float | None = None
    is_exact: bool = True
    is_above: bool = True
    share: float | None = None
    usual_share: float | None = None
    name: str | None = None
    new_name: str | None = None
    names: int = 1


def allow_rest(distance: float, noise: float) -> float:
    """Return how much of a distance a story may leave over: a quarter, or what chance gives, at most half.

    >>> allow_rest(0.8, 0.01), allow_rest(0.1, 0.2)
    (0.2, 0.05)
    """
    return min(distance / 2, max(distance / 4, noise))
