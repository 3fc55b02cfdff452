"""The figures of one column beside its pictures: rates, quantiles, and what so many rows can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from driftwatch.calibration.effects import ALPHA
from driftwatch.charts.measuring import OTHER, UNSEEN
from driftwatch.incidents.explaining import Allowed
from driftwatch.incidents.pairs import count_missing
from driftwatch.incidents.rules import DEFAULT_MINIMUM_EFFECT
from driftwatch.incidents.words import say_count, say_percent
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid, NumberGrid
from driftwatch.statistics.detectable import rows_needed, smallest_change
from driftwatch.statistics.shape import build_shape

__all__ = ["Quantile", "Rate", "list_quantiles", "list_rates", "say_detectable"]

_QUANTILES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_WANTED_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of the rows of both sides, 0 to 1; None where a side has no rows."""

    what: str
    reference: float | None
    current: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """The values that a share of the rows of each side lies below; None where a side has no numbers."""

    share: float
    reference: float | None
    current: float | None


def list_rates(reference: Counts, current: Counts | None) -> list[Rate]:
    """Return which shares of the rows have no value, or one that is unlike those of the reference."""
    counted: dict[str, tuple[int, ...]] = {"missing": tuple(map(count_missing, _sides(reference, current)))}
    if isinstance(reference.grid, NumberGrid):
        counted["below the reference's smallest"] = _take(reference, current, 0)
        counted["above the reference's largest"] = _take(reference, current, -1)
        counted["infinite"] = tuple(
            one.positive_infinite + one.negative_infinite for one in _sides(reference, current)
        )
    else:
        counted[UNSEEN] = _take(reference, current, reference.grid.unseen_cell)
        counted[f"{OTHER}, beyond the most frequent"] = _take(reference, current, reference.grid.other_cell)
    counted["of another type"] = tuple(one.unreadable for one in _sides(reference, current))
    rows = [one.rows for one in _sides(reference, current)]
    shares = {
        what: [count / total if total else None for count, total in zip(counts, rows, strict=True)]
        for what, counts in counted.items()
    }
    return [
        Rate(what=what, reference=found[0], current=found[1] if len(found) > 1 else None)
        for what, found in shares.items()
    ]


def _sides(reference: Counts, current: Counts | None) -> list[Counts]:
    return [reference] if current is None else [reference, current]


def _take(reference: Counts, current: Counts | None, cell: int) -> tuple[int, ...]:
    return tuple(int(one.cells[cell]) for one in _sides(reference, current))


def list_quantiles(reference: Counts, current: Counts | None) -> list[Quantile]:
    """Return values that parts of the rows of both sides lie below; none for a column of names."""
    if isinstance(reference.grid, CategoryGrid):
        return []
    shapes = [None if one is None else build_shape(one) for one in (reference, current)]
    return [
        Quantile(
            share=share,
            reference=shapes[0].find_quantile(share) if shapes[0] else None,
            current=shapes[1].find_quantile(share) if shapes[1] else None,
        )
        for share in _QUANTILES
    ]


def say_detectable(reference: Counts, current: Counts, allowed: Allowed) -> str:
    """Return how small a change so many rows can show, and how many more would show a smaller one."""
    beyond = allowed.minimum_effect or DEFAULT_MINIMUM_EFFECT
    smallest = smallest_change(reference, current.values, alpha=ALPHA, beyond=beyond)
    rows = say_count(current.values, "value")
    if smallest >= 1:
        return f"{rows} cannot show any change of this column."
    said = f"{rows} can be relied on to show a change of {say_percent(smallest)} of the rows of this column"
    if smallest <= _WANTED_SHARE or isinstance(reference.grid, CategoryGrid):
        return f"{said}; a smaller one may go unseen."
    needed = rows_needed(_WANTED_SHARE, alpha=ALPHA, reference_rows=reference.values, beyond=beyond)
    if needed is None:
        return f"{said}; a smaller one may go unseen, and the reference is too small for more rows to help."
    return f"{said}; a change of {say_percent(_WANTED_SHARE)} would take {needed:,} values."
