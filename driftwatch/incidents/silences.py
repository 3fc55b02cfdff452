"""Silences and maintenance windows: which notices they hide, until when, and in whose words.

A silence hides an incident only where it covers everything that is wrong with it: one about a column does
not hide an incident that another column is part of too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from driftwatch.errors import UsageError
from driftwatch.incidents.words import say_moment

__all__ = [
    "LONGEST_SILENCE",
    "Hide",
    "Matchers",
    "Silence",
    "Subject",
    "check_silence",
    "find_hide",
]

LONGEST_SILENCE = timedelta(days=30)
"""What lasts longer is no silence but a decision: a minor severity, a rule less, or the shadow mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a notice is about, as silences see it.

    `columns` are those of the incident that people are told of; a None among them stands for something about
    the window as a whole.
    """

    monitor: str
    owner: str | None = None
    kind: str | None = None
    severity: str | None = None
    columns: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matchers:
    """What a silence is about: every one that is not None must fit. `monitor` and `column` may hold `*`.

    >>> Matchers(monitor="flight-*").fits(Subject(monitor="flight-delays", kind="drift"))
    True
    >>> Matchers(column="amount").fits(Subject(monitor="a", columns=("amount", "city")))
    False
    """

    monitor: str | None = None
    owner: str | None = None
    kind: str | None = None
    severity: str | None = None
    column: str | None = None

    def fits(self, subject: Subject) -> bool:
        """Return whether everything in `subject` is meant."""
        exact = ((self.kind, subject.kind), (self.severity, subject.severity))
        if any(wanted is not None and wanted != found for wanted, found in exact):
            return False
        if not self.fits_monitor(subject.monitor, subject.owner):
            return False
        return self.column is None or _covers_all(self.column, subject.columns)

    def fits_monitor(self, name: str, owner: str | None) -> bool:
        """Return whether something about the monitor `name`, which `owner` looks after, can be meant."""
        if self.owner is not None and self.owner != owner:
            return False
        return self.monitor is None or fnmatchcase(name, self.monitor)

    def __str__(self) -> str:
        """Return the matchers as they are written on the command line."""
        given = ((name, getattr(self, name)) for name in ("monitor", "owner", "kind", "severity", "column"))
        return " ".join(f"{name}={value}" for name, value in given if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Somebody wants to hear nothing of what `matchers` fit from `starts_at` until `ends_at` (exclusive).

    `id` is None until the store has numbered it. `expired_by` ended it early: `ends_at` is that moment then.
    """

    id: int | None = None
    matchers: Matchers
    starts_at: datetime
    ends_at: datetime
    author: str
    reason: str
    created_at: datetime
    expired_by: str | None = None

    def holds_at(self, now: datetime) -> bool:
        """Return whether it holds at `now`."""
        return self.starts_at <= now < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Hide:
    """A silence or a maintenance window that hides something now.

    `words` say which one, as they are kept with what was not sent; `since` and `until` are its ends.
    """

    words: str
    since: datetime
    until: datetime


def check_silence(silence: Silence) -> None:
    """Raise UsageError, which says what to do, unless `silence` may be kept."""
    length = silence.ends_at - silence.starts_at
    if length <= timedelta(0):
        raise UsageError(
            f"a silence from {say_moment(silence.starts_at)} to {say_moment(silence.ends_at)} ends before it "
            "starts; give a later --to, or --for 4h"
        )
    if length > LONGEST_SILENCE:
        raise UsageError(
            f"a silence lasts at most {LONGEST_SILENCE.days} days, and this one {length.days}: make it "
            "shorter, or change what is told for good by rules, notify or mode: shadow"
        )
    if silence.ends_at <= silence.created_at:
        raise UsageError(f"a silence until {say_moment(silence.ends_at)} is over already; give a later end")
    if silence.matchers == Matchers():
        raise UsageError('a silence must say what it is about; --monitor "*" means everything')
    if not silence.reason.strip():
        raise UsageError("a silence needs a reason, for those who wonder why they heard nothing: --reason")


def find_hide(silences: Iterable[Silence], subject: Subject, now: datetime) -> Hide | None:
    """Return the silence that hides `subject` at `now`, the longest of several; None where there is none."""
    holding = [one for one in silences if one.holds_at(now) and one.matchers.fits(subject)]
    if not holding:
        return None
    longest = max(holding, key=lambda one: (one.ends_at, one.id or 0))
    words = f"silence {longest.id} by {longest.author} until {say_moment(longest.ends_at)}: {longest.reason}"
    return Hide(words=words, since=longest.starts_at, until=longest.ends_at)


def _covers_all(wanted: str, columns: tuple[str | None, ...]) -> bool:
    return bool(columns) and all(column is not None and fnmatchcase(column, wanted) for column in columns)
