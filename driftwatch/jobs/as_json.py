"""What the store keeps as scripts read it: the same from the command line and from the API."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from driftwatch.calibration.dirty import OddBlock
from driftwatch.incidents.silences import Matchers, Silence
from driftwatch.incidents.stamps import write_stamp
from driftwatch.jobs.oddities import propose_except
from driftwatch.jobs.retrain import number_body
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.reference import Reference
from driftwatch.store.delivery import Attempt, DeliveryRow
from driftwatch.store.incidents import EventRow
from driftwatch.store.references import ReferenceRow
from driftwatch.store.retrains import RetrainRow

__all__ = [
    "build_attempt_json",
    "build_counts_json",
    "build_delivery_json",
    "build_event_json",
    "build_full_delivery_json",
    "build_matchers_json",
    "build_odd_json",
    "build_reference_json",
    "build_retrain_json",
    "build_retrain_request_json",
    "build_silence_json",
    "build_version_json",
    "describe_column",
]


def build_event_json(event: EventRow) -> dict[str, Any]:
    """Return a step in the life of an incident as an entry of `driftwatch.incident/v1`."""
    return {
        "at": write_stamp(event.at),
        "kind": event.kind,
        "reason": event.reason,
        "actor": event.actor,
        "notice": event.notice,
    }


def build_matchers_json(wanted: Matchers) -> dict[str, Any]:
    """Return what a silence is about as `driftwatch.silences/v1` has it."""
    return {
        "monitor": wanted.monitor,
        "owner": wanted.owner,
        "kind": wanted.kind,
        "severity": wanted.severity,
        "column": wanted.column,
    }


def build_silence_json(silence: Silence, hides: int) -> dict[str, Any]:
    """Return a silence as an entry of `driftwatch.silences/v1`; `hides` counts what it kept back so far."""
    return {
        "id": silence.id,
        "matchers": build_matchers_json(silence.matchers),
        "from": write_stamp(silence.starts_at),
        "to": write_stamp(silence.ends_at),
        "by": silence.author,
        "reason": silence.reason,
        "expired_by": silence.expired_by,
        "hides": hides,
    }


def build_delivery_json(row: DeliveryRow) -> dict[str, Any]:
    """Return a delivery as an entry of `driftwatch.deliveries/v1`."""
    return {
        "id": row.id,
        "channel": row.channel,
        "type": row.type,
        "monitor": row.monitor_key,
        "incident": row.incident_id,
        "state": row.state.value,
        "attempts": row.attempts,
        "created_at": write_stamp(row.created_at),
        "delivered_at": _stamp_or_none(row.delivered_at),
        "next_at": write_stamp(row.next_at) if row.state == "pending" else None,
        "last_status": row.last_status,
        "last_error": row.last_error,
        "decision": row.decision,
        "told_with": row.told_with,
    }


def build_attempt_json(attempt: Attempt) -> dict[str, Any]:
    """Return one try to send as an entry of `driftwatch.delivery/v1`."""
    return {
        "started_at": write_stamp(attempt.started_at),
        "ended_at": write_stamp(attempt.ended_at),
        "status": attempt.status,
        "error": attempt.error,
    }


def build_full_delivery_json(row: DeliveryRow, tries: Sequence[Attempt]) -> dict[str, Any]:
    """Return `driftwatch.delivery/v1`: a delivery with what it says and every try to send it."""
    return {
        "schema": "driftwatch.delivery/v1",
        "delivery": {**build_delivery_json(row), "body": json.loads(row.body)["payload"]},
        "attempts": [build_attempt_json(one) for one in tries],
    }


def build_version_json(row: ReferenceRow) -> dict[str, Any]:
    """Return a version of a reference as an entry of `driftwatch.references/v1`."""
    return {
        "version": row.version,
        "beside": row.spec.get("beside"),
        "history": row.history,
        "state": row.state.value,
        "rows": row.rows,
        "from": row.spec.get("from"),
        "to": row.spec.get("to"),
        "built_at": write_stamp(row.built_at),
        "promoted_at": _stamp_or_none(row.promoted_at),
    }


def build_reference_json(monitor: str, reference: Reference) -> dict[str, Any]:
    """Return `driftwatch.reference/v1`: the blocks and columns of a reference, and what it does not judge."""
    total = reference.total
    return {
        "schema": "driftwatch.reference/v1",
        "monitor": monitor,
        "version": reference.version,
        "rows": total.rows,
        "blocks": [
            {"start": block.window and write_stamp(block.window.start), "rows": block.profile.rows}
            for block in reference.blocks
        ],
        "columns": [describe_column(name, total.columns[name]) for name in reference.grids],
        "skipped": [{"column": one.column, "why": one.why} for one in reference.skipped],
    }


def describe_column(name: str, counts: Counts) -> dict[str, Any]:
    """Return a column of a reference as an entry of `driftwatch.reference/v1`."""
    return {
        "column": name,
        "kind": counts.grid.kind,
        "values": counts.values,
        "missing": counts.missing + counts.nan,
        "cells": counts.grid.cells,
    }


def build_counts_json(counts: Counts) -> dict[str, Any]:
    """Return counts of one column as `driftwatch.counts/v1` has them."""
    return {
        "rows": counts.rows,
        "cells": counts.cells.tolist(),
        "missing": counts.missing,
        "nan": counts.nan,
        "positive_infinite": counts.positive_infinite,
        "negative_infinite": counts.negative_infinite,
        "unreadable": counts.unreadable,
    }


def build_odd_json(odd: Sequence[OddBlock], timezone: str) -> dict[str, Any]:
    """Return the blocks of a reference that are unlike the others, and how the file could leave them out."""
    return {
        "odd_blocks": [
            {"start": write_stamp(one.window.start), "why": one.why.value, "text": one.text} for one in odd
        ],
        "proposed": propose_except(odd, timezone) if odd else None,
    }


def build_retrain_json(row: RetrainRow) -> dict[str, Any]:
    """Return a request for retraining as an entry of `driftwatch.retrains/v1`."""
    return {
        "id": row.id,
        "key": row.key,
        "monitor": row.monitor_key,
        "incident": row.incident_id,
        "trigger": row.trigger,
        "attempt": row.attempt,
        "state": row.state.value,
        "attempts": row.attempts,
        "requested_at": write_stamp(row.requested_at),
        "finished_at": _stamp_or_none(row.finished_at),
        "last_status": row.last_status,
        "last_error": row.last_error,
        "reason": row.body["data"]["reason"],
    }


def build_retrain_request_json(row: RetrainRow) -> dict[str, Any]:
    """Return `driftwatch.retrain_request/v1`: a request for retraining with what was sent."""
    return {
        "schema": "driftwatch.retrain_request/v1",
        "retrain": build_retrain_json(row),
        "body": number_body(row.body, row.id),
    }


def _stamp_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else write_stamp(moment)
