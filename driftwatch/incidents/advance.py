"""The state machine of drift and data incidents: one verdict in, the next incident and its reasons out.

==============  =========================  ============================  ==============
state           breached window            clean window                  no evidence
==============  =========================  ============================  ==============
none            pending, or open at once   none                          none
pending         open after k of n          dropped when k of n is off    unchanged
open            open                       recovering, or resolved       unchanged
recovering      open again, silently       resolved after enough         unchanged
==============  =========================  ============================  ==============

A window that is neither breached nor clean, because a member's column could not be judged in it, changes
neither the state nor its counters.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from driftwatch.incidents.axis import Sight, read_axis, weigh_sight
from driftwatch.incidents.changes import (
    Change,
    Moment,
    conclude,
    list_stretches,
    merge_members,
    raise_severity,
    say_broken,
    take_up_again,
)
from driftwatch.incidents.finding import Verdict
from driftwatch.incidents.flapping import Flaps, note_flips
from driftwatch.incidents.incident import (
    Advance,
    Incident,
    IncidentKind,
    IncidentState,
    TransitionKind,
)
from driftwatch.incidents.naming import name_members, say_breached
from driftwatch.incidents.policy import Policy
from driftwatch.incidents.words import say_count
from driftwatch.profiles.window import Window

__all__ = ["advance"]

NO_FLAPS = Flaps()


def advance(  # noqa: PLR0913 - the eight things that a step depends on, each named at the call.
    incident: Incident | None,
    verdict: Verdict,
    policy: Policy,
    *,
    kind: IncidentKind,
    monitor: str,
    now: datetime,
    telling: bool,
    flaps: Flaps = NO_FLAPS,
) -> Advance:
    """Return the drift or data incident of a monitor after one more window.

    Parameters
    ----------
    incident
        The last one of this monitor and kind, or None; a resolved one only tells which windows are past.
    verdict
        The judgement of the next window; windows come in order.
    policy
        Patience, how many clean windows resolve, the season cycle.
    kind
        `DRIFT` or `DATA`: which findings of the verdict are read.
    now
        The time of the step: in a replay the window's end plus delay.
    telling
        False in a replay that tells nobody: the same steps, none of which tells.
    flaps
        How often one of this kind opened and resolved lately.

    Raises
    ------
    ValueError
        When the window does not come after the last one, or `kind` is not judged from findings.
    """
    _require_order(incident, verdict.window)
    before = incident if incident is not None and incident.is_live else None
    moment = Moment(window=verdict.window, now=now, telling=telling, flapping=flaps.flapping)
    sight = weigh_sight(read_axis(verdict, kind, before.members if before else ()), policy.importance)
    if before is None:
        step = _begin(sight, policy, moment, kind, monitor)
    else:
        step = _continue(before, sight, policy, moment)
    if sight is None:
        return step
    return note_flips(step, flaps, window=verdict.window, now=now, telling=telling)


def _continue(before: Incident, sight: Sight | None, policy: Policy, moment: Moment) -> Advance:
    seen = replace(before, seen_to=moment.window)
    if sight is None:
        return Advance(incident=seen)
    seen = replace(seen, members=merge_members(before.members, sight.breached, sight.calm))
    if before.state is IncidentState.PENDING:
        return _continue_pending(seen, sight, policy, moment)
    if sight.breached:
        return _continue_breached(seen, before, sight, policy, moment)
    if sight.calm >= {member.key for member in before.members}:
        return _continue_clean(seen, policy, moment)
    return _hold(seen, policy, moment)


def _require_order(incident: Incident | None, window: Window) -> None:
    """Raise ValueError unless `window` starts after the last one that `incident` was advanced over."""
    if incident is not None and window.start <= incident.seen_to.start:
        raise ValueError(
            f"the {incident.kind} incident of {incident.monitor!r} has been advanced to {incident.seen_to}; "
            f"{window} is not after it: windows must arrive in order"
        )


def _begin(sight: Sight | None, policy: Policy, moment: Moment, kind: IncidentKind, monitor: str) -> Advance:
    if sight is None or not sight.breached:
        return Advance(incident=None)
    started = Incident(
        monitor=monitor,
        kind=kind,
        state=IncidentState.PENDING,
        severity=sight.severity,
        members=sight.breached,
        first_window=moment.window,
        last_window=moment.window,
        seen_to=moment.window,
        recent=(True,),
        streak=1,
    )
    if policy.patience.k == 1:
        return _open(started, policy, moment)
    needed = f"{policy.patience.k} of {policy.patience.of}"
    reason = f"{say_breached(started.members, kind)}, in 1 window; {needed} are needed."
    return conclude(started, [Change(TransitionKind.PENDING, reason)], moment, season=policy.season)


def _continue_pending(incident: Incident, sight: Sight, policy: Policy, moment: Moment) -> Advance:
    of = policy.patience.of
    if not sight.breached and sight.calm < {member.key for member in incident.members}:
        return Advance(incident=incident)
    recent = (*incident.recent, bool(sight.breached))[-of:]
    members = tuple(member for member in incident.members if member.clean < of) or incident.members
    streak = incident.streak + 1 if sight.breached else 0
    incident = replace(incident, recent=recent, members=members, streak=streak)
    if sight.breached:
        severity = max(incident.severity, sight.severity)
        incident = replace(incident, last_window=moment.window, severity=severity)
    if sum(recent) >= policy.patience.k:
        return _open(incident, policy, moment)
    # The oldest of `of` windows falls out of sight with the next one.
    if any(recent[1:] if len(recent) == of else recent):
        return Advance(incident=incident)
    dropped = replace(incident, state=IncidentState.RESOLVED, resolved_at=moment.now)
    reason = f"Too few of {say_count(of, 'window')} were breached for it to open."
    return conclude(dropped, [Change(TransitionKind.DROPPED, reason)], moment, season=policy.season)


def _open(incident: Incident, policy: Policy, moment: Moment) -> Advance:
    opened = replace(incident, state=IncidentState.OPEN, opened_at=moment.now, windows_open=1, clean=0)
    often = ""
    if policy.patience.of > 1:
        often = f", in {sum(incident.recent)} of the last {say_count(len(incident.recent), 'window')}"
    change = Change(TransitionKind.OPENED, f"{say_breached(incident.members, incident.kind)}{often}.")
    return conclude(opened, [change], moment, season=policy.season)


def _continue_breached(
    incident: Incident, before: Incident, sight: Sight, policy: Policy, moment: Moment
) -> Advance:
    changes = []
    if before.state is IncidentState.RECOVERING:
        clean = say_count(before.clean, "clean window")
        changes.append(
            Change(TransitionKind.RESUMED, f"Breached again after {clean}; it is the same incident.")
        )
    known = {member.key for member in before.members}
    joined = tuple(member for member in sight.breached if member.key not in known)
    if joined:
        changes.append(Change(TransitionKind.JOINED, f"New: {say_breached(joined, incident.kind)}."))
    incident, left = _release_members(incident, policy)
    incident, changed = _note_changes(incident, sight, known)
    incident, worsened = raise_severity(incident, sight.severity)
    incident = replace(
        incident,
        state=IncidentState.OPEN,
        last_window=moment.window,
        clean=0,
        streak=before.streak + 1,
        windows_open=before.windows_open + 1,
    )
    return conclude(incident, [*changes, *left, *changed, *worsened], moment, season=policy.season)


def _note_changes(
    incident: Incident, sight: Sight, known: set[tuple[str, str]]
) -> tuple[Incident, list[Change]]:
    """Return the incident after members changed once more, which breaks an acknowledgement."""
    again = tuple(member for member in sight.breached if member.again and member.key in known)
    if not again:
        return incident, []
    broken = say_broken(incident)
    reason = f"{name_members(again)} changed once more, against the first windows in this incident{broken}."
    return take_up_again(incident), [Change(TransitionKind.CHANGED, reason)]


def _continue_clean(incident: Incident, policy: Policy, moment: Moment) -> Advance:
    clean = incident.clean + 1
    counted = replace(incident, clean=clean, streak=0, windows_open=incident.windows_open + 1)
    if clean >= policy.resolve_after:
        over = replace(counted, state=IncidentState.RESOLVED, resolved_at=moment.now)
        reason = f"{say_count(clean, 'clean complete window')} in a row."
        return conclude(over, [Change(TransitionKind.RESOLVED, reason)], moment, season=policy.season)
    changes = []
    if incident.state is IncidentState.OPEN:
        reason = f"A clean complete window, the first of {policy.resolve_after} that resolve it."
        changes.append(Change(TransitionKind.RECOVERING, reason))
    counted, left = _release_members(replace(counted, state=IncidentState.RECOVERING), policy)
    return conclude(counted, [*changes, *left], moment, season=policy.season)


def _hold(incident: Incident, policy: Policy, moment: Moment) -> Advance:
    held, left = _release_members(incident, policy)
    return conclude(held, left, moment, season=policy.season)


def _release_members(incident: Incident, policy: Policy) -> tuple[Incident, list[Change]]:
    """Let members go that were clean for long enough; the last ones stay until the incident resolves."""
    staying = tuple(member for member in incident.members if member.clean < policy.resolve_after)
    if not staying or len(staying) == len(incident.members):
        return incident, []
    left = tuple(member for member in incident.members if member.clean >= policy.resolve_after)
    verb = "was" if len(left) == 1 else "were"
    reason = f"{name_members(left)} {verb} clean for {say_count(policy.resolve_after, 'window')}."
    stretches = list_stretches(left, incident.seen_to.end)
    fewer = replace(incident, members=staying, left=(*incident.left, *stretches))
    return fewer, [Change(TransitionKind.LEFT, reason)]
