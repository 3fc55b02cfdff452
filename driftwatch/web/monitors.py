"""The page of one monitor: how it is, what was judged lately, and how it is watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse

from driftwatch.charts.values import Chart
from driftwatch.incidents.finding import Finding, VerdictWord
from driftwatch.incidents.markers import Marker
from driftwatch.incidents.words import say_duration
from driftwatch.jobs.cases import Case, build_cases
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.monitor_charts import draw_monitor, read_history
from driftwatch.jobs.pausing import say_pause
from driftwatch.jobs.status import MonitorStatus, read_status
from driftwatch.jobs.windows import Schedule, due_at, next_window
from driftwatch.profiles.window import Window
from driftwatch.statistics.catalogue import Statistic
from driftwatch.store.evidence import load_statistics
from driftwatch.store.monitors import MonitorRow, find_monitor
from driftwatch.store.pages import WantedIncidents, page_incidents
from driftwatch.store.standings import list_newest_words
from driftwatch.store.verdicts import VerdictRow, list_verdicts
from driftwatch.web.access import Scope, need
from driftwatch.web.forms import find_token, find_who
from driftwatch.web.frame import render
from driftwatch.web.house import Here, House
from driftwatch.web.incidents import choose_shape
from driftwatch.web.markers import list_latest
from driftwatch.web.monitor_actions import list_monitor_actions
from driftwatch.web.paging import PageNumber, cut
from driftwatch.web.windows import PAUSED, SHAPES, Strip, build_strip

__all__ = ["Column", "MonitorPage", "read_monitor", "router", "say_schedule"]

router = APIRouter()

Measured = dict[str, dict[str, Statistic]]
"""What was measured in a window, by column and statistic."""

_STRIP: Final = 120
_DRAWN_WINDOWS, _SHOWN_WINDOWS, _SHOWN_INCIDENTS, _NEXT_RUNS = 60, 30, 10, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column in the last window that was judged: its statistics and what was found in it."""

    name: str
    statistics: dict[str, Statistic]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorPage:
    """Everything on the page of a monitor; `columns` are of the window `measured`, None without one."""

    monitor: Monitor
    status: MonitorStatus
    sentence: str
    tone: str
    strip: Strip
    windows: tuple[VerdictRow, ...]
    cases: tuple[Case, ...]
    measured: Window | None
    columns: tuple[Column, ...]
    charts: tuple[Chart, ...]
    schedule: str
    next_runs: tuple[datetime, ...]
    markers: tuple[Marker, ...]
    now: datetime


