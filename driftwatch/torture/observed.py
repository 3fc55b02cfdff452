"""What the store holds after a run, read with plain SQL: nothing of the product's own reading is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

__all__ = [
    "Observed",
    "SeenDelivery",
    "SeenEvent",
    "SeenIncident",
    "SeenVerdict",
    "Unsettled",
    "count_unsettled",
    "observe",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SLOTS = """
SELECT m.monitor_key, s.window_start, s.state FROM slots s
JOIN monitors m ON m.id = s.monitor_id AND m.history = s.history
"""
_VERDICTS = """
SELECT m.monitor_key, v.window_start, v.revision, v.word, v.token, v.finished_at FROM verdicts v
JOIN monitors m ON m.id = v.monitor_id AND m.history = v.history
ORDER BY m.monitor_key, v.window_start, v.revision
"""
_INCIDENTS = """
SELECT i.id, m.monitor_key, i.kind, i.state FROM incidents i
JOIN monitors m ON m.id = i.monitor_id
ORDER BY i.id
"""
_EVENTS = "SELECT incident_id, seq, kind, window_start, notice FROM events ORDER BY incident_id, seq"
_DELIVERIES = "SELECT id, incident_id, seq, channel, type, state, decision FROM deliveries ORDER BY id"
_JUDGED = """
SELECT COUNT(*) FROM slots WHERE state IN ('done', 'dead', 'skipped') AND window_start < :until
"""
_MISSED = "SELECT COUNT(*) FROM slots WHERE state IN ('due', 'claimed') AND due_at < :before"
_UNSENT = "SELECT COUNT(*) FROM deliveries WHERE state IN ('pending', 'sending')"
_UNASKED = "SELECT COUNT(*) FROM retrains WHERE state IN ('requested', 'sending')"
_RETRAINS = "SELECT retrain_key, state FROM retrains"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenVerdict:
    """A verdict of one window; `revision` counts from 1."""

    revision: int
    word: str
    token: int
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenIncident:
    """An incident and where it stands."""

    id: int
    monitor: str
    kind: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvent:
    """A transition; `notice` is what was to be told of it, None where nothing was."""

    incident: int
    seq: int
    what: str
    window: datetime | None
    notice: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDelivery:
    """A row of the outbox; `decision` says why it was not sent, None where nothing kept it back."""

    id: str
    incident: int | None
    seq: int | None
    channel: str
    type: str
    state: str
    decision: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything that is compared; windows are named by monitor and start."""

    slots: Mapping[tuple[str, datetime], str]
    verdicts: Mapping[tuple[str, datetime], tuple[SeenVerdict, ...]]
    incidents: tuple[SeenIncident, ...]
    events: tuple[SeenEvent, ...]
    deliveries: tuple[SeenDelivery, ...]
    retrains: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """How much is still to come: windows not judged, missed ones, deliveries and requests not sent."""

    windows: int
    missed: int
    deliveries: int
    retrains: int

    def __bool__(self) -> bool:
        return bool(self.windows or self.missed or self.deliveries or self.retrains)


def observe(engine: Engine) -> Observed:
    """Return what the store holds."""
    with engine.connect() as connection:
        verdicts: dict[tuple[str, datetime], list[SeenVerdict]] = {}
        for row in _fetch(connection, _VERDICTS):
            verdict = SeenVerdict(
                revision=row.revision,
                word=row.word,
                token=row.token,
                finished_at=_read_moment(row.finished_at),
            )
            verdicts.setdefault((row.monitor_key, _read_moment(row.window_start)), []).append(verdict)
        return Observed(
            slots={
                (row.monitor_key, _read_moment(row.window_start)): row.state
                for row in _fetch(connection, _SLOTS)
            },
            verdicts={key: tuple(found) for key, found in verdicts.items()},
            incidents=tuple(
                SeenIncident(id=row.id, monitor=row.monitor_key, kind=row.kind, state=row.state)
                for row in _fetch(connection, _INCIDENTS)
            ),
            events=tuple(_build_event(row) for row in _fetch(connection, _EVENTS)),
            deliveries=tuple(_build_delivery(row) for row in _fetch(connection, _DELIVERIES)),
            retrains=tuple((row.retrain_key, row.state) for row in _fetch(connection, _RETRAINS)),
        )


def count_unsettled(engine: Engine, *, until: datetime, windows: int, missed: datetime) -> Unsettled:
    """Return what is still to come of `windows` windows that start before `until`.

    Later ones count as well where they fell due before `missed`: they are being caught up.
    """
    before, late = (_count_micros(moment) for moment in (until, missed))
    with engine.connect() as connection:
        return Unsettled(
            windows=windows - _count(connection, _JUDGED, until=before),
            missed=_count(connection, _MISSED, before=late),
            deliveries=_count(connection, _UNSENT),
            retrains=_count(connection, _UNASKED),
        )


def _fetch(connection: sa.Connection, query: str, **values: object) -> Any:
    return connection.execute(sa.text(query), values)


def _count(connection: sa.Connection, query: str, **values: object) -> int:
    return int(_fetch(connection, query, **values).scalar_one())


def _build_event(row: Any) -> SeenEvent:
    window = None if row.window_start is None else _read_moment(row.window_start)
    return SeenEvent(incident=row.incident_id, seq=row.seq, what=row.kind, window=window, notice=row.notice)


def _build_delivery(row: Any) -> SeenDelivery:
    return SeenDelivery(
        id=row.id,
        incident=row.incident_id,
        seq=row.seq,
        channel=row.channel,
        type=row.type,
        state=row.state,
        decision=row.decision,
    )


def _count_micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _read_moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
