"""What happened to the monitors of one owner in a stretch of time, for people without statistics.

What was not watched is said as plainly as what was found: that nothing was heard of a monitor is no sign
that it is well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from driftwatch.incidents.conditions import Age
from driftwatch.incidents.incident import Incident, IncidentState, Label, Severity
from driftwatch.incidents.words import (
    join_words,
    say_count,
    say_duration,
    say_moment,
    say_percent,
    say_window,
    shorten,
)

__all__ = [
    "IDLE",
    "Ageing",
    "Found",
    "Quiet",
    "Watched",
    "Week",
    "WeekSection",
    "describe_week",
    "title_week",
]

_SHOWN: Final = 10
_LONGEST_LINE: Final = 250
_LONGEST_NAME: Final = 80
_LONG_OPEN: Final = timedelta(days=3)
_GAPS: Final = {
    "no_data": ("had no rows", "had no rows"),
    "error": ("could not be read", "could not be read"),
    "not_evaluated": ("was given up", "were given up"),
    "partial": ("was incomplete", "were incomplete"),
    "thin": ("had too few rows", "had too few rows"),
}
IDLE: Final = "idle"
"""In place of a verdict: a window without rows that has none in the reference either."""
_LABELS: Final = {
    Label.EXPECTED: "was expected",
    Label.DRIFT: "was real",
    Label.BAD_DATA: "was bad data",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One monitor: how many windows fell to each verdict, and how many rows they had.

    `promised` is how many false pages its promise allows in the stretch, None where it makes none.
    `late_by` is how late its windows are, `paused` why it is not judged, None where neither holds.
    """

    name: str
    windows: Mapping[str, int]
    rows: int
    promised: float | None = None
    late_by: timedelta | None = None
    paused: str | None = None
    shadow: bool = False
    calibration: str | None = None

    @property
    def judged(self) -> int:
        """How many windows were judged whole."""
        return sum(self.windows.get(word, 0) for word in ("ok", "drift", "data"))

    @property
    def is_watched(self) -> bool:
        """Whether every window there was could be judged, or has no rows by habit, and there was one."""
        settled = self.judged + self.windows.get(IDLE, 0)
        return 0 < settled == sum(self.windows.values()) and self.late_by is None and self.paused is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One incident that was open at some time of the stretch, and its title."""

    incident: Incident
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """How old what a monitor relies on is, beside what is allowed."""

    monitor: str
    age: Age


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """A silence in force or to come."""

    number: int
    ends_at: datetime
    author: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What was watched, found, told and neglected from `since` to `until`, as it stands at `until`.

    `owner` is None for every monitor there is. `left_out` counts incidents beyond those in `found`.
    """

    owner: str | None
    since: datetime
    until: datetime
    watched: tuple[Watched, ...]
    found: tuple[Found, ...]
    ageing: tuple[Ageing, ...] = ()
    silences: tuple[Quiet, ...] = ()
    left_out: int = 0

    @property
    def open_now(self) -> tuple[Found, ...]:
        """The incidents that are open at the end and that people are told of."""
        return tuple(
            one for one in self.found if one.incident.is_open and one.incident.severity > Severity.MINOR
        )

    @property
    def gaps(self) -> tuple[Watched, ...]:
        """The monitors of which not every window could be judged."""
        return tuple(one for one in self.watched if not one.is_watched)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekSection:
    """One part of the digest: a heading and its lines."""

    heading: str
    lines: tuple[str, ...]


def title_week(week: Week) -> str:
    """Return the answer in one line: what needs attention, and whether everything was watched."""
    whose = shorten(week.owner, _LONGEST_NAME) if week.owner else "All monitors"
    parts = []
    if week.open_now:
        parts.append(f"{say_count(len(week.open_now), 'incident')} open")
    if week.gaps:
        parts.append(f"{say_count(len(week.gaps), 'monitor')} not watched all the time")
    if not week.watched:
        parts.append("nothing is watched")
    return f"{whose}: {', '.join(parts) if parts else 'nothing needs attention'}"


