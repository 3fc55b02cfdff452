"""What happened to the monitors of an owner in a stretch of time, read in a handful of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

import sqlalchemy as sa

from driftwatch.incidents.conditions import Age
from driftwatch.incidents.finding import split_calibration
from driftwatch.incidents.silences import Silence
from driftwatch.incidents.week import IDLE, Ageing, Found, Quiet, Watched, Week
from driftwatch.jobs.cases import build_cases
from driftwatch.jobs.facts import EMPTY_BY_HABIT
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.status import MonitorStatus, list_statuses
from driftwatch.store.silences import list_silences
from driftwatch.store.weeks import Tally, count_windows, list_reference_ends, list_seen

__all__ = ["list_owners", "read_week"]

_NEAR: Final = 0.8
"""What has used up as much of what its age may be is named before it is too old."""
_AT_MOST: Final = 200


def list_owners(monitors: Sequence[Monitor]) -> list[str]:
    """Return who owns a monitor, in the order of the alphabet."""
    return sorted({one.owner for one in monitors if one.owner})


def read_week(
    tx: sa.Connection, monitors: Sequence[Monitor], owner: str | None, since: datetime, until: datetime
) -> Week:
    """Return what happened from `since` to `until` to the monitors of `owner`, None for every one.

    Windows are counted in the stretch in which they fell due. How late windows are and what grows old is as
    of `until`.
    """
    mine = [one for one in monitors if owner is None or one.owner == owner]
    # One bound for all, so that it is one question: what had not fallen due by then is in the next stretch.
    delay = max((one.delay for one in mine), default=timedelta(0))
    tallies = count_windows(tx, since - delay, until - delay, idle=(EMPTY_BY_HABIT, IDLE))
    statuses = {one.id: one for one in list_statuses(tx, mine, until)}
    rows, total = list_seen(tx, [one.id for one in mine], since, until, at_most=_AT_MOST)
    return Week(
        owner=owner,
        since=since,
        until=until,
        watched=tuple(_describe(one, tallies.get(one.id), statuses[one.id], until - since) for one in mine),
        found=tuple(Found(incident=case.incident, title=case.title) for case in build_cases(rows, mine)),
        ageing=tuple(_list_ageing(mine, list_reference_ends(tx), until)),
        silences=tuple(_describe_silence(one) for one in list_silences(tx, until) if _concerns(one, mine)),
        left_out=total - len(rows),
    )


def _describe(monitor: Monitor, tally: Tally | None, status: MonitorStatus, length: timedelta) -> Watched:
    budget = monitor.judging.budget
    promised = (
        None if budget is None else budget.promise.at_most * budget.share * (length / budget.promise.per)
    )
    return Watched(
        name=monitor.title or monitor.id,
        windows=dict(tally.windows) if tally else {},
        rows=tally.rows if tally else 0,
        promised=promised,
        late_by=status.late_by,
        paused=None if status.paused is None else status.paused.reason,
        shadow=monitor.mode == "shadow",
        calibration=split_calibration(status.calibration)[0],
    )


def _list_ageing(monitors: Sequence[Monitor], ends: Mapping[str, datetime], now: datetime) -> list[Ageing]:
    found = []
    for monitor in monitors:
        limits, end = monitor.policy.ages, ends.get(monitor.id)
        ages = []
        if limits.model is not None and monitor.model and monitor.model.trained_at:
            ages.append(Age(of="model", age=now - monitor.model.trained_at, limit=limits.model))
        if limits.reference is not None and end is not None:
            ages.append(Age(of="reference", age=now - end, limit=limits.reference))
        name = monitor.title or monitor.id
        found += [Ageing(monitor=name, age=age) for age in ages if age.age >= _NEAR * age.limit]
    return sorted(found, key=lambda one: -(one.age.age / one.age.limit))


def _describe_silence(silence: Silence) -> Quiet:
    return Quiet(
        number=silence.id or 0, ends_at=silence.ends_at, author=silence.author, reason=silence.reason
    )


def _concerns(silence: Silence, monitors: Sequence[Monitor]) -> bool:
    """Return whether a silence may hide something of one of these monitors."""
    wanted, owner = silence.matchers.monitor, silence.matchers.owner
    return any(
        (wanted is None or fnmatchcase(one.id, wanted)) and (owner is None or one.owner == owner)
        for one in monitors
    )
