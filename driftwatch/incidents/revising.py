"""What late rows change: an incident as it stands, and as it would stand had they been there in time.

What people were told is never unsaid. Where the two differ, that is one more transition, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from driftwatch.incidents.advance import advance
from driftwatch.incidents.changes import mark_told
from driftwatch.incidents.finding import Verdict
from driftwatch.incidents.incident import (
    Advance,
    Incident,
    IncidentKind,
    IncidentState,
    NoticeType,
    Severity,
    Transition,
    TransitionKind,
)
from driftwatch.incidents.policy import Policy
from driftwatch.incidents.words import say_window
from driftwatch.profiles.window import Window

__all__ = ["replay_axis", "revise", "say_late_rows"]


def replay_axis(
    verdicts: Iterable[Verdict], policy: Policy, *, kind: IncidentKind, monitor: str, delay: timedelta
) -> Incident | None:
    """Return the incident that `verdicts`, the newest ones in order, lead to from quiet; None for none.

    Nothing of it tells. Its time is that of the windows: their end plus `delay`.
    """
    incident: Incident | None = None
    for verdict in verdicts:
        step = advance(
            incident,
            verdict,
            policy,
            kind=kind,
            monitor=monitor,
            now=verdict.window.end + delay,
            telling=False,
        )
        incident = step.incident
    return incident if incident is not None and incident.is_live else None


def say_late_rows(window: Window, before: int | None, after: int | None) -> str:
    """Return why a window was judged again, in words.

    >>> from datetime import UTC
    >>> day = Window(start=datetime(2013, 2, 8, tzinfo=UTC), end=datetime(2013, 2, 9, tzinfo=UTC))
    >>> say_late_rows(day, 900, 958)
    '58 more rows of the window of 2013-02-08 arrived after it had been judged'
    """
    said = say_window(window)
    if before is None or after is None or before == after:
        return f"Rows of the window of {said} changed after it had been judged"
    count = abs(after - before)
    noun = "row" if count == 1 else "rows"
    if after > before:
        return f"{count:,} more {noun} of the window of {said} arrived after it had been judged"
    return f"{count:,} {noun} of the window of {said} vanished after it had been judged"


def revise(
    actual: Incident | None, replayed: Incident | None, *, why: str, now: datetime, telling: bool
) -> Advance:
    """Return what becomes of the live incident `actual` where `replayed` is what should be live.

    1. One that would be over, or would never have opened, is over.
    2. One that should be open, and is not, opens.
    3. Otherwise its members, its counts and, upwards only, its severity are those it should have.
    """
    if actual is None:
        return Advance(incident=None) if replayed is None else _begin(replayed, why, now, telling=telling)
    if replayed is None:
        return _end(actual, why, now, telling=telling)
    after = replace(
        actual,
        state=replayed.state,
        severity=max(actual.severity, replayed.severity),
        members=replayed.members,
        first_window=replayed.first_window,
        last_window=replayed.last_window,
        recent=replayed.recent,
        clean=replayed.clean,
        windows_open=replayed.windows_open,
        streak=replayed.streak,
        left=replayed.left,
        opened_at=actual.opened_at or (now if replayed.is_open else None),
        paged=actual.paged or replayed.paged,
    )
    if _describe(after) == _describe(actual):
        return Advance(incident=after)
    return _conclude(after, f"{why}: it was replayed over what they show.", now, telling=telling)


def _begin(replayed: Incident, why: str, now: datetime, *, telling: bool) -> Advance:
    opened_at = now if replayed.is_open else None
    fresh = replace(replayed, id=None, seq=0, opened_at=opened_at)
    return _conclude(fresh, f"{why}: with them it is {replayed.state}.", now, telling=telling)


def _end(actual: Incident, why: str, now: datetime, *, telling: bool) -> Advance:
    over = replace(actual, state=IncidentState.RESOLVED, resolved_at=now)
    return _conclude(over, f"{why}: with them nothing is wrong any more.", now, telling=telling)


def _conclude(after: Incident, reason: str, now: datetime, *, telling: bool) -> Advance:
    notice = _choose_notice(after) if telling else None
    step = Transition(
        seq=after.seq + 1,
        kind=TransitionKind.REVISED,
        reason=f"Revised. {reason}",
        tells=notice,
        at=now,
        window=after.seen_to,
    )
    after = replace(after, seq=step.seq)
    return Advance(incident=after if notice is None else mark_told(after, notice, now), transitions=(step,))


def _choose_notice(after: Incident) -> NoticeType | None:
    if not after.is_live:
        return None if after.told_at is None or after.is_told_over else NoticeType.RESOLVED
    if not after.is_open or after.severity is Severity.MINOR:
        return None
    if after.told_severity is None:
        return NoticeType.OPENED
    return NoticeType.UPDATED if after.severity > after.told_severity else None


def _describe(incident: Incident) -> tuple[object, ...]:
    """Return what people see of an incident."""
    return (incident.state, incident.severity, {member.key for member in incident.members})