def describe_week(week: Week) -> tuple[WeekSection, ...]:
    """Return the digest in parts, the answer first; parts that have nothing to say are left out."""
    sections = (
        WeekSection(heading="In short", lines=(_sum_up(week),)),
        WeekSection(heading="What was watched", lines=(_say_watched(week),)),
        WeekSection(heading="What was not watched", lines=tuple(map(_say_gap, week.gaps))),
        WeekSection(heading="What was found, and how it ended", lines=_list_found(week)),
        WeekSection(heading="Were people woken for nothing?", lines=_list_pages(week)),
        WeekSection(heading="What is growing old", lines=_list_ageing(week)),
    )
    return tuple(
        WeekSection(heading=one.heading, lines=_cut_lines(one.lines)) for one in sections if one.lines
    )


def _cut_lines(lines: Sequence[str]) -> tuple[str, ...]:
    shown = [shorten(line, _LONGEST_LINE) for line in lines[:_SHOWN]]
    rest = len(lines) - len(shown)
    return (*shown, *([f"{rest:,} more."] if rest else []))


def _sum_up(week: Week) -> str:
    span = f"From {say_moment(week.since)} to {say_moment(week.until)}"
    if not week.watched:
        return f"{span} no monitor was watched here."
    opened = len(week.open_now)
    is_open = (
        f"{say_count(opened, 'incident')} {'is' if opened == 1 else 'are'} open now"
        if opened
        else "nothing that people are told of is open now"
    )
    gaps = len(week.gaps)
    if not gaps:
        return f"{span}: {is_open}, and every window of {_count_monitors(week)} was judged."
    return (
        f"{span}: {is_open}. {gaps} of {_count_monitors(week)} "
        f"{'was' if gaps == 1 else 'were'} not watched all the time: what happened then is not known."
    )


def _count_monitors(week: Week) -> str:
    return say_count(len(week.watched), "monitor")


def _say_watched(week: Week) -> str:
    windows, rows = sum(one.judged for one in week.watched), sum(one.rows for one in week.watched)
    judged = f"{say_count(windows, 'window')} judged" if windows else "no window judged"
    return f"{_count_monitors(week)}: {judged}, with {say_count(rows, 'row')}."


def _say_gap(one: Watched) -> str:
    parts = [
        f"{say_count(one.windows[word], 'window')} {once if one.windows[word] == 1 else often}"
        for word, (once, often) in _GAPS.items()
        if one.windows.get(word)
    ]
    if not one.windows:
        parts.append("no window was judged")
    if one.late_by is not None:
        parts.append(f"windows are {say_duration(one.late_by)} late")
    if one.paused is not None:
        parts.append(f"it is paused ({shorten(one.paused, _LONGEST_NAME)})")
    return f"{_name(one.name)}: {join_words(parts, at_most=5)}."


def _list_found(week: Week) -> tuple[str, ...]:
    if not week.found:
        return ("Nothing.",) if week.watched else ()
    serious = [one for one in week.found if one.incident.severity > Severity.MINOR]
    minor = len(week.found) - len(serious) + week.left_out
    if not serious:
        return (f"Nothing that people are told of; {say_count(minor, 'minor finding')} recorded.",)
    lines = [_say_found(one) for one in serious]
    if minor:
        lines.append(f"Beside these {say_count(minor, 'incident')} of less weight, recorded and told nobody.")
    return tuple(lines)


def _say_found(one: Found) -> str:
    incident = one.incident
    return f"#{incident.id} ({incident.severity}) {one.title}; {_say_end(incident)}."


def _say_end(incident: Incident) -> str:
    opened = incident.opened_at
    parts = []
    if incident.state is IncidentState.RESOLVED and incident.resolved_at is not None:
        lasted = f" after {say_duration(incident.resolved_at - opened)}" if opened else ""
        parts.append(f"over{lasted}{_say_how(incident)}")
    else:
        parts.append(f"open since {say_window(incident.first_window)}")
        parts.append(_say_who(incident))
    if incident.label is not None:
        parts.append(f"{_name(incident.labelled_by or 'somebody')} says it {_LABELS[incident.label]}")
    return ", ".join(parts)


