"""Explicit limits: which rules a batch breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from driftwatch.incidents.finding import Finding, FindingKind
from driftwatch.incidents.limits import sum_keys
from driftwatch.incidents.pairs import Pair, count_missing
from driftwatch.incidents.phrases import (
    say_breach,
    say_missing,
    say_moved,
    say_range,
    say_repeated_keys,
    say_rows,
    say_type_changed,
    say_unseen,
)
from driftwatch.incidents.rules import REPEATED_SHARE, VOLUME, Rule
from driftwatch.profiles.keys import KeySample
from driftwatch.statistics.catalogue import Statistic
from driftwatch.statistics.volume import volume

__all__ = ["find_breaches", "find_key_breach", "find_volume_breach"]

_ALL = "*"
_KINDS = {
    "missing_share": FindingKind.MISSING,
    "unseen_share": FindingKind.UNSEEN,
    "range_share": FindingKind.RANGE,
    "unreadable_share": FindingKind.TYPE_CHANGED,
}


def find_breaches(
    rules: Sequence[Rule], pair: Pair, found: Mapping[str, Statistic], moved: float
) -> Iterator[Finding]:
    """Yield a finding for every rule that a column breaks; at least `moved`, a share, of its rows moved."""
    for rule in rules:
        statistic = found.get(rule.statistic) if rule.column in {_ALL, pair.column} else None
        if statistic is None or statistic.value is None or not statistic.value > rule.limit:
            continue
        kind = _KINDS.get(rule.statistic, FindingKind.DRIFT)
        text = _say_found(pair, kind, statistic.value, moved)
        breach = say_breach(pair.column, rule.statistic, statistic.value, rule.limit)
        yield Finding(
            column=pair.column,
            kind=kind,
            statistic=rule.statistic,
            value=statistic.value,
            limit=rule.limit,
            text=f"{text}; {breach}" if text else breach,
            moved_share=moved if kind is FindingKind.DRIFT else statistic.value,
        )


def _say_found(pair: Pair, kind: FindingKind, share: float, moved: float) -> str:
    if kind is FindingKind.MISSING:
        rows = pair.reference.rows
        return say_missing(pair, share, count_missing(pair.reference) / rows if rows else 0.0)
    if kind is FindingKind.UNSEEN:
        return say_unseen(pair, share)
    if kind is FindingKind.RANGE:
        return say_range(pair, share)
    if kind is FindingKind.TYPE_CHANGED:
        return say_type_changed(pair)
    return say_moved(pair, moved) if moved > 0 else ""


def find_key_breach(rules: Sequence[Rule], usual: Sequence[KeySample], current: KeySample) -> Finding | None:
    """Return the finding that more rows repeat a key than a rule allows."""
    share = current.repeated_share
    for rule in rules:
        if rule.statistic == REPEATED_SHARE and share > rule.limit:
            hits, rows = sum_keys(usual)
            exact = current.is_exact and all(sample.is_exact for sample in usual)
            text = say_repeated_keys(share, hits / rows if rows else 0.0, exact=exact)
            return Finding(
                column=None,
                kind=FindingKind.REPEATED_KEYS,
                statistic=REPEATED_SHARE,
                value=share,
                limit=rule.limit,
                text=f"{text}; {say_breach(None, REPEATED_SHARE, share, rule.limit)}",
                moved_share=share,
            )
    return None


def find_volume_breach(rules: Sequence[Rule], usual_rows: Sequence[int], rows: int) -> Finding | None:
    """Return the finding that the number of rows is further from the usual one than a rule allows."""
    found = volume(usual_rows, rows).value
    for rule in rules:
        if rule.statistic == VOLUME and found is not None and found > rule.limit:
            middle = median(count for count in usual_rows if count)
            return Finding(
                column=None,
                kind=FindingKind.VOLUME,
                statistic=VOLUME,
                value=found,
                limit=rule.limit,
                text=f"{say_rows(rows, middle)}; {say_breach(None, VOLUME, found, rule.limit)}",
            )
    return None
