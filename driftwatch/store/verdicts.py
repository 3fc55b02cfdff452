"""Verdicts with their findings, statistics and counts; judging a window again adds a revision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from driftwatch.incidents.finding import Finding, FindingKind, Near, Verdict, VerdictWord
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.window import Window
from driftwatch.statistics.catalogue import PARTS, Statistic
from driftwatch.store.batches import describe_batch
from driftwatch.store.codec import encode_counts
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.tables import column_statistics, findings, profiles, verdicts

__all__ = [
    "Glance",
    "Grain",
    "Judgement",
    "VerdictRow",
    "find_newest_token",
    "find_repeats",
    "find_verdict",
    "glance_at_newest",
    "last_with_rows",
    "list_verdicts",
    "newest_verdict",
    "record_verdict",
]


class Grain(StrEnum):
    """How finely the counts of a judged window are still kept; null where they are as they were counted."""

    COARSE = "coarse"  # What lies between two coarse points stands in one cell.
    GONE = "gone"  # No longer: what was found in the window is kept, not what it was found in.


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How a verdict came about.

    `token` is that of the claim, `seconds` how long reading and judging took. `counts_fingerprint` is up to
    64 hex digits that two windows share when every count of theirs is equal; None where nothing was read.
    """

    finished_at: datetime
    seconds: float
    token: int
    reference_version: int | None = None
    counts_fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VerdictRow:
    """A stored verdict, with its findings but without its statistics (see `evidence.load_statistics`).

    `grain` says how finely its counts are still kept, None where they are as they were counted.
    """

    verdict: Verdict
    revision: int
    judgement: Judgement
    grain: Grain | None = None

    @property
    def window(self) -> Window:
        """Return the window that was judged."""
        return self.verdict.window


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """The little of a stored verdict that is needed at every window."""

    window: Window
    word: VerdictWord


def record_verdict(
    connection: sa.Connection,
    monitor: MonitorRow,
    verdict: Verdict,
    profile: Profile | None,
    judgement: Judgement,
) -> int:
    """Keep `verdict`, and the counts it was judged on, as the newest revision of its window; return that.

    The window must have a slot. NaN and infinities become null.
    """
    of_window = sa.and_(_is_of(monitor), verdicts.c.window_start == verdict.window.start)
    before = connection.execute(sa.select(sa.func.max(verdicts.c.revision)).where(of_window)).scalar()
    if before is not None:
        connection.execute(sa.update(verdicts).where(of_window, verdicts.c.newest).values(newest=False))
    revision = int(before or 0) + 1
    key = {
        "monitor_id": monitor.id,
        "history": monitor.history,
        "window_start": verdict.window.start,
        "revision": revision,
    }
    batch = profile and describe_batch(profile) | _describe_near(verdict)
    head = _describe_verdict(verdict, judgement) | {"batch": batch}
    connection.execute(sa.insert(verdicts).values(key | head))
    counted = profile.columns if profile else {}
    for table, rows in (
        (findings, [_describe_finding(finding) for finding in verdict.findings]),
        (column_statistics, [_describe_statistics(*item) for item in verdict.statistics.items()]),
        (profiles, [{"column_name": name, "counts": encode_counts(one)} for name, one in counted.items()]),
    ):
        if rows:
            placed = [{**key, "place": place, **row} for place, row in enumerate(rows)]
            connection.execute(sa.insert(table), placed)
    return revision


def list_verdicts(
    connection: sa.Connection,
    monitor: MonitorRow,
    start: datetime | None = None,
    end: datetime | None = None,
    newest: int | None = None,
) -> list[VerdictRow]:
    """Return the newest revision of every judged window between `start` and `end`, oldest window first.

    `newest` keeps only so many of the latest.
    """
    query = sa.select(verdicts).where(_is_of(monitor), verdicts.c.newest)
    if start is not None:
        query = query.where(verdicts.c.window_start >= start)
    if end is not None:
        query = query.where(verdicts.c.window_end <= end)
    rows = connection.execute(query.order_by(verdicts.c.window_start.desc()).limit(newest)).all()[::-1]
    if not rows:
        return []
    found = _read_findings(connection, monitor, rows[0].window_start, rows[-1].window_start)
    return [_build_row(row, found[row.window_start, row.revision]) for row in rows]


