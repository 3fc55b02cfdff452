"""Where every monitor stands: its latest windows and what is open, in a few statements for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from driftwatch.incidents.finding import VerdictWord
from driftwatch.profiles.window import Window
from driftwatch.store.tables import incidents, monitors, verdicts
from driftwatch.store.verdicts import Glance

__all__ = ["OpenIncident", "Standing", "list_newest_words", "list_open_incidents", "list_standings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The windows of a monitor's present history that say how it is; None where there is none.

    `last` is the latest judged one and `word` its verdict, `first` the earliest. `complete` is the latest
    that was judged whole, and `calibration` what its verdict rested on. `settled` is the latest whose rows
    came in time, or were not to come.
    """

    first: Window | None = None
    last: Window | None = None
    word: str | None = None
    complete: Window | None = None
    calibration: str | None = None
    settled: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """The little of an incident that is not resolved that the state of its monitor depends on."""

    id: int
    state: str
    severity: str


def list_standings(
    connection: sa.Connection, *, complete: Collection[str], settled: Collection[str], reason: str
) -> dict[str, Standing]:
    """Return how every monitor stands that the store knows, by its key.

    The verdicts in `complete` are those on whole windows. Those in `settled`, and whatever has this `reason`,
    are on windows about which nothing is awaited.
    """
    settles = sa.or_(verdicts.c.word.in_(settled), verdicts.c.reason == reason)
    chosen = {
        "first": sa.true(),
        "last": sa.true(),
        "complete": verdicts.c.word.in_(complete),
        "settled": settles,
    }
    starts = sa.select(
        monitors.c.id,
        monitors.c.history,
        monitors.c.monitor_key,
        *(_find_start(which, condition).label(which) for which, condition in chosen.items()),
    ).subquery()
    tables = {which: verdicts.alias(which) for which in chosen}
    query: sa.Select[Any] = sa.select(starts.c.monitor_key)
    joined: sa.FromClause = starts
    for which, table in tables.items():
        same = (table.c.monitor_id == starts.c.id, table.c.history == starts.c.history)
        at = table.c.window_start == starts.c[which]
        joined = joined.outerjoin(table, sa.and_(*same, at, table.c.newest))
        query = query.add_columns(
            *(table.c[name].label(f"{which}_{name}") for name in ("window_start", "window_end"))
        )
    query = query.add_columns(tables["last"].c.word, tables["complete"].c.calibration)
    return {row.monitor_key: _read(row) for row in connection.execute(query.select_from(joined))}


def _find_start(which: str, condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[datetime]:
    order = verdicts.c.window_start.asc() if which == "first" else verdicts.c.window_start.desc()
    of_monitor = (verdicts.c.monitor_id == monitors.c.id, verdicts.c.history == monitors.c.history)
    query = sa.select(verdicts.c.window_start).where(*of_monitor, verdicts.c.newest, condition)
    return query.order_by(order).limit(1).correlate(monitors).scalar_subquery()


def _read(row: sa.Row[Any]) -> Standing:
    found = row._mapping  # noqa: SLF001 - the documented name of a row's columns.

    def window(which: str) -> Window | None:
        start, end = found[f"{which}_window_start"], found[f"{which}_window_end"]
        return None if start is None else Window(start=start, end=end)

    return Standing(
        first=window("first"),
        last=window("last"),
        word=row.word,
        complete=window("complete"),
        calibration=row.calibration,
        settled=window("settled"),
    )


def list_newest_words(
    connection: sa.Connection, keys: Sequence[str], at_most: int
) -> Mapping[str, list[Glance]]:
    """Return the latest windows of these monitors' present histories with their verdicts, oldest first."""
    rows = connection.execute(
        sa.select(monitors.c.monitor_key, monitors.c.id, monitors.c.history).where(
            monitors.c.monitor_key.in_(list(keys))
        )
    ).all()
    if not rows:
        return {}
    # Each looks at so many rows and no more, however long the history is.
    newest = [_select_newest(row.id, row.history, at_most) for row in rows]
    found: defaultdict[str, list[Glance]] = defaultdict(list)
    names = {row.id: row.monitor_key for row in rows}
    for row in connection.execute(sa.union_all(*newest)):
        window = Window(start=row.window_start, end=row.window_end)
        found[names[row.monitor_id]].append(Glance(window=window, word=VerdictWord(row.word)))
    return {key: sorted(glances, key=lambda one: one.window) for key, glances in found.items()}


def _select_newest(monitor_id: int, history: int, at_most: int) -> sa.Select[Any]:
    newest = (
        sa.select(verdicts.c.monitor_id, verdicts.c.window_start, verdicts.c.window_end, verdicts.c.word)
        .where(verdicts.c.monitor_id == monitor_id, verdicts.c.history == history, verdicts.c.newest)
        .order_by(verdicts.c.window_start.desc())
        .limit(at_most)
        .subquery()
    )
    return sa.select(newest)


def list_open_incidents(connection: sa.Connection) -> Mapping[str, list[OpenIncident]]:
    """Return what is not resolved in the present history of every monitor, by its key, oldest first."""
    query = (
        sa.select(monitors.c.monitor_key, incidents.c.id, incidents.c.state, incidents.c.severity)
        .join(monitors, monitors.c.id == incidents.c.monitor_id)
        .where(incidents.c.state != "resolved", incidents.c.history == monitors.c.history)
        .order_by(incidents.c.id)
    )
    found: defaultdict[str, list[OpenIncident]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.monitor_key].append(OpenIncident(id=row.id, state=row.state, severity=row.severity))
    return found
