"""Incidents in plain words: the title, the text and the facts that people read.

The order is always the same: what happened just before, where that was marked; what changed and in how much
of the data, since when, what it means and what is not known, what happens next, and last the numbers. All but
those are for everyone.
"""

from __future__ import annotations

from datetime import datetime

from driftwatch.incidents.flapping import STABLE
from driftwatch.incidents.incident import (
    Incident,
    IncidentKind,
    IncidentState,
    Member,
    NoticeType,
    Severity,
    Transition,
    TransitionKind,
    rank_members,
)
from driftwatch.incidents.incident_json import build_incident_json
from driftwatch.incidents.markers import say_markers
from driftwatch.incidents.naming import GIVEN_UP, LABEL_WORDS, name_member, name_members
from driftwatch.incidents.notice import MonitorFacts, Notice, build_monitor_json
from driftwatch.incidents.sentences import say_days, say_hours, say_what
from driftwatch.incidents.words import (
    join_words,
    say_count,
    say_moment,
    say_number,
    say_window,
    shorten,
)

__all__ = ["build_notice", "describe_incident"]

_LONGEST_TITLE = 150
_SHOWN_NUMBERS = 5

_MEANINGS = {
    IncidentKind.DRIFT: "Drift is not proof of worse predictions: whether the model does worse is not known.",
    IncidentKind.DATA: (
        "This usually comes from the way the data is delivered. What it does to the predictions is not "
        "known, and while it lasts drift in what is affected can neither be shown nor ruled out."
    ),
    IncidentKind.FRESHNESS: "Without rows nothing is known about the data of that time, good or bad.",
    IncidentKind.STALE: (
        "Age is not proof of worse predictions: it means that the data is compared with an older world."
    ),
    IncidentKind.EVALUATION: "Without a check nothing is known about the data of that time, good or bad.",
}

_ENDS = {
    IncidentKind.FRESHNESS: "It ends as soon as rows arrive.",
    IncidentKind.STALE: "It ends when what is too old is replaced.",
    IncidentKind.EVALUATION: "It ends with the next window that can be judged.",
}

_AGAIN = {NoticeType.REMINDER: "Still open", NoticeType.ESCALATED: "Nobody has it yet"}


def describe_incident(incident: Incident, facts: MonitorFacts) -> tuple[str, str]:
    """Return the title, one line, and the text, one paragraph a line, of an incident as it stands."""
    named = say_markers(incident.markers, incident.first_window)
    is_over = incident.state is IncidentState.RESOLVED
    paragraphs = [
        *([say_what(incident, facts), named] if is_over else [named, say_what(incident, facts)]),
        _say_when(incident),
        "" if is_over else _MEANINGS[incident.kind],
        _say_label(incident),
        _say_next(incident, facts),
        _say_numbers(incident),
    ]
    return _write_title(incident, facts), "\n".join(filter(None, paragraphs))


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


def _say_when(incident: Incident) -> str:
    first, last = say_window(incident.first_window), say_window(incident.last_window)
    if incident.state is IncidentState.RESOLVED:
        span = (
            f"in the window of {first}" if first == last else f"from the window of {first} to that of {last}"
        )
        whom = "" if incident.kind in _ENDS else f" in {name_members(rank_members(incident.members))}"
        return f"It was seen{whom} {span}."
    if first == last:
        return f"It began in the window of {first}."
    return f"It began in the window of {first}; the last window that shows it is {last}."


def _say_next(incident: Incident, facts: MonitorFacts) -> str:
    flapping = (
        "It is flapping: that it opens or resolves is not told until it was stable for "
        f"{say_count(STABLE, 'window')}."
    )
    if incident.state is IncidentState.RESOLVED:
        return f"If it comes back, a new incident opens.{' ' + flapping if incident.flapping else ''}"
    sentences = [flapping] if incident.flapping else []
    if incident.acknowledged_by and incident.acknowledged_at:
        since = say_moment(incident.acknowledged_at)
        sentences.append(f"{incident.acknowledged_by} is looking at it (since {since}).")
    if incident.assigned_to:
        sentences.append(f"{incident.assigned_to} has it.")
    if incident.snoozed_by and incident.snoozed_until:
        until = say_moment(incident.snoozed_until)
        sentences.append(f"{incident.snoozed_by} has snoozed it until {until}.")
    if incident.is_open and incident.severity is Severity.MINOR:
        sentences.append("It is minor: it is recorded, and nobody is told.")
    elif incident.is_open and facts.shadow:
        sentences.append("Nobody is told: the monitor is in shadow mode.")
    sentences.append(_say_end(incident, facts))
    sentences.append(_say_retraining(incident, facts))
    return " ".join(filter(None, sentences))


def _say_retraining(incident: Incident, facts: MonitorFacts) -> str:
    is_minor = incident.severity is Severity.MINOR
    if incident.kind in {IncidentKind.DRIFT, IncidentKind.STALE}:
        never = "Retraining is not started automatically."
        return "No retraining is asked for." if is_minor else facts.retraining or never
    if incident.kind is IncidentKind.DATA and facts.retraining and not is_minor:
        return "Until then no retraining is asked for."
    return ""


def _say_label(incident: Incident) -> str:
    if incident.label is None:
        return ""
    return f"{incident.labelled_by} says that this was {LABEL_WORDS[incident.label]}."


def _say_end(incident: Incident, facts: MonitorFacts) -> str:
    if incident.state is IncidentState.PENDING:
        return "Nobody is told yet: more windows must show it before it counts."
    if incident.kind in _ENDS:
        return _ENDS[incident.kind]
    wanted = say_count(facts.resolve_after, "clean window")
    if incident.state is IncidentState.RECOVERING:
        return f"It ends after {wanted} in a row, of which there were {incident.clean} so far."
    return f"It ends by itself after {wanted} in a row."


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
