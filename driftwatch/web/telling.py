"""Whether people were told of an incident, and who has it, in words."""

from __future__ import annotations

from collections.abc import Mapping

from driftwatch.incidents.incident import Incident, Severity
from driftwatch.incidents.words import join_words, say_moment
from driftwatch.store.delivery import DeliveryState

__all__ = ["Tellings", "say_telling", "say_who"]

Tellings = Mapping[str, DeliveryState]
"""What became of the latest message about an incident at every channel."""


def say_who(incident: Incident) -> str:
    """Return who is at an incident, in a few words."""
    if incident.acknowledged_by:
        return f"{incident.acknowledged_by} is looking at it"
    if incident.snoozed_by and incident.snoozed_until:
        return f"snoozed by {incident.snoozed_by} until {say_moment(incident.snoozed_until)}"
    if incident.assigned_to:
        return f"{incident.assigned_to} has it"
    return "nobody has it yet"


def say_telling(incident: Incident, tellings: Tellings) -> str:
    """Return whether people were told, and where a message did not arrive."""
    arrived = [channel for channel, state in tellings.items() if state is DeliveryState.DELIVERED]
    failed = [channel for channel, state in tellings.items() if state is DeliveryState.DEAD]
    waiting = [
        channel
        for channel, state in tellings.items()
        if state in {DeliveryState.PENDING, DeliveryState.SENDING}
    ]
    parts = [f"told {join_words(arrived)}"] if arrived else []
    if failed:
        parts.append(f"{join_words(failed)} did not take it")
    if waiting:
        parts.append(f"on its way to {join_words(waiting)}")
    if parts:
        return ", ".join(parts)
    if incident.severity is Severity.MINOR:
        return "nobody is told of what is minor"
    if tellings:
        return "kept back: nobody was told"
    return "nobody was told"
