"""Explicit limits: which rules a batch breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from driftwatch.incidents.finding import Finding, FindingKind
from driftwatch.incidents.limits import sum_keys
from driftwatch.incidents.pairs import Pair, count_missing
from driftwatch.incidents.phrases import (
    say_breach,
    say_chance,
    say_missing,
    say_moved,
    say_range,
    say_repeated_keys,
    say_rows,
    say_type_changed,
    say_unseen,
)
from driftwatch.incidents.plain_words import describe_drift
from driftwatch.incidents.rules import KINDS_OF_STATISTIC, REPEATED_SHARE, VOLUME, Rule
from driftwatch.profiles.keys import KeySample
from driftwatch.statistics.catalogue import Statistic
from driftwatch.statistics.p_values import find_p_value
from driftwatch.statistics.volume import volume

__all__ = ["find_breaches", "find_key_breach", "find_volume_breach"]


def find_breaches(
    rules: Sequence[Rule], pair: Pair, found: Mapping[str, Statistic], moved: float
) -> Iterator[Finding]:
    """Yield a finding for every rule that a column breaks; at least `moved`, a share, of its rows moved."""
    for rule in rules:
        statistic = (
            found.get(rule.statistic) if rule.is_about(pair.column, is_derived=pair.is_derived) else None
        )
        breach = None if statistic is None else _say_breach(rule, pair, statistic)
        if statistic is None or statistic.value is None or breach is None:
            continue
        kind = KINDS_OF_STATISTIC.get(rule.statistic, FindingKind.DRIFT)
        how, plain = describe_drift(pair) if kind is FindingKind.DRIFT else (None, None)
        text = _say_found(pair, kind, statistic.value, moved, how)
        yield Finding(
            column=pair.column,
            kind=kind,
            statistic=rule.statistic,
            value=statistic.value,
            limit=rule.limit,
            text=f"{text}; {breach}" if text else breach,
            plain=plain if kind is FindingKind.DRIFT else text or None,
            moved_share=moved if kind is FindingKind.DRIFT else statistic.value,
        )


def _say_breach(rule: Rule, pair: Pair, found: Statistic) -> str | None:
    """Return what a rule allows and what was found instead; None where the rule is kept."""
    if found.value is None:
        return None
    if rule.p_value is None:
        limit = _find_limit(rule, found.value)
        return None if limit is None else say_breach(pair.column, rule.statistic, found.value, limit)
    chance = find_p_value(rule.statistic, pair.reference, pair.current, found, limit=rule.p_value)
    if chance > rule.p_value:
        return None
    return say_chance(pair.column, rule.statistic, found.value, chance=chance, limit=rule.p_value)


def _find_limit(rule: Rule, value: float) -> float | None:
    """Return the limit of a rule that `value` exceeds."""
    return rule.limit if rule.limit is not None and value > rule.limit else None


def _say_found(pair: Pair, kind: FindingKind, share: float, moved: float, how: str | None) -> str:
    if kind is FindingKind.MISSING:
        rows = pair.reference.rows
        return say_missing(pair, share, count_missing(pair.reference) / rows if rows else 0.0)
    if kind is FindingKind.UNSEEN:
        return say_unseen(pair, share)
    if kind is FindingKind.RANGE:
        return say_range(pair, share)
    if kind is FindingKind.TYPE_CHANGED:
        return say_type_changed(pair)
    return say_moved(pair, moved, how) if moved > 0 else ""


def find_key_breach(rules: Sequence[Rule], usual: Sequence[KeySample], current: KeySample) -> Finding | None:
    """Return the finding that more rows repeat a key than a rule allows."""
    share = current.repeated_share
    for rule in rules:
        limit = _find_limit(rule, share) if rule.statistic == REPEATED_SHARE else None
        if limit is not None:
            hits, rows = sum_keys(usual)
            exact = current.is_exact and all(sample.is_exact for sample in usual)
            text = say_repeated_keys(share, hits / rows if rows else 0.0, exact=exact)
            return Finding(
                column=None,
                kind=FindingKind.REPEATED_KEYS,
                statistic=REPEATED_SHARE,
                value=share,
                limit=limit,
                text=f"{text}; {say_breach(None, REPEATED_SHARE, share, limit)}",
                plain=text,
                moved_share=share,
            )
    return None


def find_volume_breach(rules: Sequence[Rule], usual_rows: Sequence[int], rows: int) -> Finding | None:
    """Return the finding that the number of rows is further from the usual one than a rule allows."""
    found = volume(usual_rows, rows).value
    for rule in rules:
        limit = _find_limit(rule, found) if rule.statistic == VOLUME and found is not None else None
        if found is not None and limit is not None:
            middle = median(count for count in usual_rows if count)
            return Finding(
                column=None,
                kind=FindingKind.VOLUME,
                statistic=VOLUME,
                value=found,
                limit=limit,
                text=f"{say_rows(rows, middle)}; {say_breach(None, VOLUME, found, limit)}",
                plain=say_rows(rows, middle),
            )
    return None
