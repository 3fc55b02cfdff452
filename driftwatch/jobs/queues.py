"""What waits for each destination, as scripts read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from driftwatch.incidents.stamps import write_stamp
from driftwatch.store.queues import Queue

__all__ = ["build_queues_json"]


def build_queues_json(queues: Sequence[Queue]) -> list[dict[str, Any]]:
    """Return what waits for each destination, and which are disabled; ages are in seconds."""
    return [_build_json(queue) for queue in queues]


def _build_json(queue: Queue) -> dict[str, Any]:
    disabled = queue.disabled
    return {
        "channel": queue.channel,
        "pending": queue.pending,
        "oldest_age": None if queue.oldest_age is None else queue.oldest_age.total_seconds(),
        "disabled_at": disabled and disabled.disabled_at and write_stamp(disabled.disabled_at),
        "reason": disabled and disabled.reason,
        "next_at": disabled and disabled.next_at and write_stamp(disabled.next_at),
    }
