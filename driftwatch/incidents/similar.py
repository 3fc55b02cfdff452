"""Incidents of before that look like this one, and how they ended.

*How alike*, 0 to 1: 0.6 for what takes part in both, 0.25 for the same kind, 0.15 for the same monitor and
not only the same source. What takes part is compared by the weighted Jaccard index (Ruzicka similarity): the
sum of the smaller weights over the sum of the larger ones. A column weighs the share of its rows that moved
times its importance, at least a twentieth: one that hardly moved is not the same as one that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from driftwatch.incidents.incident import Incident
from driftwatch.incidents.naming import LABEL_WORDS, name_member
from driftwatch.incidents.words import join_words, say_duration, say_window, shorten

__all__ = ["LEAST_ALIKE", "Similar", "find_similar", "measure_likeness", "say_end", "say_length"]

LEAST_ALIKE: Final = 0.5
"""What is less alike is not shown."""

_PARTS, _KIND, _MONITOR = 0.6, 0.25, 0.15
_LEAST_WEIGHT: Final = 0.05
_LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """An incident of before, how alike it is, and what takes part in both, as people call it."""

    incident: Incident
    likeness: float
    shared: tuple[str, ...]


def find_similar(incident: Incident, others: Iterable[Incident], *, at_most: int = 3) -> list[Similar]:
    """Return those of `others` that are alike enough, the most alike first, then the latest."""
    found = [
        Similar(incident=other, likeness=likeness, shared=_list_shared(incident, other))
        for other in others
        if (likeness := measure_likeness(incident, other)) >= LEAST_ALIKE
    ]
    latest_first = sorted(found, key=lambda one: one.incident.first_window.start, reverse=True)
    return sorted(latest_first, key=lambda one: -round(one.likeness, 2))[:at_most]


def measure_likeness(ours: Incident, theirs: Incident) -> float:
    """Return how alike two incidents are: 0 to 1, 1 for equal ones, the same whichever comes first."""
    kind = _KIND if ours.kind == theirs.kind else 0.0
    monitor = _MONITOR if ours.monitor == theirs.monitor else 0.0
    return _PARTS * _measure_overlap(_weigh(ours), _weigh(theirs)) + kind + monitor


def _measure_overlap(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    names = {*ours, *theirs}
    pairs = [(ours.get(name, 0.0), theirs.get(name, 0.0)) for name in sorted(names)]
    largest = sum(max(pair) for pair in pairs)
    return sum(min(pair) for pair in pairs) / largest if largest else 0.0


def _weigh(incident: Incident) -> dict[str, float]:
    """Return what took part by name, columns and what is about the window alike, with its weight."""
    weights = {
        name_member(one): max(_LEAST_WEIGHT, (one.moved_share or 0.0) * one.importance)
        for one in incident.members
    }
    for hold in incident.left:
        if hold.column is not None:
            weights.setdefault(hold.column, _LEAST_WEIGHT)
    return weights


def _list_shared(ours: Incident, theirs: Incident) -> tuple[str, ...]:
    weights, others = _weigh(ours), _weigh(theirs)
    return tuple(sorted(weights.keys() & others.keys(), key=lambda name: (-weights[name], name)))


def say_length(incident: Incident) -> str:
    """Return when an incident was seen, and for how long."""
    first, last = incident.first_window, incident.last_window
    if first == last:
        return f"{say_window(first)}, one window"
    return f"{say_window(first)} to {say_window(last)}, {say_duration(last.end - first.start)}"


def say_end(similar: Similar) -> str:
    """Return in one sentence how it ended, and what takes part in both."""
    incident = similar.incident
    label = ""
    if incident.label is not None:
        called = LABEL_WORDS[incident.label].partition(":")[0]
        label = f" {incident.labelled_by or 'Somebody'} called it {called}."
    shared = f" It has {join_words(similar.shared, at_most=5)} in common." if similar.shared else ""
    return f"{_say_ending(incident)}{label}{shared}"


def _say_ending(incident: Incident) -> str:
    if incident.is_live:
        return "It is not over."
    why = f": {shorten(incident.resolved_why, _LONGEST_REASON).rstrip('.')}" if incident.resolved_why else ""
    if incident.resolved_by is not None:
        return f"{incident.resolved_by} closed it{why}."
    return f"It was over{why}." if why else "It ended by itself, after enough clean windows."
