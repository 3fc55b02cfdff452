"""From what changed in an incident to numbered transitions, at most one of which tells somebody.

Who is told:

1. nobody while it is pending or minor, and nobody in a replay;
2. the first breached window of an incident that nobody has been told of: `incident.opened`;
3. a severity above the one last told: `incident.updated`;
4. columns that join when the last telling is a season cycle old: `incident.updated`; otherwise they are
   shown with the next telling;
5. a column that takes part and changes once more: `incident.updated`;
6. the end of an incident that somebody was told of: `incident.resolved`;
7. neither 2 nor 6 while it flaps.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from driftwatch.incidents.incident import (
    Advance,
    Hold,
    Incident,
    IncidentState,
    Member,
    NoticeType,
    Severity,
    Transition,
    TransitionKind,
)
from driftwatch.incidents.naming import name_member, name_members
from driftwatch.incidents.words import say_count, say_window
from driftwatch.profiles.window import Window

__all__ = [
    "Change",
    "Moment",
    "conclude",
    "let_go",
    "list_stretches",
    "mark_told",
    "merge_members",
    "raise_severity",
    "say_broken",
    "take_up_again",
    "tell_state",
]

_HELD = frozenset({NoticeType.OPENED, NoticeType.RESOLVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When something is looked at: the window, the time, and whether anybody may be told.

    `flapping`: that something opens or resolves is told to nobody, unless it is critical.
    """

    window: Window
    now: datetime
    telling: bool
    flapping: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A transition before it is numbered."""

    kind: TransitionKind
    reason: str


def conclude(incident: Incident, changes: list[Change], moment: Moment, *, season: timedelta) -> Advance:
    """Return the incident with its `changes` as transitions, having decided whether one of them tells."""
    kinds = {change.kind for change in changes}
    notice = _choose_notice(incident, kinds, moment, season) if moment.telling else None
    if moment.flapping and notice in _HELD and incident.severity is not Severity.CRITICAL:
        notice = None
    carrier = None if notice is None else _choose_carrier(incident, kinds, notice)
    if carrier is TransitionKind.TOLD:
        changes = [*changes, Change(TransitionKind.TOLD, _explain_telling(incident))]
    transitions = tuple(
        Transition(
            seq=incident.seq + place,
            kind=change.kind,
            reason=change.reason,
            tells=notice if change.kind is carrier else None,
            at=moment.now,
            window=moment.window,
        )
        for place, change in enumerate(changes, start=1)
    )
    after = replace(
        incident,
        seq=incident.seq + len(transitions),
        paged=incident.paged or (incident.is_open and incident.severity > Severity.MINOR),
    )
    if notice is not None:
        after = mark_told(after, notice, moment.now)
    return Advance(incident=after, transitions=transitions)


def mark_told(incident: Incident, notice: NoticeType, now: datetime) -> Incident:
    """Return the incident as one that people know of as it stands."""
    return replace(
        incident,
        told_at=now,
        told_severity=incident.severity,
        told_as=notice,
        told_columns=tuple(name_member(member) for member in incident.members),
        told_windows=incident.windows_open,
        reminded=incident.reminded + 1 if notice is NoticeType.REMINDER else 0,
    )


def take_up_again(incident: Incident) -> Incident:
    """Return the incident without what a person said about being quiet."""
    return replace(
        incident,
        acknowledged_by=None,
        acknowledged_at=None,
        acknowledged_until=None,
        snoozed_by=None,
        snoozed_until=None,
    )


def say_broken(incident: Incident) -> str:
    """Return who is told all the same, for the end of a sentence; empty where nobody asked for quiet."""
    acknowledged = incident.acknowledged_by and f"; {incident.acknowledged_by} had acknowledged it"
    snoozed = incident.snoozed_by and f"; {incident.snoozed_by} had snoozed it"
    return f"{acknowledged or ''}{snoozed or ''}"


def tell_state(incident: Incident, *, now: datetime, caught_up: int = 0) -> Advance:
    """Return the telling that is owed after a replay: only the final state of an incident is told.

    An open incident that nobody was told of, one that is worse than what was told, and the end of one
    that was told give one transition that tells; anything else none. `caught_up` says how many windows
    were judged after the time in which somebody should have looked at them.
    """
    notice = _choose_owed(incident)
    if notice is None:
        return Advance(incident=incident)
    why = _explain_telling(incident)
    step = Transition(
        seq=incident.seq + 1,
        kind=TransitionKind.TOLD,
        reason=f"Caught up {say_count(caught_up, 'window')}. {why}" if caught_up else why,
        tells=notice,
        at=now,
        window=incident.seen_to,
    )
    after = mark_told(replace(incident, seq=step.seq), notice, now)
    return Advance(incident=after, transitions=(step,))


def let_go(incident: Incident, judged: Collection[str], moment: Moment, *, season: timedelta) -> Advance:
    """Return a live incident without the members whose column is not `judged` any more.

    It is over where none is left: nothing would ever show them to be clean.
    """
    staying = tuple(one for one in incident.members if one.column is None or one.column in judged)
    left = tuple(one for one in incident.members if one not in staying)
    if not left:
        return Advance(incident=incident)
    reason = f"{name_members(left)} {'is' if len(left) == 1 else 'are'} not judged any more."
    if staying:
        stretches = list_stretches(left, moment.window.start)
        fewer = replace(incident, members=staying, left=(*incident.left, *stretches))
        return conclude(fewer, [Change(TransitionKind.LEFT, reason)], moment, season=season)
    over = replace(incident, state=IncidentState.RESOLVED, resolved_at=moment.now, resolved_why=reason)
    kind = TransitionKind.RESOLVED if incident.is_open else TransitionKind.DROPPED
    return conclude(over, [Change(kind, reason)], moment, season=season)


def merge_members(
    former: tuple[Member, ...], breached: tuple[Member, ...], calm: frozenset[tuple[str, str]]
) -> tuple[Member, ...]:
    """Return the members after a window: what is breached anew joins, what is calm counts a clean window."""
    seen = {member.key: member for member in breached}
    known = {member.key for member in former}
    merged = []
    for member in former:
        if member.key in seen:
            found = seen[member.key]
            merged.append(replace(found, since=member.since, base=found.base if found.again else member.base))
        elif member.key in calm:
            merged.append(replace(member, clean=member.clean + 1))
        else:
            merged.append(member)
    return (*merged, *(member for member in breached if member.key not in known))


def list_stretches(left: tuple[Member, ...], until: datetime) -> tuple[Hold, ...]:
    """Return the stretches of members that leave before the incident is over."""
    return tuple(Hold(column=one.column, about=one.about, since=one.since, until=until) for one in left)


def raise_severity(incident: Incident, severity: Severity) -> tuple[Incident, list[Change]]:
    """Return the incident at the worse of both severities; a rise breaks an acknowledgement and a snooze.

    While it is open the severity never falls, so that a fault that comes and goes is told once.
    """
    if severity <= incident.severity:
        return incident, []
    reason = f"It is {severity} now and was {incident.severity} before{say_broken(incident)}."
    after = replace(take_up_again(incident), severity=severity)
    return after, [Change(TransitionKind.WORSENED, reason)]


def _choose_notice(
    incident: Incident, kinds: set[TransitionKind], moment: Moment, season: timedelta
) -> NoticeType | None:
    if TransitionKind.RESOLVED in kinds:
        return None if incident.told_at is None else NoticeType.RESOLVED
    is_breached = incident.state is IncidentState.OPEN and incident.last_window == moment.window
    if not is_breached or incident.severity is Severity.MINOR:
        return None
    if incident.told_at is None or incident.told_severity is None:
        return NoticeType.OPENED
    is_new = incident.severity > incident.told_severity or TransitionKind.CHANGED in kinds
    joined_late = _has_joined(incident, moment) and moment.now - incident.told_at >= season
    return NoticeType.UPDATED if is_new or joined_late else None


def _has_joined(incident: Incident, moment: Moment) -> bool:
    return any(one.since == moment.window.start and not one.minor for one in incident.members)


def _choose_carrier(incident: Incident, kinds: set[TransitionKind], notice: NoticeType) -> TransitionKind:
    if notice is NoticeType.RESOLVED:
        return TransitionKind.RESOLVED
    if notice is NoticeType.OPENED:
        wanted = TransitionKind.WORSENED if TransitionKind.OPENED not in kinds else TransitionKind.OPENED
        return wanted if wanted in kinds and not incident.paged else TransitionKind.TOLD
    for kind in (TransitionKind.WORSENED, TransitionKind.CHANGED, TransitionKind.JOINED):
        if kind in kinds:
            return kind
    return TransitionKind.TOLD


def _choose_owed(incident: Incident) -> NoticeType | None:
    if incident.state is IncidentState.RESOLVED:
        return None if incident.told_at is None or incident.is_told_over else NoticeType.RESOLVED
    if not incident.is_open or incident.severity is Severity.MINOR:
        return None
    if incident.told_severity is None:
        return NoticeType.OPENED
    return NoticeType.UPDATED if incident.severity > incident.told_severity else None


def _explain_telling(incident: Incident) -> str:
    if incident.state is IncidentState.RESOLVED:
        return f"It is over since the window of {say_window(incident.seen_to)}, which nobody had been told."
    if incident.told_severity is None:
        since = say_window(incident.first_window)
        return f"Already open since the window of {since}, which nobody had been told."
    return f"It has become {incident.severity}, which nobody had been told."
