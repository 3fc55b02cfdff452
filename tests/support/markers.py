"""Markers as people set them on the usual bench."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from driftwatch.incidents.markers import Marker
from driftwatch.jobs.markers import build_marker, mark
from tests.support.monitors import Bench

__all__ = ["mark_deploy"]


def mark_deploy(bench: Bench, *, at: datetime, **changes: Any) -> Marker:
    """Mark a deploy for the bench's monitor, or for whom `changes` say, and return the marker."""
    asked = {"kind": "deploy", "version": "2.4", "author": "Ana", "monitor": bench.monitor.id, **changes}
    made = build_marker(asked.pop("kind"), bench.clock.now(), at=at, **asked)
    return mark(bench.parts, [bench.monitor], made)
