"""An incident explained: every number that led to it, in plain words, and who was told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import expm1, isclose

from driftwatch.calibration.budget import FalsePages
from driftwatch.calibration.calibration import CalibrationState
from driftwatch.calibration.layout import Aspect
from driftwatch.calibration.weighing import Scale
from driftwatch.incidents.backtest import WHATEVER_THE_BUDGET, find_broken_rule
from driftwatch.incidents.finding import FindingKind
from driftwatch.incidents.incident import (
    Incident,
    IncidentKind,
    IncidentState,
    Member,
    Severity,
    rank_members,
)
from driftwatch.incidents.markers import say_markers
from driftwatch.incidents.naming import name_member
from driftwatch.incidents.readings import PartReading, Reading
from driftwatch.incidents.rules import Rule
from driftwatch.incidents.words import (
    say_count,
    say_duration,
    say_moment,
    say_number,
    say_percent,
    say_window,
)

__all__ = [
    "Allowed",
    "Explained",
    "Explanation",
    "Told",
    "explain_incident",
    "find_member_part",
    "say_promise",
    "say_scores",
    "say_told",
]

_BY_BUDGET = {
    FindingKind.DRIFT: Aspect.DRIFT,
    FindingKind.MISSING: Aspect.MISSING,
    FindingKind.UNSEEN: Aspect.BEYOND,
    FindingKind.RANGE: Aspect.BEYOND,
    FindingKind.VOLUME: Aspect.VOLUME,
    FindingKind.REPEATED_KEYS: Aspect.REPEATED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What a monitor allows: its promise, None where rules judge alone, its minimum effect and its rules.

    `is_half` says that two references judge, and each has as much.
    """

    promise: FalsePages | None = None
    minimum_effect: float | None = None
    rules: tuple[Rule, ...] = ()
    is_half: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice and a channel: when it was queued, and what became of it."""

    at: datetime
    notice: str
    channel: str
    state: str
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An incident with all that explains it.

    `opened` and `last` are the readings of the window that opened it and of the last one that shows it, None
    where they were not scored or are gone. `told` are the deliveries, oldest first; `channels` are those
    that the monitor names.
    """

    incident: Incident
    allowed: Allowed
    opened: Reading | None = None
    last: Reading | None = None
    told: tuple[Told, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Sentences: why it opened, one or more for each member, and who was told."""

    why: tuple[str, ...]
    members: tuple[str, ...]
    told: tuple[str, ...]


def explain_incident(explained: Explained) -> Explanation:
    """Return why an incident opened, what each of its members is about, and who was told."""
    return Explanation(
        why=tuple(_say_why(explained)),
        members=tuple(_say_member(one, explained) for one in rank_members(explained.incident.members)),
        told=tuple(_say_telling(explained)),
    )


def _say_why(explained: Explained) -> Iterator[str]:
    incident, opened, last = explained.incident, explained.opened, explained.last
    if incident.markers:
        yield say_markers(incident.markers, incident.first_window)
    if incident.slice:
        yield incident.slice
    if incident.kind not in {IncidentKind.DRIFT, IncidentKind.DATA}:
        yield _OWN_LIMITS[incident.kind]
        return
    if opened is not None:
        yield f"It opened in the window of {say_window(opened.window)}."
        yield from say_scores(opened, explained.allowed)
    elif explained.allowed.promise is not None:
        yield "What the window that opened it scored is not kept any more."
    if last is not None and (opened is None or last.window != opened.window):
        yield (
            f"In the last window that shows it, {say_window(last.window)}, the score was "
            f"{say_number(last.score)} and the limit {say_number(last.limit)}."
        )
    if explained.allowed.promise is None:
        yield "No false-alarm budget is at work: explicit limits judge alone."


_OWN_LIMITS = {
    IncidentKind.FRESHNESS: "It opens by its own limits, `freshness`: how late rows may be.",
    IncidentKind.STALE: "It opens by its own limits, `ages`: how old the model and the reference may be.",
    IncidentKind.EVALUATION: "It opens when a window cannot be read or judged; no limit is involved.",
}


def say_scores(reading: Reading, allowed: Allowed) -> Iterator[str]:
    """Yield what a window scored, where its limit comes from, and what it was compared with."""
    over = "" if reading.scale is Scale.SHORT else f" over the last {reading.cycle} windows"
    yield f"Score {say_number(reading.score)}{over} against a limit of {say_number(reading.limit)}."
    yield _say_origin(reading, allowed)
    if not reading.is_spent and reading.limit > reading.usual_limit * (1 + 1e-6):
        usual = say_number(reading.usual_limit)
        yield f"Earlier pages have made the limit stricter: with nothing of the budget spent it is {usual}."
    if allowed.is_half:
        yield "That is half of what you allow: a pinned and a rolling reference judge side by side."
    yield f"It was compared with {_say_compared(reading)}."
    if reading.state is CalibrationState.PROVISIONAL:
        yield (
            f"The state is provisional: {say_count(reading.missing, 'more window')} "
            f"{'is' if reading.missing == 1 else 'are'} needed until the promise can be kept."
        )
    if reading.inherited:
        yield f"Of those windows {reading.inherited:,} were judged against the former reference."


def _say_compared(reading: Reading) -> str:
    found = reading.season if reading.scale is Scale.SHORT else "all windows of the reference"
    if reading.beside is None:
        return found
    return f"{found.replace('the reference', 'the rolling reference')}: {reading.beside}"


def _say_origin(reading: Reading, allowed: Allowed) -> str:
    promised = say_promise(allowed.promise)
    if reading.state is CalibrationState.UNCALIBRATED:
        return f"The state is uncalibrated: what is usual is not known, the limit is assumed; {promised}."
    if reading.is_spent:
        return f"The budget was spent, so that only what is three times beyond the limit is told; {promised}."
    known = f"Of the last {say_count(reading.known, 'comparable window')}"
    if reading.place is not None:
        return f"{known} the {_say_place(reading.place)} score was {say_number(reading.limit)}; {promised}."
    highest = say_number(reading.highest or 0.0)
    if reading.limit > (reading.highest or 0.0) and reading.state is CalibrationState.PROVISIONAL:
        return f"{known} the highest score was {highest}, and the limit lies further out: {promised}."
    return (
        f"{known} the highest score was {highest}; the limit is the least that chance asks for, {promised}."
    )


def say_promise(promise: FalsePages | None) -> str:
    """Return what is promised, as a clause.

    >>> say_promise(FalsePages())
    'you allow 1 false page in 30 days'
    """
    if promise is None:
        return "nothing is promised"
    pages = "1 false page" if promise.at_most == 1 else f"{promise.at_most:g} false pages"
    return f"you allow {pages} in {say_duration(promise.per)}"


def _say_place(place: int) -> str:
    """Return the place from the top in words.

    >>> [_say_place(place) for place in (1, 2, 3, 11, 22)]
    ['highest', '2nd highest', '3rd highest', '11th highest', '22nd highest']
    """
    if place == 1:
        return "highest"
    ending = "th" if 10 < place % 100 < 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending} highest"


def find_member_part(member: Member, explained: Explained) -> PartReading | None:
    """Return what a member scored in the window and on the scale that its numbers are of.

    None where no budget is about it, or that window's scores are gone.
    """
    aspect = next((found for kind, found in _BY_BUDGET.items() if kind.value == member.about), None)
    if aspect is None:
        return None
    readings = [one for one in (explained.last, explained.opened) if one is not None]
    parts = [part for reading in readings for part in reading.find_parts(member.column, aspect)]
    if member.statistic == "ks":
        value = member.value or 0.0
        return next((part for part in parts if isclose(part.distance, value, rel_tol=1e-6)), None)
    return parts[0] if parts and member.clean <= explained.incident.clean else None


def _say_member(member: Member, explained: Explained) -> str:
    name, text = name_member(member), member.text.rstrip(".")
    said = f"{name}: {text}{_say_numbers(member)}."
    if explained.incident.kind not in {IncidentKind.DRIFT, IncidentKind.DATA}:
        return said
    if member.about in {kind.value for kind in WHATEVER_THE_BUDGET}:
        return f"{said} That is told whatever the budget is."
    rule = find_broken_rule(
        explained.allowed.rules, column=member.column, statistic=member.statistic, limit=member.limit
    )
    if rule is not None:
        bound = f"limit {say_number(rule.limit)}" if rule.p_value is None else f"p-value {rule.p_value:g}"
        return f"{said} It breaks the rule on {rule.statistic} of {rule.column!r}, {bound}."
    part = find_member_part(member, explained)
    return " ".join([said, *_say_part(member, part), *_say_second_key(member, explained.allowed)])


def _say_numbers(member: Member) -> str:
    if member.value is None:
        return ""
    name = {"ks": "D", "share_change": "share changed by"}.get(member.statistic, member.statistic)
    limit = "" if member.limit is None else f", limit {say_number(member.limit)}"
    return f" ({name} {say_number(member.value)}{limit})"


def _say_part(member: Member, part: PartReading | None) -> Iterator[str]:
    if part is None:
        return
    over = "" if part.scale is Scale.SHORT else ", over all windows of a season cycle"
    wobble = _convert_wobble(member, part)
    if wobble is not None:
        yield f"Its ordinary movement beyond chance is {wobble}."
    yield f"By itself it scores {say_number(part.score)}{over}."


def _convert_wobble(member: Member, part: PartReading) -> str | None:
    """Return the wobble of a part in the units of its value."""
    if member.statistic == "ks":
        return say_number(part.wobble)
    if member.statistic == "volume":
        return say_percent(expm1(part.wobble))
    if member.statistic == "share_change" and member.value is not None and part.distance > 0:
        return say_number(part.wobble * member.value / part.distance)
    return None


def _say_second_key(member: Member, allowed: Allowed) -> Iterator[str]:
    if allowed.minimum_effect is None or (member.moved_share is None and not member.minor):
        return
    least, moved = say_percent(allowed.minimum_effect), say_percent(member.moved_share or 0.0)
    if member.minor:
        yield f"No more than the minimum effect of {least} can be shown, so that it is only recorded."
    else:
        yield f"At least {moved} of the rows can be shown to have changed; the minimum effect is {least}."


def _say_telling(explained: Explained) -> Iterator[str]:
    incident = explained.incident
    if explained.told:
        yield from (say_told(one) for one in explained.told)
    elif incident.state is IncidentState.PENDING or incident.opened_at is None:
        yield "Nobody was told: too few windows showed it for it to open."
    elif incident.severity is Severity.MINOR:
        yield "Nobody was told: it is minor, which is recorded and wakes nobody."
    elif incident.told_at is None:
        yield "Nobody was told: its windows were judged in a replay or as history, which tells nobody."
    else:
        yield f"Nobody was told at {say_moment(incident.told_at)}: `notify` named no channel."


def say_told(told: Told) -> str:
    """Return who was told what, and whether it arrived."""
    state = told.state if told.error is None else f"{told.state}: {told.error}"
    return f"{say_moment(told.at)}: {told.notice} to {told.channel} ({state})."