def find_verdict(connection: sa.Connection, monitor: MonitorRow, moment: datetime) -> VerdictRow | None:
    """Return the newest verdict on the window that contains `moment`, None where none was judged."""
    query = sa.select(verdicts).where(
        _is_of(monitor),
        verdicts.c.newest,
        verdicts.c.window_start <= moment,
        verdicts.c.window_end > moment,
    )
    row = connection.execute(query.order_by(verdicts.c.window_start.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    found = _read_findings(connection, monitor, row.window_start, row.window_start)
    return _build_row(row, found[row.window_start, row.revision])


def newest_verdict(connection: sa.Connection, monitor: MonitorRow) -> VerdictRow | None:
    """Return the verdict on the latest window that was judged in the monitor's present history."""
    return next(iter(list_verdicts(connection, monitor, newest=1)), None)


def glance_at_newest(connection: sa.Connection, monitor: MonitorRow) -> Glance | None:
    """Return the window and the word of what `newest_verdict` returns, without reading more than these."""
    query = (
        sa.select(verdicts.c.window_start, verdicts.c.window_end, verdicts.c.word)
        .where(_is_of(monitor), verdicts.c.newest)
        .order_by(verdicts.c.window_start.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Glance(window=Window(start=row.window_start, end=row.window_end), word=VerdictWord(row.word))


def find_newest_token(connection: sa.Connection, monitor: MonitorRow) -> tuple[datetime, int] | None:
    """Return the start of the latest window that was judged, and the token of the claim it was under."""
    query = (
        sa.select(verdicts.c.window_start, verdicts.c.token)
        .where(_is_of(monitor), verdicts.c.newest)
        .order_by(verdicts.c.window_start.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.window_start, row.token)


def last_with_rows(connection: sa.Connection, monitor: MonitorRow) -> Window | None:
    """Return the latest judged window that had rows."""
    return _find_latest(connection, monitor, verdicts.c.row_count > 0)


def find_repeats(
    connection: sa.Connection, monitor: MonitorRow, fingerprint: str, before: Window
) -> Window | None:
    """Return the latest window earlier than `before` that had rows and whose counts are the very same."""
    return _find_latest(
        connection,
        monitor,
        sa.and_(
            verdicts.c.counts_fingerprint == fingerprint,
            verdicts.c.window_start < before.start,
            verdicts.c.row_count > 0,
        ),
    )


def _is_of(monitor: MonitorRow) -> sa.ColumnElement[bool]:
    return sa.and_(verdicts.c.monitor_id == monitor.id, verdicts.c.history == monitor.history)


def _find_latest(
    connection: sa.Connection, monitor: MonitorRow, condition: sa.ColumnElement[bool]
) -> Window | None:
    query = (
        sa.select(verdicts.c.window_start, verdicts.c.window_end)
        .where(_is_of(monitor), verdicts.c.newest, condition)
        .order_by(verdicts.c.window_start.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Window(start=row.window_start, end=row.window_end)


def _read_findings(
    connection: sa.Connection, monitor: MonitorRow, first: datetime, last: datetime
) -> Mapping[tuple[datetime, int], list[Finding]]:
    query = (
        sa.select(findings)
        .where(
            findings.c.monitor_id == monitor.id,
            findings.c.history == monitor.history,
            findings.c.window_start.between(first, last),
        )
        .order_by(findings.c.window_start, findings.c.revision, findings.c.place)
    )
    found: defaultdict[tuple[datetime, int], list[Finding]] = defaultdict(list)
    for row in connection.execute(query):
        finding = Finding(
            column=row.column_name,
            kind=FindingKind(row.kind),
            statistic=row.statistic,
            value=row.value,
            limit=row.value_limit,
            text=row.text,
            moved_share=row.moved_share,
            minor=bool(row.minor),
            again=bool(row.again),
            plain=row.plain,
        )
        found[row.window_start, row.revision].append(finding)
    return found


def _describe_verdict(verdict: Verdict, judgement: Judgement) -> dict[str, Any]:
    return {
        "newest": True,
        "window_end": verdict.window.end,
        "word": verdict.word,
        "row_count": verdict.rows,
        "score": verdict.score,
        "score_limit": verdict.limit,
        "calibration": verdict.calibration,
        "reason": verdict.reason,
        "reference_version": judgement.reference_version,
        "counts_fingerprint": judgement.counts_fingerprint,
        "seconds": judgement.seconds,
        "token": judgement.token,
        "finished_at": judgement.finished_at,
    }


def _describe_near(verdict: Verdict) -> dict[str, Any]:
    near = [{"column": one.column, "kind": one.kind.value} for one in verdict.near]
    return {"near": near} if near else {}


def _read_near(batch: Mapping[str, Any] | None) -> tuple[Near, ...]:
    found = batch.get("near", ()) if batch else ()
    return tuple(Near(column=one["column"], kind=FindingKind(one["kind"])) for one in found)


def _describe_finding(finding: Finding) -> dict[str, Any]:
    return {
        "column_name": finding.column,
        "kind": finding.kind,
        "statistic": finding.statistic,
        "value": finding.value,
        "value_limit": finding.limit,
        "moved_share": finding.moved_share,
        "text": finding.text,
        "minor": finding.minor,
        "again": finding.again,
        "plain": finding.plain,
    }


def _describe_statistics(column: str, statistics: Mapping[str, Statistic]) -> dict[str, Any]:
    values = {
        name: {part: number for part, number in zip(PARTS, found.parts, strict=True) if number is not None}
        for name, found in statistics.items()
    }
    return {"column_name": column, "statistics": values}


def _build_row(row: sa.Row[Any], found: list[Finding]) -> VerdictRow:
    return VerdictRow(
        verdict=Verdict(
            window=Window(start=row.window_start, end=row.window_end),
            word=VerdictWord(row.word),
            rows=row.row_count,
            findings=tuple(found),
            score=row.score,
            limit=row.score_limit,
            calibration=row.calibration,
            reason=row.reason,
            near=_read_near(row.batch),
        ),
        revision=row.revision,
        judgement=Judgement(
            finished_at=row.finished_at,
            seconds=row.seconds,
            token=row.token,
            reference_version=row.reference_version,
            counts_fingerprint=row.counts_fingerprint,
        ),
        grain=Grain(row.grain) if row.grain else None,
    )
