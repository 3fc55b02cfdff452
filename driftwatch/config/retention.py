"""How long things are kept: what a monitor says, else what the file says, else the defaults."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from driftwatch.config.mistakes import Note, Path
from driftwatch.config.reading import list_good
from driftwatch.config.settings import FileSettings, RetentionSettings
from driftwatch.jobs.retention import Retention

__all__ = ["build_retention", "check_retentions"]


def build_retention(file: RetentionSettings | None, own: RetentionSettings | None = None) -> Retention:
    """Return what holds for a monitor, setting by setting. Raises ValueError where they do not fit together.

    >>> from datetime import timedelta
    >>> build_retention(RetentionSettings(full=timedelta(days=7))).full.days
    7
    """
    given: dict[str, Any] = {}
    for settings in (file, own):
        if settings is not None:
            known = {field.name: getattr(settings, field.name) for field in fields(settings)}
            given |= {name: value for name, value in known.items() if value is not None}
    return Retention(**given)


def check_retentions(settings: FileSettings, note: Note) -> None:
    """Record every `retention` whose lengths do not fit together."""
    if not _check(settings.retention, None, ("retention",), note):
        return
    for place, monitor in list_good(settings.monitors):
        if monitor.retention is not None:
            _check(settings.retention, monitor.retention, ("monitors", place, "retention"), note)


def _check(file: RetentionSettings | None, own: RetentionSettings | None, path: Path, note: Note) -> bool:
    try:
        build_retention(file, own)
    except ValueError as error:
        note(path, str(error))
        return False
    return True
