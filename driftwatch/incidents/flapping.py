"""Flapping: an incident that opens and resolves again and again is told once, and then when it is stable.

It flaps from the fourth opening or resolution within 20 judged windows on. Until none has happened for 10
judged windows, openings and resolutions are kept in its history and told to nobody, unless it is critical.
What is counted are windows that say something: no data and errors make nothing stable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from driftwatch.incidents.changes import mark_told, tell_state
from driftwatch.incidents.incident import (
    Advance,
    Incident,
    IncidentState,
    NoticeType,
    Severity,
    Transition,
    TransitionKind,
)
from driftwatch.incidents.words import say_count
from driftwatch.profiles.window import Window

__all__ = ["FLIPS", "LOOKED_BACK", "STABLE", "Flaps", "count_flaps", "note_flips", "settle"]

FLIPS: Final = 4
"""Openings and resolutions within `LOOKED_BACK` windows that make an incident flap."""
LOOKED_BACK: Final = 20
"""Judged windows in which openings and resolutions are counted."""
STABLE: Final = 10
"""Judged windows without any that end it."""

_FLIPPED = frozenset({TransitionKind.OPENED, TransitionKind.RESOLVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaps:
    """Openings and resolutions of one axis before a window: the windows they happened in, oldest first.

    `ages` says for each how many judged windows have passed since, the present one included.
    """

    flips: tuple[datetime, ...] = ()
    ages: tuple[int, ...] = ()
    flapping: bool = False

    @property
    def is_stable(self) -> bool:
        """Whether nothing opened or resolved for long enough, if nothing does now."""
        return min(self.ages, default=STABLE) >= STABLE


def count_flaps(last: Incident | None, judged: Sequence[datetime]) -> Flaps:
    """Return what the last incident of an axis knows of flapping, as seen at a judged window.

    `judged` are the starts of at least the `LOOKED_BACK` last judged windows, the present one included.
    """
    if last is None:
        return Flaps()
    ages = {flip: sum(start > flip for start in judged) for flip in last.flips}
    recent = tuple(flip for flip in last.flips if ages[flip] < LOOKED_BACK)
    return Flaps(flips=recent, ages=tuple(ages[flip] for flip in recent), flapping=last.flapping)


def note_flips(step: Advance, flaps: Flaps, *, window: Window, now: datetime, telling: bool) -> Advance:
    """Return the step of a judged window with what it means for flapping."""
    incident = step.incident
    if incident is None:
        return step
    flipped = any(change.kind in _FLIPPED for change in step.transitions)
    flips = (*flaps.flips, window.start) if flipped else flaps.flips
    step = replace(step, incident=replace(incident, flips=flips, flapping=flaps.flapping))
    if flipped and not flaps.flapping and len(flips) >= FLIPS:
        reason = (
            f"It opened or resolved {len(flips)} times within {LOOKED_BACK} windows: that is not told again "
            f"until it was stable for {say_count(STABLE, 'window')}."
        )
        return _add(step, TransitionKind.FLAPPING, reason, None, window=window, now=now, flapping=True)
    if flaps.flapping and not flipped and flaps.is_stable:
        return settle(step, window=window, now=now, telling=telling)
    return step


def settle(step: Advance, *, window: Window, now: datetime, telling: bool) -> Advance:
    """Return the step with the incident stable again, and with one message about how it stands.

    That is its opening or its end where people do not know of it, else that it is still open. What resolved
    and was told so is not told again.
    """
    incident = step.incident
    if incident is None:
        return step
    state = "open" if incident.is_live else "resolved"
    reason = f"Stable for {say_count(STABLE, 'window')}: it is {state}."
    if not telling or step.told is not None:
        return _add(step, TransitionKind.SETTLED, reason, None, window=window, now=now, flapping=False)
    owed = tell_state(incident, now=now).told
    notice = owed.tells if owed else _choose_update(incident)
    return _add(step, TransitionKind.SETTLED, reason, notice, window=window, now=now, flapping=False)


def _choose_update(incident: Incident) -> NoticeType | None:
    is_open = incident.state is IncidentState.OPEN and incident.severity > Severity.MINOR
    return NoticeType.UPDATED if is_open and incident.told_at is not None else None


def _add(  # noqa: PLR0913 - the parts of a transition
    step: Advance,
    kind: TransitionKind,
    reason: str,
    notice: NoticeType | None,
    *,
    window: Window,
    now: datetime,
    flapping: bool,
) -> Advance:
    incident = step.incident
    if incident is None:
        return step
    added = Transition(seq=incident.seq + 1, kind=kind, reason=reason, tells=notice, at=now, window=window)
    after = replace(incident, seq=added.seq, flapping=flapping)
    if notice is not None:
        after = mark_told(after, notice, now)
    return Advance(incident=after, transitions=(*step.transitions, added))
