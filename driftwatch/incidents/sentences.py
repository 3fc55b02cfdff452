"""One sentence for each thing that can be wrong, for people who do not read statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from driftwatch.incidents.incident import Incident, IncidentKind, IncidentState, Member, rank_members
from driftwatch.incidents.naming import GIVEN_UP, name_member, name_members, say_fault
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.incidents.plain_words import say_rows_of
from driftwatch.incidents.words import (
    say_duration,
    say_odds,
    say_percent,
    say_window,
    shorten,
)

__all__ = ["say_days", "say_hours", "say_what"]

_LONGEST_TEXT = 500
_LONGEST_NAME = 120
_OVER = {
    IncidentKind.DRIFT: "The data of {name} looks like its reference again.",
    IncidentKind.DATA: "The data of {name} is in order again.",
    IncidentKind.FRESHNESS: "New rows have arrived for {name}.",
    IncidentKind.STALE: "Nothing that {name} relies on is older than allowed any more.",
    IncidentKind.EVALUATION: "{name} can be checked again.",
}


def say_what(incident: Incident, facts: MonitorFacts) -> str:
    """Return what changed and in how much of the data, or how it ended."""
    if incident.resolved_by is not None:
        why = shorten(incident.resolved_why or "", _LONGEST_TEXT)
        return f"{incident.resolved_by} closed this incident by hand: {why}"
    if incident.state is IncidentState.RESOLVED and incident.resolved_why is not None:
        return f"This incident of {facts.name} is over: {incident.resolved_why}"
    if incident.state is IncidentState.RESOLVED:
        gaps = [member.text for member in incident.members if member.about == GIVEN_UP]
        over = _OVER[incident.kind].format_map({"name": facts.name})
        return " ".join([over, *(f"{gap[:1].upper()}{gap[1:].rstrip('.')}." for gap in gaps)])
    seen = _SAY[incident.kind](incident, facts)
    if incident.state is IncidentState.RECOVERING:
        return f"The last judged window was clean. Before it this was seen: {seen}"
    return seen


def say_hours(member: Member) -> str:
    """Return the value of a member that is in hours as a duration."""
    return say_duration(timedelta(hours=member.value or 0.0))


def say_days(days: float | None) -> str:
    """Return a number of days as a duration."""
    return say_duration(timedelta(days=days or 0.0))


def _say_drift(incident: Incident, facts: MonitorFacts) -> str:
    ranked = rank_members(incident.members)
    first = ranked[0]
    if first.minor:
        unlike = "; ".join(_say_little(member) for member in ranked)
        return f"The data of {facts.name} is not quite like its reference: {shorten(unlike, _LONGEST_TEXT)}."
    name = f"{facts.name}{_say_feeding(facts)}"
    sentences = [
        f"The data of {name} looks different from its reference, the earlier data it is compared with.",
        f"The biggest change is in {name_member(first)}: {_say_how(first)}.",
    ]
    if len(ranked) > 1:
        sentences.append(f"Also changed: {name_members(ranked[1:])}.")
    return " ".join(sentences)


def _say_little(member: Member) -> str:
    return f"{name_member(member)} ({member.plain})" if member.plain else name_member(member)


def _say_feeding(facts: MonitorFacts) -> str:
    return f", which the model {shorten(facts.model, _LONGEST_NAME)} works with," if facts.model else ""


def _say_how(member: Member) -> str:
    """Return how the values of a column changed, and in how much of the data."""
    much = "it is beyond the limit that was set for it"
    if member.moved_share:
        share, odds = say_percent(member.moved_share), say_odds(member.moved_share)
        much = f"at least {share} of the rows have moved ({odds})"
    return f"{shorten(member.plain, _LONGEST_TEXT)}. In all, {much}" if member.plain else much


def _say_faults(incident: Incident, facts: MonitorFacts) -> str:
    groups: dict[str, list[Member]] = {}
    for member in rank_members(incident.members):
        groups.setdefault(member.about, []).append(member)
    faults = "; ".join(_say_alike(*group) for group in groups.values())
    return f"The data of {facts.name}{_say_feeding(facts)} is not as it should be: {faults}."


def _say_alike(first: Member, *others: Member) -> str:
    """Return what is wrong with the data of a member, and what has the same fault."""
    return f"{_say_fault(first)}, and the same in {name_members(others)}" if others else _say_fault(first)


def _say_fault(member: Member) -> str:
    """Return what is wrong with the data of a member, and in how many rows."""
    if member.plain is None:
        return say_fault(member)
    share = member.value if member.statistic.endswith("_share") and not member.minor else None
    odds = f" (that is {say_rows_of(share)})" if share is not None and 0 < share < 1 else ""
    return f"{shorten(member.plain, _LONGEST_TEXT)}{odds}"


def _say_lateness(incident: Incident, facts: MonitorFacts) -> str:
    since, late = say_window(incident.first_window), say_hours(incident.members[0])
    return f"No rows have arrived for {facts.name} since the window of {since}; they are {late} late."


def _say_ages(incident: Incident, facts: MonitorFacts) -> str:
    return " ".join(_say_age(member, facts) for member in rank_members(incident.members))


def _say_age(member: Member, facts: MonitorFacts) -> str:
    owner = f"The {member.column}" if member.column == "model" else "The reference data"
    named = f" {facts.model}" if member.column == "model" and facts.model else ""
    return (
        f"{owner}{named} of {facts.name} is {say_days(member.value)} old; "
        f"at most {say_days(member.limit)} are allowed."
    )


def _say_failure(incident: Incident, facts: MonitorFacts) -> str:
    return f"{facts.name} could not be checked: {'; '.join(_list_failures(incident))}."


def _list_failures(incident: Incident) -> list[str]:
    return [member.text.rstrip(".") for member in incident.members]


_SAY: Mapping[IncidentKind, Callable[[Incident, MonitorFacts], str]] = {
    IncidentKind.DRIFT: _say_drift,
    IncidentKind.DATA: _say_faults,
    IncidentKind.FRESHNESS: _say_lateness,
    IncidentKind.STALE: _say_ages,
    IncidentKind.EVALUATION: _say_failure,
}
