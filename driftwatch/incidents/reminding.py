"""What time alone does to an open incident: reminders, and what people said about it running out.

Nothing waits for a timer: when a reminder is due is read from when people were told last, so that restarts
and other replicas change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from driftwatch.incidents.changes import mark_told
from driftwatch.incidents.incident import Advance, Incident, NoticeType, Transition, TransitionKind
from driftwatch.incidents.naming import name_member
from driftwatch.incidents.words import join_words, say_count, say_duration, say_moment

__all__ = ["find_reminder_due", "lapse", "remind"]

_NAMED = 5


def lapse(incident: Incident, now: datetime) -> Advance:
    """Return the incident without an acknowledgement or a snooze that has run out by `now`."""
    steps = list(_list_lapsed(incident, now))
    after = incident
    if any(what == "acknowledgement" for what, _ in steps):
        after = replace(after, acknowledged_by=None, acknowledged_at=None, acknowledged_until=None)
    if any(what == "snooze" for what, _ in steps):
        after = replace(after, snoozed_by=None, snoozed_until=None)
    transitions = tuple(
        Transition(
            seq=incident.seq + place,
            kind=TransitionKind.LAPSED,
            reason=reason,
            tells=None,
            at=now,
            window=None,
        )
        for place, (_, reason) in enumerate(steps, start=1)
    )
    return Advance(incident=replace(after, seq=incident.seq + len(transitions)), transitions=transitions)


def _list_lapsed(incident: Incident, now: datetime) -> Iterator[tuple[str, str]]:
    if not incident.is_open:
        return
    until = incident.acknowledged_until
    if until is not None and until <= now:
        yield (
            "acknowledgement",
            f"The acknowledgement by {incident.acknowledged_by} has run out; it is still open.",
        )
    until = incident.snoozed_until
    if until is not None and until <= now:
        yield "snooze", f"The snooze by {incident.snoozed_by} is over; it is still open."


def find_reminder_due(incident: Incident, reminders: Sequence[timedelta]) -> datetime | None:
    """Return when people are to be reminded of the incident next; None while they are not.

    Nobody is reminded of what is minor, recovering, acknowledged or snoozed, nor of what they were not told.
    """
    if not reminders or incident.told_at is None or not incident.may_be_told_again:
        return None
    return incident.told_at + reminders[min(incident.reminded, len(reminders) - 1)]


def remind(incident: Incident, reminders: Sequence[timedelta], now: datetime) -> Advance:
    """Return the incident with the reminder that is due at `now`, or as it is where none is."""
    due = find_reminder_due(incident, reminders)
    if due is None or due > now:
        return Advance(incident=incident)
    step = Transition(
        seq=incident.seq + 1,
        kind=TransitionKind.REMINDED,
        reason=_say_news(incident, now),
        tells=NoticeType.REMINDER,
        at=now,
        window=incident.seen_to,
    )
    after = mark_told(replace(incident, seq=step.seq), NoticeType.REMINDER, now)
    return Advance(incident=after, transitions=(step,))


def _say_news(incident: Incident, now: datetime) -> str:
    """Return what changed since the last telling."""
    told_at = incident.told_at or now
    since = f"Still open; last told {say_duration(now - told_at)} ago, at {say_moment(told_at)}."
    return f"{since} {_say_changes(incident)}"


def _say_changes(incident: Incident) -> str:
    names = [name_member(member) for member in incident.members]
    joined = [name for name in names if name not in incident.told_columns]
    left = [name for name in incident.told_columns if name not in names]
    windows = incident.windows_open - incident.told_windows
    news = [
        f"{say_count(windows, 'more window')} judged" if windows > 0 else "",
        f"new: {join_words(joined, at_most=_NAMED)}" if joined else "",
        f"no longer part of it: {join_words(left, at_most=_NAMED)}" if left else "",
    ]
    said = "; ".join(filter(None, news))
    return f"Since then: {said}." if said else "Nothing has changed since then."
