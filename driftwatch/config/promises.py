"""The false-alarm budget of each monitor, from its own settings and those that all monitors share."""

from __future__ import annotations

from zlib import crc32

from driftwatch.calibration.budget import Budget, FalsePages
from driftwatch.config.settings import FileSettings, MonitorSettings, PromiseSettings, ReferenceSettings
from driftwatch.jobs.windows import Schedule, count_cycle, find_usual_length, season_cycle

__all__ = ["build_budget", "has_budget", "is_beside", "resolve_promise"]

_HALF = 0.5
"""Of the promise, where a pinned and a rolling reference judge side by side: either may page."""


def has_budget(settings: MonitorSettings) -> bool:
    """Return whether a monitor is judged by a budget: unless explicit rules stand alone."""
    stands_alone = settings.rules and settings.minimum_effect is None
    return settings.false_pages is not None or not stands_alone


def is_beside(reference: ReferenceSettings) -> bool:
    """Return whether a rolling reference is asked for beside a pinned one."""
    return reference.last is not None and reference.from_ is not None


def resolve_promise(settings: MonitorSettings, file: FileSettings) -> tuple[PromiseSettings, float]:
    """Return what is promised for a monitor, and the part of that promise that is its own.

    A monitor's own promise is all its own. A promise for all is each monitor's, or the fleet's: then the
    monitors without one of their own share it equally.
    """
    defaults = file.defaults
    if settings.false_pages is not None or defaults is None:
        return settings.false_pages or PromiseSettings(), 1.0
    promise = defaults.false_pages or PromiseSettings()
    sharing = sum(1 for one in file.monitors if has_budget(one) and one.false_pages is None)
    return promise, 1 / max(1, sharing) if defaults.share == "fleet" else 1.0


def build_budget(settings: MonitorSettings, schedule: Schedule, file: FileSettings) -> Budget | None:
    """Return the budget of a monitor, None where explicit rules judge it alone."""
    if not has_budget(settings):
        return None
    promise, share = resolve_promise(settings, file)
    if settings.reference is not None and is_beside(settings.reference):
        share *= _HALF
    length, cycle = find_usual_length(schedule), count_cycle(schedule)
    weights = (settings.columns.importance if settings.columns else None) or {}
    return Budget(
        promise=FalsePages(at_most=promise.at_most, per=promise.per),
        window=length,
        cycle=cycle,
        phase=_choose_phase(str(settings.id), cycle) if cycle * length < season_cycle(schedule) else 0,
        share=share,
        weights=dict(weights),
        hard_cap=promise.hard_cap,
        must_see=settings.must_see,
    )


def _choose_phase(name: str, cycle: int) -> int:
    """Return where in its cycle a monitor of short windows is calibrated: another place for each name."""
    return crc32(name.encode()) % cycle
