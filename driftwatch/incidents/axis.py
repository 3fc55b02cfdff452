"""What one judged window says about one axis: drift, or the state of the data.

Why two axes: a drift incident reads drift findings only, so data that is missing can never resolve it;
and a window that tells nothing changes nothing on either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from driftwatch.incidents.finding import Finding, FindingKind, Verdict, VerdictWord, keep_finite
from driftwatch.incidents.incident import IncidentKind, Member, Severity
from driftwatch.incidents.words import shorten

__all__ = ["DATA_KINDS", "JUDGED_WORDS", "Sight", "read_axis", "weigh_sight"]

JUDGED_WORDS = frozenset({VerdictWord.OK, VerdictWord.DATA, VerdictWord.DRIFT})
"""The verdicts that are evidence; every other one counts nothing and resets nothing."""

DATA_KINDS = frozenset(
    {
        FindingKind.MISSING,
        FindingKind.UNSEEN,
        FindingKind.RANGE,
        FindingKind.COLUMN_MISSING,
        FindingKind.TYPE_CHANGED,
        FindingKind.REPEATED_KEYS,
        FindingKind.REPEATED_WINDOW,
        FindingKind.VOLUME,
    }
)
"""The findings that belong to the data axis."""

_HALF = 0.5
_LONGEST_TEXT = 500
_BROKEN = frozenset({FindingKind.COLUMN_MISSING, FindingKind.TYPE_CHANGED})
_SHARES = frozenset({FindingKind.MISSING, FindingKind.UNSEEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a judged window shows: who is breached, how badly, and which members it shows to be clean."""

    breached: tuple[Member, ...]
    severity: Severity
    calm: frozenset[tuple[str, str]]


def read_axis(verdict: Verdict, kind: IncidentKind, members: Iterable[Member]) -> Sight | None:
    """Return what a window says about an axis with these `members`; None when it is no evidence.

    A member is clean when nothing of the axis was found about it or is near its limit and, on the drift axis,
    when its column was really judged: it is there, of the right type, was not found to lack values, and the
    window is not a repetition of an earlier one. Raises ValueError for a kind not judged from findings.
    """
    if kind not in {IncidentKind.DRIFT, IncidentKind.DATA}:
        raise ValueError(f"{kind} incidents are not advanced by findings; use advance_condition")
    if verdict.word not in JUDGED_WORDS:
        return None
    kinds = DATA_KINDS if kind is IncidentKind.DATA else frozenset({FindingKind.DRIFT})
    groups = _group_findings(verdict, kinds)
    findings = [finding for group in groups.values() for finding in group]
    near = {_find_key(one.column, one.kind) for one in verdict.near if one.kind in kinds}
    return Sight(
        breached=tuple(_build_member(verdict, group) for group in groups.values()),
        severity=_rate_severity(findings),
        calm=frozenset(
            member.key
            for member in members
            if member.key not in groups
            and member.key not in near
            and (kind is IncidentKind.DATA or _was_judged(verdict, member.column))
        ),
    )


def weigh_sight(sight: Sight | None, importance: Mapping[str, float]) -> Sight | None:
    """Return what a window says, each column with its `importance`, 1 where that names it not."""
    if sight is None or not importance:
        return sight
    breached = (replace(one, importance=importance.get(one.column or "", 1.0)) for one in sight.breached)
    return replace(sight, breached=tuple(breached))


def _rate_severity(findings: Iterable[Finding]) -> Severity:
    serious = [finding for finding in findings if not finding.minor]
    if any(_is_critical(finding) for finding in serious):
        return Severity.CRITICAL
    return Severity.MAJOR if serious else Severity.MINOR


def _group_findings(
    verdict: Verdict, kinds: frozenset[FindingKind]
) -> Mapping[tuple[str, str], list[Finding]]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in verdict.findings:
        if finding.kind in kinds:
            groups.setdefault(_find_key(finding.column, finding.kind), []).append(finding)
    return groups


def _find_key(column: str | None, kind: FindingKind) -> tuple[str, str]:
    """Return the key of the member that something about a column, or the whole window, is about."""
    return ("", kind.value) if column is None else ("column", column)


def _build_member(verdict: Verdict, findings: list[Finding]) -> Member:
    worst = max(findings, key=_badness)
    ranked = sorted(findings, key=_badness, reverse=True)
    texts = dict.fromkeys(finding.text for finding in ranked)
    plain = dict.fromkeys(finding.plain for finding in ranked if finding.plain)
    return Member(
        column=worst.column,
        about=worst.kind.value,
        since=verdict.window.start,
        statistic=worst.statistic,
        value=keep_finite(worst.value),
        limit=keep_finite(worst.limit),
        text=shorten("; ".join(texts), _LONGEST_TEXT),
        plain=shorten("; ".join(plain), _LONGEST_TEXT) or None,
        moved_share=max((keep_finite(finding.moved_share) or 0.0 for finding in findings), default=0.0)
        or None,
        minor=all(finding.minor for finding in findings),
        again=any(finding.again for finding in findings),
        base=verdict.window.start,
    )


def _badness(finding: Finding) -> tuple[bool, bool, float, float]:
    value, limit = keep_finite(finding.value), keep_finite(finding.limit)
    excess = value / limit if value is not None and limit else 0.0
    return (not finding.minor, _is_critical(finding), keep_finite(finding.moved_share) or 0.0, excess)


def _is_critical(finding: Finding) -> bool:
    if finding.kind in _BROKEN:
        return True
    if finding.column is None:
        return False
    if finding.moved_share is not None and finding.moved_share >= _HALF:
        return True
    return finding.kind in _SHARES and finding.value is not None and finding.value >= _HALF


def _was_judged(verdict: Verdict, column: str | None) -> bool:
    if column is None or column not in verdict.statistics:
        return False
    missing = verdict.statistics[column].get("missing_share")
    if missing is not None and missing.value is not None and missing.value >= 1.0:
        return False
    return not any(_hides(finding, column) for finding in verdict.findings)


def _hides(finding: Finding, column: str) -> bool:
    if finding.kind is FindingKind.REPEATED_WINDOW:
        return True
    # Values that are missing may be the very ones that had moved.
    return finding.column == column and (finding.kind in _BROKEN or finding.kind is FindingKind.MISSING)
