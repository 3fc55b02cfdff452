"""The one gate: may this be told now, and if not, why.

It is asked when something is about to be told, and again in the transaction that claims it for sending; what
it says is kept with what was not sent. Nothing else in the house knows of silences, so nothing can pass by
them on a way of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from driftwatch.incidents.incident import IncidentState, NoticeType
from driftwatch.incidents.silences import Hide

__all__ = ["REPEATS", "SEND", "Decision", "DecisionWord", "Telling", "decide_sending"]

REPEATS: Final = frozenset({"incident.reminder", "incident.escalated"})
"""Notices that say again what was told: reminders and steps of an escalation."""


class DecisionWord(StrEnum):
    """What becomes of something that is to be told."""

    SEND = "send"  # It is sent now.
    HOLD = "hold"  # It waits; the gate is asked again at `until`.
    SUPPRESS = "suppress"  # It is not sent. What is still true when the reason ends is told anew.
    EXPIRE = "expire"  # It is not sent: what it says is not so any more, or something newer says it.
    COLLAPSE = "collapse"  # Neither it nor the `incident.resolved` behind it is sent.


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the gate says. `reason` is None for SEND; `until` is set for HOLD, and for silences."""

    word: DecisionWord
    reason: str | None = None
    until: datetime | None = None

    @property
    def sends(self) -> bool:
        """Whether it may be sent now."""
        return self.word is DecisionWord.SEND


SEND: Final = Decision(word=DecisionWord.SEND)
"""Nothing speaks against it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Something that is to be told through one channel, and what is known at that moment.

    `type` is that of the notice. `state` is that of its incident now, None for what belongs to no incident.
    `told`: something about this incident has arrived there. `unsure`: something may have, but the answer was
    lost. `failed`: it was tried in vain, or its channel took nothing. `hide` is what `find_hide` and the
    maintenance windows say, `inhibited_by` the words for another incident that explains this one.
    `superseded_by` says what is told in its place. `held_until`, with `held_why`: the channel takes nothing
    before. `expires_at` is for what belongs to no incident.
    """

    type: str
    state: IncidentState | None = None
    told: bool = False
    unsure: bool = False
    failed: bool = False
    shadow: bool = False
    acknowledged_by: str | None = None
    snoozed_until: datetime | None = None
    hide: Hide | None = None
    inhibited_by: str | None = None
    superseded_by: str | None = None
    expires_at: datetime | None = None
    held_until: datetime | None = None
    held_why: str | None = None
    collapses: bool = True

    @property
    def repeats(self) -> bool:
        """Whether it says again what was told: acknowledging and snoozing stop these alone."""
        return self.type in REPEATS


def decide_sending(telling: Telling, *, now: datetime) -> Decision:
    """Return whether `telling` may be sent at `now`.

    1. What is superseded, or tells what is not so any more, expires; a pair of notices of which the first
       could not be delivered while the incident came and went collapses.
    2. The end of something that was told is sent whatever else is said: nobody is left with an open end.
    3. Shadow mode, an acknowledgement and a snooze (these two for what repeats), silences, maintenance
       windows and inhibition suppress.
    4. What is left waits for its channel where that takes nothing now, and is sent otherwise.

    >>> from datetime import UTC
    >>> noon = datetime(2013, 2, 8, 12, tzinfo=UTC)
    >>> reminder = Telling(type="incident.reminder", state=IncidentState.OPEN, acknowledged_by="ana")
    >>> decide_sending(reminder, now=noon).reason
    'acknowledged by ana'
    """
    decision = _find_obsolete(telling, now) or _find_silent(telling, now)
    if decision is not None:
        return decision
    if telling.held_until is not None and telling.held_until > now:
        return Decision(word=DecisionWord.HOLD, reason=telling.held_why, until=telling.held_until)
    return SEND


def _find_obsolete(telling: Telling, now: datetime) -> Decision | None:
    if telling.superseded_by is not None:
        return Decision(word=DecisionWord.EXPIRE, reason=f"superseded: {telling.superseded_by}")
    if telling.expires_at is not None and telling.expires_at <= now:
        return Decision(word=DecisionWord.EXPIRE, reason="too old to be of use")
    if telling.state is not IncidentState.RESOLVED:
        return None
    if telling.repeats:
        return Decision(word=DecisionWord.EXPIRE, reason="the incident is over")
    arrived = telling.told or telling.unsure
    if telling.failed and not arrived and telling.type != NoticeType.RESOLVED and telling.collapses:
        reason = "collapsed: it was over before anybody could be told"
        return Decision(word=DecisionWord.COLLAPSE, reason=reason)
    return None


def _find_silent(telling: Telling, now: datetime) -> Decision | None:
    if telling.state is None:
        return None
    if telling.type == NoticeType.RESOLVED:
        if telling.told or telling.unsure:
            return None
        return Decision(word=DecisionWord.SUPPRESS, reason="nobody was told here that it opened")
    if telling.shadow:
        return Decision(word=DecisionWord.SUPPRESS, reason="the monitor is in shadow mode")
    return _find_quiet(telling, now) or _find_hidden(telling, now)


def _find_quiet(telling: Telling, now: datetime) -> Decision | None:
    """Return why something that repeats is not to be repeated."""
    if not telling.repeats:
        return None
    if telling.acknowledged_by is not None:
        return Decision(word=DecisionWord.SUPPRESS, reason=f"acknowledged by {telling.acknowledged_by}")
    if telling.snoozed_until is not None and telling.snoozed_until > now:
        return Decision(word=DecisionWord.SUPPRESS, reason="snoozed", until=telling.snoozed_until)
    return None


def _find_hidden(telling: Telling, now: datetime) -> Decision | None:
    hide = telling.hide
    if hide is not None and hide.since <= now < hide.until:
        return Decision(word=DecisionWord.SUPPRESS, reason=hide.words, until=hide.until)
    if telling.inhibited_by is not None:
        return Decision(word=DecisionWord.SUPPRESS, reason=f"inhibited: {telling.inhibited_by}")
    return None
