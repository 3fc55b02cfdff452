"""Incidents that open by their own limits and end with their condition: freshness, stale, evaluation.

A condition is read from a value (how late, how old, a failed window) and then advances an incident. There
is no patience and nothing to wait for: it opens when the condition holds and resolves when it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.changes import (
    Change,
    Moment,
    conclude,
    merge_members,
    raise_severity,
)
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.incident import (
    Advance,
    Incident,
    IncidentKind,
    IncidentState,
    Member,
    Severity,
    TransitionKind,
)
from driftwatch.incidents.naming import GIVEN_UP, name_members
from driftwatch.incidents.policy import Freshness, Policy
from driftwatch.incidents.words import say_count, say_duration, say_window, shorten
from driftwatch.profiles.window import Window

__all__ = [
    "Age",
    "Condition",
    "Gap",
    "Lateness",
    "advance_condition",
    "read_ages",
    "read_failure",
    "read_gap",
    "read_lateness",
]

_LONGEST_TEXT = 500
_ENDINGS = {
    IncidentKind.FRESHNESS: "Rows have arrived.",
    IncidentKind.STALE: "Nothing is older than allowed any more.",
    IncidentKind.EVALUATION: "A window could be judged again.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """The oldest due window that has no rows, and how long it has been due."""

    since: Window
    late_by: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """How old the model or the reference is, and how old it may become."""

    of: Literal["model", "reference"]
    age: timedelta
    limit: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Windows in a row that were given up, from `first` to `last`, and why."""

    windows: int
    first: Window
    last: Window
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Whether the condition of an incident `kind` holds as seen at `window`: it does with any member.

    `since` is the first window it holds for, where that is known to lie before `window`. With `is_known`
    False nothing can be said and everything stays as it is.
    """

    kind: IncidentKind
    window: Window
    members: tuple[Member, ...] = ()
    severity: Severity = Severity.MAJOR
    since: Window | None = None
    is_known: bool = True


def read_lateness(lateness: Lateness | None, freshness: Freshness, *, window: Window) -> Condition:
    """Return whether rows are late: minor beyond `warn_after`, critical beyond `page_after`.

    `window` is the newest due one; `lateness` is None when no due window lacks rows.
    """
    severity = None if lateness is None else _grade_lateness(lateness.late_by, freshness)
    if lateness is None or severity is None:
        return Condition(kind=IncidentKind.FRESHNESS, window=window)
    limit = freshness.page_after if severity is Severity.CRITICAL else freshness.warn_after
    since = say_window(lateness.since)
    member = Member(
        column=None,
        about="freshness",
        since=lateness.since.start,
        statistic="late_hours",
        value=lateness.late_by / timedelta(hours=1),
        limit=None if limit is None else limit / timedelta(hours=1),
        text=f"no rows since the window of {since}, {say_duration(lateness.late_by)} late",
    )
    return Condition(
        kind=IncidentKind.FRESHNESS,
        window=window,
        members=(member,),
        severity=severity,
        since=lateness.since,
    )


def read_ages(ages: Sequence[Age], *, window: Window) -> Condition:
    """Return whether the model or the reference is older than its limit; both may be members at once."""
    members = tuple(
        Member(
            column=age.of,
            about="stale",
            since=window.start,
            statistic="age_days",
            value=age.age / timedelta(days=1),
            limit=age.limit / timedelta(days=1),
            text=f"the {age.of} is {say_duration(age.age)} old, {say_duration(age.limit)} are allowed",
        )
        for age in ages
        if age.age > age.limit
    )
    return Condition(kind=IncidentKind.STALE, window=window, members=members)


def read_failure(verdict: Verdict) -> Condition:
    """Return whether a window could not be judged: an error holds, a judged window ends it.

    Windows without rows, given up, incomplete or thin neither prove nor disprove it.
    """
    condition = Condition(
        kind=IncidentKind.EVALUATION,
        window=verdict.window,
        is_known=verdict.word is VerdictWord.ERROR or verdict.word in JUDGED_WORDS,
    )
    if verdict.word is not VerdictWord.ERROR:
        return condition
    member = Member(
        column=None,
        about="evaluation",
        since=verdict.window.start,
        statistic="error",
        value=None,
        limit=None,
        text=shorten(verdict.reason or "no reason was recorded", _LONGEST_TEXT),
    )
    return replace(condition, members=(member,))


def read_gap(gap: Gap) -> Condition:
    """Return that windows were given up; like a failure, it holds until a window is judged."""
    verb = "was" if gap.windows == 1 else "were"
    span = (
        f"1 window, that of {say_window(gap.first)},"
        if gap.windows == 1
        else f"{say_count(gap.windows, 'window')} from {say_window(gap.first)} to {say_window(gap.last)}"
    )
    member = Member(
        column=None,
        about=GIVEN_UP,
        since=gap.first.start,
        statistic="windows",
        value=float(gap.windows),
        limit=None,
        text=shorten(f"{span} {verb} not judged: {gap.reason}", _LONGEST_TEXT),
    )
    return Condition(kind=IncidentKind.EVALUATION, window=gap.last, members=(member,), since=gap.first)


def advance_condition(
    incident: Incident | None,
    condition: Condition,
    policy: Policy,
    *,
    monitor: str,
    now: datetime,
    telling: bool,
) -> Advance:
    """Return the incident of a condition's kind after looking at the condition.

    The same window may be looked at again, for lateness and age grow with the time alone. Raises
    ValueError for a window before the last one.
    """
    _require_window(incident, condition)
    before = incident if incident is not None and incident.is_live else None
    moment = Moment(window=condition.window, now=now, telling=telling)
    if before is None:
        if not condition.members:
            return Advance(incident=None)
        return _open(condition, policy, moment, monitor)
    seen = replace(before, seen_to=condition.window)
    if not condition.is_known:
        return Advance(incident=seen)
    if not condition.members:
        over = replace(seen, state=IncidentState.RESOLVED, resolved_at=now)
        change = Change(TransitionKind.RESOLVED, _say_ending(before))
        return conclude(over, [change], moment, season=policy.season)
    return _continue(seen, before, condition, policy, moment)


def _grade_lateness(late_by: timedelta, freshness: Freshness) -> Severity | None:
    if freshness.page_after is not None and late_by >= freshness.page_after:
        return Severity.CRITICAL
    if freshness.warn_after is not None and late_by >= freshness.warn_after:
        return Severity.MINOR
    return None


def _require_window(incident: Incident | None, condition: Condition) -> None:
    if incident is not None and condition.window.start < incident.seen_to.start:
        raise ValueError(
            f"the {condition.kind} incident of {incident.monitor!r} has been advanced to {incident.seen_to}; "
            f"{condition.window} is before it: windows must arrive in order"
        )


def _open(condition: Condition, policy: Policy, moment: Moment, monitor: str) -> Advance:
    opened = Incident(
        monitor=monitor,
        kind=condition.kind,
        state=IncidentState.OPEN,
        severity=condition.severity,
        members=condition.members,
        first_window=condition.since or condition.window,
        last_window=condition.window,
        seen_to=condition.window,
        opened_at=moment.now,
        windows_open=1,
        streak=1,
    )
    change = Change(TransitionKind.OPENED, _say_texts(condition.members))
    return conclude(opened, [change], moment, season=policy.season)


def _continue(
    incident: Incident, before: Incident, condition: Condition, policy: Policy, moment: Moment
) -> Advance:
    known = {member.key for member in before.members}
    holding = {member.key for member in condition.members}
    if condition.kind is IncidentKind.EVALUATION:
        # Windows that failed and windows given up are both part of it until one is judged.
        holding |= known
    merged = merge_members(before.members, condition.members, frozenset())
    left = tuple(member for member in before.members if member.key not in holding)
    joined = tuple(member for member in condition.members if member.key not in known)
    changes = []
    if joined:
        changes.append(Change(TransitionKind.JOINED, _say_texts(joined)))
    if left:
        changes.append(Change(TransitionKind.LEFT, f"It is no longer about {name_members(left)}."))
    is_new = condition.window.start > before.seen_to.start
    incident = replace(
        incident,
        members=tuple(member for member in merged if member.key in holding),
        last_window=condition.window,
        windows_open=before.windows_open + is_new,
        streak=before.streak + is_new,
    )
    incident, worsened = raise_severity(incident, condition.severity)
    return conclude(incident, [*changes, *worsened], moment, season=policy.season)


def _say_ending(incident: Incident) -> str:
    gaps = [member.text for member in incident.members if member.about == GIVEN_UP]
    return " ".join([_ENDINGS[incident.kind], *(f"{gap[:1].upper()}{gap[1:]}." for gap in gaps)])


def _say_texts(members: tuple[Member, ...]) -> str:
    sentence = "; ".join(member.text for member in members)
    return f"{sentence[:1].upper()}{sentence[1:]}."
