"""What has to fit together in how people are told again, and who else is told."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta

from driftwatch.config.mistakes import Note, Path
from driftwatch.config.reading import list_good
from driftwatch.config.settings import MonitorSettings
from driftwatch.config.values import format_duration

__all__ = ["check_telling"]

_SHORTEST = timedelta(minutes=1)


def check_telling(
    monitor: MonitorSettings,
    channels: Collection[str],
    path: Path,
    note: Note,
    *,
    describe_unknown: Callable[[str], str],
) -> None:
    """Record reminders that never come, and steps of an escalation that tell nobody or are out of order."""
    for place, pause in list_good(monitor.reminders):
        if pause < _SHORTEST:
            note((*path, "reminders", place), f"wants at least {format_duration(_SHORTEST)}")
    before = timedelta(0)
    for place, step in list_good(monitor.escalation):
        there: Path = (*path, "escalation", place)
        if step.after is not None and step.after <= before:
            least = f"the {format_duration(before)} of the step before" if before else "nothing"
            note((*there, "after"), f"wants more than {least}")
        before = step.after or before
        if not step.notify:
            note((*there, "notify"), "wants at least one channel")
        for number, name in list_good(step.notify):
            if name not in channels:
                note((*there, "notify", number), describe_unknown(name))
