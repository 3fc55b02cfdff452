"""What an incident says to everyone: no statistic, no limit, nothing that one has to have learned.

The order is always the same: what happened just before, where that was marked; what changed and in how much
of the data, which rows carry it, since when, what it means and what is not known, what a person says that it
was, who has it, and what happens if nobody does anything. Messages and pages say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from driftwatch.incidents.flapping import STABLE
from driftwatch.incidents.incident import (
    Incident,
    IncidentKind,
    IncidentState,
    Severity,
    rank_members,
)
from driftwatch.incidents.markers import say_markers
from driftwatch.incidents.naming import GIVEN_UP, LABEL_WORDS, name_members
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.incidents.sentences import say_what
from driftwatch.incidents.words import say_count, say_moment, say_window, shorten

__all__ = ["ENDS_BY_ITSELF", "tell_everyone"]

_LONGEST_NAME: Final = 120
_LONGEST_PARAGRAPH: Final = 1_000

_MEANINGS: Final[Mapping[IncidentKind, str]] = {
    IncidentKind.DRIFT: (
        "Predictions may be less reliable until somebody has looked. Drift is not proof of worse "
        "predictions: whether the model does worse is not known."
    ),
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

_GOES_ON: Final[Mapping[IncidentKind, str]] = {
    IncidentKind.DRIFT: "{model} goes on with data like this",
    IncidentKind.DATA: "{model} goes on with faulty data",
    IncidentKind.FRESHNESS: "nobody would see a change in the data that {model} works with",
    IncidentKind.STALE: "{model} and what its data is compared with grow older still",
    IncidentKind.EVALUATION: "nobody would see a change in the data that {model} works with",
}

ENDS_BY_ITSELF: Final[Mapping[IncidentKind, str]] = {
    IncidentKind.FRESHNESS: "It ends as soon as rows arrive.",
    IncidentKind.STALE: "It ends when what is too old is replaced.",
    IncidentKind.EVALUATION: "It ends with the next window that can be judged.",
}
"""When an incident ends that no clean windows have to end."""


def tell_everyone(incident: Incident, facts: MonitorFacts) -> tuple[str, ...]:
    """Return what people without statistics read about an incident as it stands, a paragraph each."""
    is_over = incident.state is IncidentState.RESOLVED
    named = say_markers(incident.markers, incident.first_window)
    paragraphs = [
        *([say_what(incident, facts), named] if is_over else [named, say_what(incident, facts)]),
        "" if is_over else incident.slice or "",
        _say_when(incident),
        "" if is_over else _MEANINGS[incident.kind],
        _say_label(incident),
        "" if is_over else _say_who(incident, facts),
        _say_future(incident, facts),
    ]
    return tuple(shorten(paragraph, _LONGEST_PARAGRAPH) for paragraph in paragraphs if paragraph)


def _say_when(incident: Incident) -> str:
    first, last = say_window(incident.first_window), say_window(incident.last_window)
    if incident.state is IncidentState.RESOLVED:
        span = (
            f"in the window of {first}" if first == last else f"from the window of {first} to that of {last}"
        )
        whom = (
            "" if incident.kind in ENDS_BY_ITSELF else f" in {name_members(rank_members(incident.members))}"
        )
        return f"It was seen{whom} {span}."
    if first == last:
        return f"It began in the window of {first}."
    began = f"It began in the window of {first}; the last window that shows it is {last}"
    if incident.streak > 1 and not _is_of_time(incident):
        return f"{began}, the {_say_ordinal(incident.streak)} in a row."
    return f"{began}."


def _is_of_time(incident: Incident) -> bool:
    """Return whether an incident is about what grows with the time alone, or about many windows at once."""
    is_gap = any(member.about == GIVEN_UP for member in incident.members)
    return incident.kind in {IncidentKind.FRESHNESS, IncidentKind.STALE} or is_gap


def _say_ordinal(number: int) -> str:
    """Return a place in a row.

    >>> [_say_ordinal(number) for number in (2, 3, 9, 11, 22, 103)]
    ['second', 'third', '9th', '11th', '22nd', '103rd']
    """
    words = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}
    ending = "th" if 10 < number % 100 < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return words.get(number, f"{number:,}{ending}")


def _say_label(incident: Incident) -> str:
    if incident.label is None:
        return ""
    return f"{incident.labelled_by} says that this was {LABEL_WORDS[incident.label]}."


def _say_who(incident: Incident, facts: MonitorFacts) -> str:
    """Return who has it, since when, and that nobody has."""
    if incident.state is IncidentState.PENDING:
        return "Nobody is told yet: more windows must show it before it counts."
    sentences = []
    if incident.acknowledged_by and incident.acknowledged_at:
        since = say_moment(incident.acknowledged_at)
        sentences.append(f"{_name(incident.acknowledged_by)} is looking at it (since {since}).")
    if incident.assigned_to:
        sentences.append(f"{_name(incident.assigned_to)} has it.")
    if incident.snoozed_by and incident.snoozed_until:
        until = say_moment(incident.snoozed_until)
        sentences.append(f"{_name(incident.snoozed_by)} has snoozed it until {until}.")
    if incident.severity is Severity.MINOR:
        sentences.append("It is minor: it is recorded, and nobody is told.")
    elif facts.shadow:
        sentences.append("Nobody is told: the monitor is in shadow mode.")
    return " ".join(sentences or ["Nobody has taken it up yet."])


def _say_future(incident: Incident, facts: MonitorFacts) -> str:
    """Return what comes next, above all if nobody does anything."""
    flapping = (
        "It is flapping: that it opens or resolves is not told until it was stable for "
        f"{say_count(STABLE, 'window')}."
    )
    sentences = [flapping] if incident.flapping else []
    if incident.state is IncidentState.RESOLVED:
        # What ended otherwise than by clean windows is not looked for any more.
        is_gone = incident.resolved_why is None or incident.resolved_by is not None
        again = ["If it comes back, a new incident opens."] if is_gone else []
        return " ".join([*again, *sentences])
    goes_on = _GOES_ON[incident.kind].format_map({"model": _name_model(facts)})
    if incident.state is not IncidentState.RECOVERING:
        sentences.append(f"If nothing is done: {goes_on}.")
    sentences += [_say_end(incident, facts), _say_retraining(incident, facts)]
    return " ".join(filter(None, sentences))


def _name_model(facts: MonitorFacts) -> str:
    if facts.model is None:
        return f"what uses {_name(facts.name)}"
    return _name(" ".join(filter(None, ["the model", facts.model, facts.model_version])))


def _name(text: str) -> str:
    return shorten(text, _LONGEST_NAME)


def _say_end(incident: Incident, facts: MonitorFacts) -> str:
    if incident.state is IncidentState.PENDING:
        return ""
    if incident.kind in ENDS_BY_ITSELF:
        return ENDS_BY_ITSELF[incident.kind]
    wanted = say_count(facts.resolve_after, "clean window")
    row = "" if facts.resolve_after == 1 else " in a row"
    if incident.state is IncidentState.RECOVERING:
        verb = "was" if incident.clean == 1 else "were"
        return f"The incident ends after {wanted}{row}, of which there {verb} {incident.clean} so far."
    return f"The incident ends by itself after {wanted}{row}."


def _say_retraining(incident: Incident, facts: MonitorFacts) -> str:
    is_minor = incident.severity is Severity.MINOR
    if incident.kind in {IncidentKind.DRIFT, IncidentKind.STALE}:
        never = "Retraining is not started automatically."
        return "No retraining is asked for." if is_minor else facts.retraining or never
    if incident.kind is IncidentKind.DATA and facts.retraining and not is_minor:
        return "Until then no retraining is asked for."
    return ""