@router.get("/monitors/{name}", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_monitor(
    request: Request, house: Here, name: Annotated[str, Path(max_length=200)], page: PageNumber = 1
) -> HTMLResponse:
    """Show one monitor; `page` is of its columns."""
    found = read_monitor(house, name)
    frame = house.frame(found.monitor.title or name, "overview")
    values = {
        "page": found,
        "columns": cut(found.columns, page),
        "request": request,
        "verdict_shapes": SHAPES,
        "choose_shape": choose_shape,
        "actions": list_monitor_actions(is_paused=found.status.paused is not None),
        "token": find_token(request),
        "who": find_who(request),
    }
    return render(request, "monitor.html", frame, values)


def read_monitor(house: House, name: str) -> MonitorPage:
    """Return the page of a monitor. Raises UsageError where the configuration names none like it."""
    monitor, now = house.app.find_monitor(name), house.now()
    status = read_status(house.app.database, [monitor], now).monitors[0]
    row = house.read(lambda tx: find_monitor(tx, name))
    windows = [] if row is None else house.read(lambda tx: list_verdicts(tx, row, newest=_DRAWN_WINDOWS))
    measured = next((one for one in reversed(windows) if one.verdict.word in _MEASURED), None)
    latest = _load_latest(house, row, measured)
    sentence, tone = _say_state(status, now)
    return MonitorPage(
        monitor=monitor,
        status=status,
        sentence=sentence,
        tone=tone,
        strip=build_strip(house.read(lambda tx: list_newest_words(tx, [name], _STRIP)).get(name, ())),
        windows=tuple(reversed(windows[-_SHOWN_WINDOWS:])),
        cases=_list_cases(house, name),
        measured=measured.window if measured else None,
        columns=_list_columns(monitor, measured, latest) if measured else (),
        charts=() if row is None else _draw(house, monitor, row, windows, latest),
        schedule=say_schedule(monitor.schedule, monitor.delay),
        next_runs=_list_runs(monitor, status),
        markers=tuple(list_latest(house, name, monitor.owner)),
        now=now,
    )


_MEASURED: Final = frozenset({VerdictWord.OK, VerdictWord.DRIFT, VerdictWord.DATA})


def _say_state(status: MonitorStatus, now: datetime) -> tuple[str, str]:
    """Return how a monitor is in one sentence, and the colour of that."""
    if status.paused is not None:
        said = say_pause(status.paused)
        return f"{said[0].upper()}{said[1:]}. Nothing is judged, and nobody is reminded.", PAUSED.tone
    if status.verdict is None or status.last_window is None:
        return "Nothing was checked yet.", "warn"
    if status.late_by is not None:
        since = status.last_complete_window
        last = f"; the last one ended {say_duration(now - since.end)} ago" if since else ""
        return f"The next whole window is {say_duration(status.late_by)} late{last}.", "warn"
    if not status.healthy:
        return "Something is wrong: an incident is open.", "bad"
    shape = SHAPES[VerdictWord(status.verdict)]
    if shape.tone == "calm":
        return "The last window looks like the reference.", "calm"
    return f"The last window: {shape.word}. No incident is open that people are told of.", shape.tone


def _list_cases(house: House, name: str) -> tuple[Case, ...]:
    wanted = WantedIncidents(monitor=name)
    rows, _ = house.read(lambda tx: page_incidents(tx, wanted, at_most=_SHOWN_INCIDENTS))
    return tuple(build_cases(rows, house.monitors))


def _load_latest(house: House, row: MonitorRow | None, measured: VerdictRow | None) -> Measured:
    if row is None or measured is None:
        return {}
    return house.read(lambda tx: load_statistics(tx, row, measured.window))


def _draw(
    house: House, monitor: Monitor, row: MonitorRow, windows: Sequence[VerdictRow], latest: Measured
) -> tuple[Chart, ...]:
    history = house.read(lambda tx: read_history(tx, monitor, row, windows, latest))
    return tuple(draw_monitor(monitor, history))


def _list_columns(monitor: Monitor, measured: VerdictRow, latest: Measured) -> tuple[Column, ...]:
    """Return the columns of a window, those in which something was found first."""
    columns = [
        Column(
            name=name,
            statistics=found,
            findings=tuple(one for one in measured.verdict.findings if one.column == name),
        )
        for name, found in latest.items()
    ]
    return tuple(sorted(columns, key=lambda one: (not one.findings, -_measure(one, monitor))))


def _measure(column: Column, monitor: Monitor) -> float:
    """Return what of a column can be shown to have moved, times its importance."""
    moved = column.statistics.get("moved_share")
    share = moved.value if moved is not None and moved.value is not None else 0.0
    return share * monitor.policy.importance.get(column.name, 1.0)


_USUAL: Final = {timedelta(hours=1): "hour", timedelta(days=1): "day", timedelta(days=7): "week"}


def say_schedule(schedule: Schedule, delay: timedelta) -> str:
    """Return which windows there are, and when each is looked at.

    >>> say_schedule(Schedule(every=timedelta(days=1), timezone="Europe/Paris"), timedelta(minutes=30))
    'One window every day (Europe/Paris), looked at 30 minutes after it ends.'
    """
    zone = f" ({schedule.timezone})"
    if schedule.every is None:
        each = f"between the times of cron {schedule.cron}"
    else:
        each = f"every {_USUAL.get(schedule.every) or say_duration(schedule.every)}"
    after = f"{say_duration(delay)} after it ends" if delay else "as soon as it ends"
    return f"One window {each}{zone}, looked at {after}."


def _list_runs(monitor: Monitor, status: MonitorStatus) -> tuple[datetime, ...]:
    if status.last_window is None:
        return () if status.next_due is None else (status.next_due,)
    runs: list[datetime] = []
    window = status.last_window
    for _ in range(_NEXT_RUNS):
        window = next_window(monitor.schedule, window)
        runs.append(due_at(window, monitor.delay))
    return tuple(runs)