def _say_how(incident: Incident) -> str:
    if incident.resolved_by is not None:
        return f" by {_name(incident.resolved_by)}"
    if incident.resolved_why is not None:
        return f" ({_name(incident.resolved_why.rstrip('.'))})"
    return " by itself"


def _say_who(incident: Incident) -> str:
    who = incident.acknowledged_by or incident.assigned_to
    return f"{_name(who)} has it" if who else "nobody has it"


def _list_pages(week: Week) -> tuple[str, ...]:
    """Return how many pages were sent, how many of them were for nothing, and what was promised."""
    opened = [
        one.incident
        for one in week.found
        if one.incident.told_at is not None
        and one.incident.opened_at
        and one.incident.opened_at >= week.since
    ]
    promises = [one.promised for one in week.watched if one.promised is not None]
    if not week.watched:
        return ()
    wrong = sum(1 for one in opened if one.label is Label.EXPECTED)
    unknown = sum(1 for one in opened if one.label is None)
    sent = f"{say_count(len(opened), 'page')} sent" if opened else "No page was sent"
    judged = (
        f": {wrong} for nothing, {len(opened) - wrong - unknown} right, {unknown} that nobody has labelled"
    )
    lines = [f"{sent}{judged if opened else ''}."]
    if promises:
        allowed = sum(promises)
        lines.append(f"Promised: {_say_promise(allowed, week.until - week.since)}, on average.")
    if unknown:
        lines.append(
            "A label (expected, drift, bad-data) says which were for nothing, and sharpens the limits."
        )
    return tuple(lines)


def _say_promise(allowed: float, lasts: timedelta) -> str:
    """Return how many pages may come for nothing in a time that `lasts`, in a longer one if that is below 1.

    >>> _say_promise(3.2, timedelta(days=7)), _say_promise(0.25, timedelta(days=7))
    ('at most 3 pages for nothing in this time', 'at most 1 page for nothing in about 28 days')
    """
    if allowed >= 0.75:
        return f"at most {say_count(round(allowed), 'page')} for nothing in this time"
    if allowed <= 0:
        return "no page for nothing"
    return f"at most 1 page for nothing in about {say_duration(lasts / allowed)}"


def _list_ageing(week: Week) -> tuple[str, ...]:
    lines = [_say_age(one) for one in week.ageing]
    for one in week.open_now:
        opened = one.incident.opened_at
        if opened is not None and week.until - opened >= _LONG_OPEN:
            lasted = say_duration(week.until - opened)
            lines.append(f"#{one.incident.id} has been open for {lasted}; {_say_who(one.incident)}.")
    lines += [
        f"Silence {one.number} by {_name(one.author)} keeps notices back until {say_moment(one.ends_at)}: "
        f"{shorten(one.reason, _LONGEST_NAME)}."
        for one in week.silences
    ]
    lines += _list_unproven(week.watched)
    return tuple(lines)


def _list_unproven(watched: Sequence[Watched]) -> list[str]:
    lines = []
    shadowed = [_name(one.name) for one in watched if one.shadow]
    if shadowed:
        lines.append(f"In shadow mode, so that nobody is told: {join_words(shadowed, at_most=_SHOWN)}.")
    unproven = [_name(one.name) for one in watched if one.calibration not in {None, "calibrated"}]
    if unproven:
        lines.append(f"History too short to keep the promise: {join_words(unproven, at_most=_SHOWN)}.")
    return lines


def _say_age(one: Ageing) -> str:
    age = one.age
    what = "model" if age.of == "model" else "reference data"
    part = (
        "more than allowed"
        if age.age > age.limit
        else f"{say_percent(age.age / age.limit)} of what is allowed"
    )
    return (
        f"{_name(one.monitor)}: the {what} is {say_duration(age.age)} old, {part} "
        f"({say_duration(age.limit)})."
    )


def _name(text: str) -> str:
    return shorten(text, _LONGEST_NAME)
