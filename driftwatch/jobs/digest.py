"""The weekly digest of every monitor in shadow mode: queued once a week, whatever the number of daemons.

Until when a monitor was reported on is remembered beside the incidents and changed in the transaction that
queues the digest. What is reported is what was not reported before, so that a window judged late is not lost.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

import sqlalchemy as sa

from driftwatch.errors import DriftwatchError
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.digest import Digest, Telling, build_digest
from driftwatch.incidents.incident import Incident, NoticeType
from driftwatch.incidents.stamps import read_stamp, write_stamp
from driftwatch.jobs.facts import build_facts
from driftwatch.jobs.messages import freeze_notice
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.turns import Weekly, take_turn
from driftwatch.store.incidents import list_events, list_incidents
from driftwatch.store.meta import forget_meta, list_meta
from driftwatch.store.outbox import DeliveryDraft, queue_delivery

__all__ = ["queue_digests"]

log = logging.getLogger("driftwatch.digest")

_PREFIX: Final = "digest:"
_VERSION: Final = 1
_AT_ONCE: Final = frozenset({NoticeType.OPENED.value, NoticeType.UPDATED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reported:
    """Until when a monitor was reported on.

    `newest` is the highest number of an incident there was, `live` has, for those that were not over, the
    number of their last step.
    """

    until: datetime
    newest: int = 0
    live: Mapping[int, int] = field(default_factory=dict)


def queue_digests(parts: Parts, watches: Sequence[Watch]) -> int:
    """Queue a digest for each monitor in shadow mode that owes one; return for how many monitors.

    One falls due every Monday at 08:00 in the monitor's time zone, the first a week after it was first seen
    in shadow mode at the latest. A monitor that is live owes none, and begins anew when it comes back.
    """
    queued = 0
    kept = parts.database.read(lambda tx: list_meta(tx, _PREFIX))
    for watch in watches:
        try:
            queued += _queue_one(parts, watch, kept.get(watch.monitor.id))
        except DriftwatchError as error:
            log.error("digest failed monitor=%s reason=%s", watch.monitor.id, error)  # noqa: TRY400 - the reason says it all.
        except Exception:  # one poisoned monitor must not stop the others
            log.exception("digest failed monitor=%s", watch.monitor.id)
    return queued


def _queue_one(parts: Parts, watch: Watch, kept: str | None) -> bool:
    name = f"{_PREFIX}{watch.monitor.id}"
    if watch.monitor.mode == "live":
        if kept is not None:
            parts.database.write(lambda tx: forget_meta(tx, name))
        return False
    reported = None if kept is None else _decode(kept)
    due = Weekly(timezone=watch.monitor.timezone)
    if reported is not None and due.find_last(parts.clock.now()) <= reported.until:
        return False
    write = partial(_write, parts=parts, watch=watch, name=name, kept=kept, reported=reported)
    return parts.database.write(write)


def _write(
    tx: sa.Connection, *, parts: Parts, watch: Watch, name: str, kept: str | None, reported: _Reported | None
) -> bool:
    now = parts.clock.now()
    rows = list_incidents(tx, include_resolved=True, monitor=watch.row)
    incidents = [decode_incident(dict(row.document), id=row.id) for row in rows]
    document = _encode(_note_reported(incidents, now))
    if not take_turn(tx, name, kept, document) or reported is None:
        return False
    digest = build_digest(
        _list_tellings(tx, incidents, reported),
        [one for one in incidents if one.is_open],
        build_facts(watch.monitor),
        since=reported.until,
        until=now,
    )
    for channel in watch.monitor.notify:
        _queue(tx, parts, watch, digest, channel)
    return True


def _list_tellings(tx: sa.Connection, incidents: Sequence[Incident], reported: _Reported) -> list[Telling]:
    """Return what people would have been told at once since the last report, oldest first."""
    found = []
    for incident in incidents:
        number = incident.id or 0
        if number <= reported.newest and number not in reported.live:
            continue
        known = reported.live.get(number, 0)
        found += [
            Telling(incident=incident, type=NoticeType(event.notice), at=event.at, reason=event.reason)
            for event in list_events(tx, number)
            if event.seq > known and event.notice in _AT_ONCE
        ]
    return sorted(found, key=lambda one: (one.at, one.incident.id or 0))


def _queue(tx: sa.Connection, parts: Parts, watch: Watch, digest: Digest, channel: str) -> None:
    draft = DeliveryDraft(
        channel=channel, type=digest.type, body=freeze_notice(digest), monitor_key=watch.monitor.id
    )
    queue_delivery(tx, draft, make_id=parts.make_id, now=digest.timestamp)
    log.info("digest queued monitor=%s channel=%s", watch.monitor.id, channel)


def _note_reported(incidents: Sequence[Incident], now: datetime) -> _Reported:
    return _Reported(
        until=now,
        newest=max((one.id or 0 for one in incidents), default=0),
        live={one.id or 0: one.seq for one in incidents if one.is_live},
    )


def _encode(reported: _Reported) -> str:
    live = {str(number): seq for number, seq in reported.live.items()}
    until = write_stamp(reported.until.replace(microsecond=0))
    return json.dumps({"version": _VERSION, "until": until, "newest": reported.newest, "live": live})


def _decode(document: str) -> _Reported | None:
    """Return what was reported; None where another release wrote it, so that reporting begins anew."""
    found = json.loads(document)
    if found.get("version") != _VERSION:
        return None
    live = {int(number): seq for number, seq in found["live"].items()}
    return _Reported(until=read_stamp(found["until"]), newest=found["newest"], live=live)
