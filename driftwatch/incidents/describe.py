"""Incidents in plain words: the title, the text and the facts that people read.

First comes what is for everyone, as `driftwatch.incidents.everyone` says it, and last the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from driftwatch.incidents.everyone import tell_everyone
from driftwatch.incidents.incident import (
    Incident,
    IncidentKind,
    IncidentState,
    Member,
    NoticeType,
    Transition,
    TransitionKind,
    rank_members,
)
from driftwatch.incidents.incident_json import build_incident_json
from driftwatch.incidents.naming import GIVEN_UP, name_member, name_members
from driftwatch.incidents.notice import MonitorFacts, Notice, build_monitor_json
from driftwatch.incidents.sentences import say_days, say_hours
from driftwatch.incidents.words import (
    join_words,
    say_count,
    say_number,
    say_window,
    shorten,
)

__all__ = ["Words", "build_notice", "describe_incident", "write_words"]

_LONGEST_TITLE = 150
_SHOWN_NUMBERS = 5

_AGAIN = {NoticeType.REMINDER: "Still open", NoticeType.ESCALATED: "Nobody has it yet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """An incident in words: a title, paragraphs for everyone, and one of numbers, empty without any."""

    title: str
    for_everyone: tuple[str, ...]
    numbers: str

    @property
    def text(self) -> str:
        """All of it but the title, a paragraph a line."""
        return "\n".join(filter(None, [*self.for_everyone, self.numbers]))


def describe_incident(incident: Incident, facts: MonitorFacts) -> tuple[str, str]:
    """Return the title, one line, and the text, one paragraph a line, of an incident as it stands."""
    words = write_words(incident, facts)
    return words.title, words.text


def write_words(incident: Incident, facts: MonitorFacts) -> Words:
    """Return the words of an incident as it stands, those for everyone apart from the numbers."""
    return Words(
        title=_write_title(incident, facts),
        for_everyone=tell_everyone(incident, facts),
        numbers=_say_numbers(incident),
    )


def build_notice(transition: Transition, incident: Incident, facts: MonitorFacts, now: datetime) -> Notice:
    """Return the notice that a transition calls for, about the incident as it stands after it.

    Raises ValueError when the transition tells nobody.
    """
    if transition.tells is None:
        raise ValueError(f"the transition {transition.kind} of {incident.monitor!r} tells nobody")
    title, text = describe_incident(incident, facts)
    if transition.tells is NoticeType.UPDATED:
        title, text = f"Update: {title}", f"What is new: {transition.reason}\n{text}"
    elif transition.tells in _AGAIN:
        title, text = f"{_AGAIN[transition.tells]}: {title}", f"{transition.reason}\n{text}"
    elif transition.tells is NoticeType.RESOLVED:
        title = f"Resolved: {title}"
    elif transition.kind in {TransitionKind.TOLD, TransitionKind.SETTLED}:
        text = f"{transition.reason}\n{text}"
    title = shorten(title, _LONGEST_TITLE)
    return Notice(
        type=transition.tells,
        timestamp=now,
        severity=incident.severity,
        title=title,
        text=text,
        facts=_list_facts(incident, facts),
        incident=build_incident_json(incident, title, text),
        monitor=build_monitor_json(facts),
    )


def _write_title(incident: Incident, facts: MonitorFacts) -> str:
    ranked = rank_members(incident.members)
    if incident.kind is IncidentKind.DRIFT:
        verb = "looks" if len(ranked) == 1 else "look"
        happened = f"{name_members(ranked)} {verb} different"
    elif incident.kind is IncidentKind.DATA:
        happened = f"faulty data: {name_members(ranked)}"
    elif incident.kind is IncidentKind.FRESHNESS:
        happened = f"rows are {say_hours(ranked[0])} late"
    elif incident.kind is IncidentKind.STALE:
        happened = join_words([f"the {member.column} is {say_days(member.value)} old" for member in ranked])
    elif all(member.about == GIVEN_UP for member in ranked):
        happened = f"{say_count(round(ranked[0].value or 1), 'window')} not judged"
    else:
        happened = "could not be checked"
    if incident.state is IncidentState.RECOVERING:
        happened += " (recovering)"
    return shorten(f"{facts.name}: {happened}", _LONGEST_TITLE)


def _say_numbers(incident: Incident) -> str:
    ranked = rank_members(incident.members)
    measured = [member for member in ranked if member.value is not None]
    if incident.state is IncidentState.RESOLVED or not measured:
        return ""
    numbers = [_say_number_of(member) for member in measured[:_SHOWN_NUMBERS]]
    rest = len(measured) - len(numbers)
    more = f"; {rest:,} more" if rest else ""
    return f"In numbers: {'; '.join(numbers)}{more}."


def _say_number_of(member: Member) -> str:
    name = "" if member.column is None else f"{name_member(member)} "
    limit = "" if member.limit is None else f" (limit {say_number(member.limit)})"
    return f"{name}{member.statistic} {say_number(member.value)}{limit}"


def _list_facts(incident: Incident, facts: MonitorFacts) -> tuple[tuple[str, str], ...]:
    first, last = say_window(incident.first_window), say_window(incident.last_window)
    has_parts = any(member.column for member in incident.members) or incident.kind is IncidentKind.DATA
    affected = name_members(rank_members(incident.members), at_most=5) if has_parts else ""
    model = " ".join(filter(None, [facts.model, facts.model_version]))
    pairs = (
        ("Monitor", facts.name if facts.name == facts.id else f"{facts.name} ({facts.id})"),
        ("Incident", "" if incident.id is None else str(incident.id)),
        ("Kind", incident.kind.value),
        ("Severity", incident.severity.value),
        ("Windows", first if first == last else f"{first} to {last}"),
        ("Affected", affected),
        ("Model", model),
        ("Owner", facts.owner or ""),
        ("Runbook", facts.runbook or ""),
        ("Acknowledged by", incident.acknowledged_by or ""),
        ("Assigned to", incident.assigned_to or ""),
    )
    return tuple((label, shorten(value, 500)) for label, value in pairs if value)
