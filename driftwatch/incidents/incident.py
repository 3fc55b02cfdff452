"""The incident: what is wrong with a monitor, since when, how badly, and who has been told.

There is one unresolved incident per monitor and kind; columns are its members. All of these are values:
`driftwatch.incidents.advance`, `conditions` and `by_hand` say how one becomes the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from driftwatch.incidents.markers import Marker
from driftwatch.profiles.window import Window

__all__ = [
    "Advance",
    "Hold",
    "Incident",
    "IncidentKind",
    "IncidentState",
    "Label",
    "Member",
    "NoticeType",
    "Severity",
    "Transition",
    "TransitionKind",
    "rank_members",
]


class IncidentKind(StrEnum):
    """What an incident is about; a monitor has at most one unresolved incident of each kind."""

    DRIFT = "drift"  # Columns moved away from the reference.
    DATA = "data"  # The data itself is faulty: missing, unseen or repeated values, vanished columns.
    FRESHNESS = "freshness"  # Rows that are due have not arrived.
    STALE = "stale"  # The model or the reference is older than allowed.
    EVALUATION = "evaluation"  # Windows could not be read or judged.


class IncidentState(StrEnum):
    """Where an incident stands."""

    PENDING = "pending"  # Breached, in fewer windows than patience asks for.
    OPEN = "open"  # The last window that tells anything was breached.
    RECOVERING = "recovering"  # Clean windows since, fewer than it takes to resolve.
    RESOLVED = "resolved"  # Over. A pending one that never opened ends here with `opened_at` None.


class Severity(StrEnum):
    """How bad it is; ordered, so that `max` gives the worst."""

    MINOR = "minor"  # Recorded, sent to nobody.
    MAJOR = "major"  # Sent to the monitor's channels.
    CRITICAL = "critical"  # As major, for what makes predictions meaningless.

    @property
    def rank(self) -> int:
        """The place in the order, 0 for the mildest."""
        return list(Severity).index(self)

    def __lt__(self, other: str) -> bool:
        return self.rank < Severity(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Severity(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Severity(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Severity(other).rank


class TransitionKind(StrEnum):
    """What happened to an incident."""

    PENDING = "pending"  # A first breach, with patience left.
    DROPPED = "dropped"  # A pending one ended without ever opening.
    OPENED = "opened"  # Patience ran out, or its own limit was passed.
    JOINED = "joined"  # Further columns take part.
    LEFT = "left"  # Columns came back one by one.
    CHANGED = "changed"  # Columns that take part changed once more; an acknowledgement no longer holds.
    WORSENED = "worsened"  # The severity rose; an acknowledgement no longer holds.
    RECOVERING = "recovering"  # The first clean window.
    FLAPPING = "flapping"  # It opened and resolved too often: that it does is not told until it is stable.
    SETTLED = "settled"  # It was stable for long enough.
    RESUMED = "resumed"  # Breached again before it had resolved.
    RESOLVED = "resolved"  # Enough clean windows, the condition ended, or a person said so.
    REVISED = "revised"  # Rows that came late changed what windows show.
    TOLD = "told"  # Something that nobody had been told is told now.
    REMINDED = "reminded"  # Told again, for it is still open.
    ESCALATED = "escalated"  # Nobody has taken it up: others are told.
    ACKNOWLEDGED = "acknowledged"  # A person is looking at it.
    LAPSED = "lapsed"  # An acknowledgement or a snooze has run out.
    SNOOZED = "snoozed"  # A person wants to hear nothing more of it for a while.
    ASSIGNED = "assigned"  # A person has it from now on.
    NOTED = "noted"  # A person wrote something down.
    LABELLED = "labelled"  # A person said what it was.


class Label(StrEnum):
    """What a person says an incident was; that decides for good what becomes of its windows."""

    EXPECTED = "expected"  # Nothing wrong: its windows count as ordinary at once.
    DRIFT = "drift"  # The world changed: its windows are never ordinary.
    BAD_DATA = "bad-data"  # The data was faulty: its windows are never ordinary.


class NoticeType(StrEnum):
    """What a notice says happened."""

    OPENED = "incident.opened"
    UPDATED = "incident.updated"
    REMINDER = "incident.reminder"
    ESCALATED = "incident.escalated"
    RESOLVED = "incident.resolved"
    DIGEST = "digest"  # Of no incident: what a monitor in shadow mode would have told.


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One thing that is wrong within an incident: a column, or something about the whole window.

    `column` is None for findings about the window as a whole, and "model" or "reference" in a stale
    incident. `about` is the kind of the worst finding. `since` is the start of the window in which it
    joined. `value`, `limit`, `text`, `plain`, `moved_share` and `minor` are those of the last breached
    window; `plain` says what changed without a statistic in it, None where the kind says as much; `again`
    says that it changed once more in it. `clean` counts its own clean windows in a row. `base` is the start
    of the windows that a further change is told against: those in which it joined, or changed last.
    `importance` is what the configuration multiplies its column by.
    """

    column: str | None
    about: str
    since: datetime
    statistic: str
    value: float | None
    limit: float | None
    text: str
    moved_share: float | None = None
    clean: int = 0
    minor: bool = False
    again: bool = False
    base: datetime | None = None
    importance: float = 1.0
    plain: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What makes two members the same one: the column, else what the finding is about."""
        return ("", self.about) if self.column is None else ("column", self.column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A stretch of windows, from the one that starts at `since` on, that a member was part of an incident.

    `column` is None for what concerns the window as a whole, which `about` names then. `until` is exclusive,
    None where the stretch goes on.
    """

    column: str | None
    about: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that is wrong with a monitor, as it stands after the last window.

    `id` is None until the store has numbered it. `first_window` and `last_window` are the first and the
    last breached one; `seen_to` is the last window it was advanced over, breached or not. `opened_at` is
    None while pending. `recent` holds, newest last, whether the last judged windows were breached, for
    patience of k out of n. `clean` counts clean windows in a row, `streak` breached ones, `windows_open` the
    judged windows since it opened, the one that opened it included. `paged`: it is or was bad enough to tell
    somebody at once.
    `told_at`, `told_severity` and `told_as` are those of the last telling, None when nobody was told;
    `unsent_at`, `unsent_severity` and `unsent_as` those of the last one that shadow mode kept from people.
    `told_columns` names the members and `told_windows` counts `windows_open` at the last telling; `reminded`
    counts the reminders since something new was told. An acknowledgement lasts to `acknowledged_until`, and
    until `snoozed_until` nobody hears more of it. `escalated_to` are the channels that steps of an escalation
    have told. `label` is what a person says it was. `left` are the stretches of members that left before it
    was over. `flips` are the starts of the windows in which one of its axis opened or resolved lately, and
    `flapping` says that this is too often to tell. `markers` are what happened just before it began, the
    latest first. `slice` says which rows carry the change. `seq` numbers the last transition.
    """

    id: int | None = None
    monitor: str
    kind: IncidentKind
    state: IncidentState
    severity: Severity
    members: tuple[Member, ...]
    first_window: Window
    last_window: Window
    seen_to: Window
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolved_why: str | None = None
    recent: tuple[bool, ...] = ()
    clean: int = 0
    streak: int = 0
    windows_open: int = 0
    paged: bool = False
    told_at: datetime | None = None
    told_severity: Severity | None = None
    told_as: NoticeType | None = None
    unsent_at: datetime | None = None
    unsent_severity: Severity | None = None
    unsent_as: NoticeType | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    acknowledged_until: datetime | None = None
    snoozed_by: str | None = None
    snoozed_until: datetime | None = None
    assigned_to: str | None = None
    told_columns: tuple[str, ...] = ()
    told_windows: int = 0
    reminded: int = 0
    escalated_to: tuple[str, ...] = ()
    label: Label | None = None
    labelled_by: str | None = None
    labelled_at: datetime | None = None
    left: tuple[Hold, ...] = ()
    flips: tuple[datetime, ...] = ()
    flapping: bool = False
    markers: tuple[Marker, ...] = ()
    slice: str | None = None
    seq: int = 0

    @property
    def is_live(self) -> bool:
        """Whether it is pending, open or recovering."""
        return self.state is not IncidentState.RESOLVED

    @property
    def is_open(self) -> bool:
        """Whether it is open or recovering: it has opened and is not over."""
        return self.state in {IncidentState.OPEN, IncidentState.RECOVERING}

    @property
    def may_be_told_again(self) -> bool:
        """Whether people know that it is open, and neither its end nor a person asks for quiet."""
        is_told = self.told_at is not None and not self.is_told_over
        is_quiet = self.acknowledged_by is not None or self.snoozed_until is not None
        is_serious = self.state is IncidentState.OPEN and self.severity > Severity.MINOR
        return is_told and is_serious and not is_quiet

    @property
    def is_told_over(self) -> bool:
        """Whether the last thing that people were told of it is its end."""
        return self.told_as is NoticeType.RESOLVED

    @property
    def still_breached(self) -> bool:
        """Whether the very last window was breached."""
        return self.is_live and self.last_window == self.seen_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One step in the life of an incident, and why it was taken.

    `seq` numbers the steps of one incident from 1. `tells` is the notice it calls for, None when nobody
    is told. `window` is None and `actor` is set where a person did it. `to` names the channels that are told,
    None for those of the monitor.
    """

    seq: int
    kind: TransitionKind
    reason: str
    tells: NoticeType | None
    at: datetime
    window: Window | None
    actor: str | None = None
    to: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """An incident after a step, and the transitions that led there.

    `incident` is None when there is none and nothing calls for one. At most one transition tells.
    """

    incident: Incident | None
    transitions: tuple[Transition, ...] = ()

    @property
    def told(self) -> Transition | None:
        """The transition that calls for a notice, if there is one."""
        return next((step for step in self.transitions if step.tells is not None), None)


def rank_members(members: tuple[Member, ...]) -> tuple[Member, ...]:
    """Return the members with the biggest change first: by share of rows, then by value over limit.

    Either is multiplied by the importance of the column. Minor ones come last.
    """
    return tuple(sorted(members, key=_rank))


def _rank(member: Member) -> tuple[bool, float, float, datetime, str]:
    excess = member.value / member.limit if member.value is not None and member.limit else 0.0
    moved, weight = member.moved_share or 0.0, member.importance
    return (member.minor, -moved * weight, -excess * weight, member.since, member.column or "")
