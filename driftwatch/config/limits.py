"""What reading may take: what a monitor says, else what the file says, else the defaults."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from driftwatch.config.mistakes import Note, Path
from driftwatch.config.reading import list_good
from driftwatch.config.settings import FileSettings, LimitSettings
from driftwatch.jobs.limits import Limits

__all__ = ["build_limits", "check_limits"]


def build_limits(file: LimitSettings | None, own: LimitSettings | None = None) -> Limits:
    """Return what holds for a monitor, setting by setting. Raises ValueError where one is too small.

    >>> from datetime import timedelta
    >>> build_limits(LimitSettings(cpu=timedelta(minutes=1))).cpu.seconds
    60
    """
    given: dict[str, Any] = {}
    for settings in (file, own):
        if settings is not None:
            known = {field.name: getattr(settings, field.name) for field in fields(settings)}
            given |= {name: value for name, value in known.items() if value is not None}
    return Limits(**given)


def check_limits(settings: FileSettings, note: Note) -> None:
    """Record every limit within which nothing could be read."""
    _check(settings.limits, ("limits",), note)
    for place, monitor in list_good(settings.monitors):
        _check(monitor.limits, ("monitors", place, "limits"), note)


def _check(settings: LimitSettings | None, path: Path, note: Note) -> None:
    for name in ("memory", "cpu", "wall"):
        value = getattr(settings, name, None)
        if value is None:
            continue
        try:
            Limits(**{name: value})
        except ValueError as error:
            note((*path, name), str(error))
