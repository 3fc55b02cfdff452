"""How an incident was worked out, put together once and kept: it rests on the whole reference."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

from driftwatch.app import App
from driftwatch.errors import StoreError
from driftwatch.jobs.explain import explain_case
from driftwatch.jobs.monitor import Monitor
from driftwatch.store.incidents import IncidentRow

__all__ = ["Reasons"]

_KEPT: Final = 200


class Reasons:
    """The sentences that explain incidents, as many as are looked at: a few hundred texts.

    They are those of one version of an incident under one configuration of its monitor, and are put together
    anew with the next of either. Who was told is left out: that goes on, and the history has it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[tuple[object, ...], tuple[str, ...]] = OrderedDict()

    def read(self, app: App, row: IncidentRow, monitor: Monitor | None, marked: str) -> tuple[str, ...]:
        """Return why an incident opened and what its members are about; `marked` is what stands beside it."""
        key = (row.id, row.version, row.monitor_key, monitor and monitor.fingerprint, marked)
        return self._find(key, lambda: _work_out(app, row, monitor))

    def _find(self, key: tuple[object, ...], work_out: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = work_out()
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


def _work_out(app: App, row: IncidentRow, monitor: Monitor | None) -> tuple[str, ...]:
    try:
        watch = None if monitor is None else app.resume(monitor)
        explanation = explain_case(app.database, app.config.monitors, watch, row.id).explanation
    except StoreError as error:
        # What is damaged in the store must not keep the rest of the page from people.
        return (f"That cannot be said any more: {error}",)
    return (*explanation.why, *explanation.members)
