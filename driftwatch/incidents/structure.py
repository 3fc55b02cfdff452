"""Columns that vanished, lost all their values or changed their type: found with any kind of limits."""

from __future__ import annotations

from collections.abc import Iterator

from driftwatch.incidents.finding import Finding, FindingKind
from driftwatch.incidents.pairs import Pair, count_missing
from driftwatch.incidents.phrases import say_column_missing, say_missing, say_type_changed
from driftwatch.profiles.profile import Profile
from driftwatch.statistics.rates import rate_p_value

__all__ = ["find_absent", "find_all_missing", "find_type_changed"]


def find_absent(current: Profile) -> Iterator[Finding]:
    """Yield a finding for every column of the reference, and of the key, that the batch lacks."""
    for column in sorted(current.absent):
        yield Finding(
            column=column,
            kind=FindingKind.COLUMN_MISSING,
            statistic="missing_share",
            value=1.0,
            limit=None,
            text=say_column_missing(column),
            moved_share=1.0,
        )


def find_type_changed(pair: Pair, *, alpha: float, minimum_effect: float) -> Finding | None:
    """Return the finding that values of the batch cannot be read as what they are in the reference.

    They are found when none can be read, or when their share of the values that are there exceeds the
    reference's by more than `minimum_effect` and by more than chance explains at `alpha`.
    """
    unreadable, present = pair.current.unreadable, pair.present
    if unreadable == 0:
        return None
    usual, usual_rows = pair.reference.unreadable, pair.reference.rows - count_missing(pair.reference)
    share, limit = unreadable / present, (usual / usual_rows if usual_rows else 0.0) + minimum_effect
    by_chance = share <= limit or rate_p_value(usual, usual_rows, unreadable, present) > alpha
    if by_chance and not pair.is_unreadable:
        return None
    return Finding(
        column=pair.column,
        kind=FindingKind.TYPE_CHANGED,
        statistic="unreadable_share",
        value=unreadable / pair.current.rows,
        limit=limit,
        text=say_type_changed(pair),
        moved_share=unreadable / pair.current.rows,
    )


def find_all_missing(pair: Pair, *, alpha: float) -> Finding | None:
    """Return the finding that no row of the batch has a value, unless chance explains it at `alpha`."""
    rows, usual = pair.current.rows, count_missing(pair.reference)
    if rows == 0 or count_missing(pair.current) < rows or pair.is_derived:
        return None
    usual_share = usual / pair.reference.rows if pair.reference.rows else 0.0
    if rate_p_value(usual, pair.reference.rows, rows, rows) > alpha:
        return None
    return Finding(
        column=pair.column,
        kind=FindingKind.MISSING,
        statistic="missing_share",
        value=1.0,
        limit=usual_share,
        text=say_missing(pair, 1.0, usual_share),
        moved_share=1.0 - usual_share,
    )
