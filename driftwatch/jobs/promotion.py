"""Let another version of the reference judge: a new history begins, and the former one stands still.

*Why a new history:* a window's verdict, its scores and its incident are about the reference it was compared
with. Under another one they are other questions, and none of the open answers can resolve any more.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.jobs.cases import end_cases
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.store.monitors import MonitorRow, find_monitor
from driftwatch.store.references import ReferenceRow, find_former, promote_reference
from driftwatch.store.slots import abandon_slots

__all__ = ["need_row", "promote_version", "restore_version"]


def promote_version(
    parts: Parts, monitor: Monitor, version: int, *, who: str = "", why: str = ""
) -> ReferenceRow:
    """Make `version` the reference that judges `monitor` from now on, and return it.

    1. Another history begins now. It inherits the scores of the former one until it has enough of its own,
       and windows after the new reference's end are owed to it, as `catch_up` says.
    2. What is open in the former history ends; whoever was told of it is told so.

    `who` promotes it, and `why`, is kept with the version and said in what ends. The version that is active
    already changes nothing. Raises UsageError for one that is not there.
    """
    said = _Said(who=who, why=why)
    return parts.database.write(lambda tx: _promote(tx, parts, monitor, need_row(tx, monitor), version, said))


def restore_version(parts: Parts, monitor: Monitor, *, who: str = "", why: str = "") -> ReferenceRow:
    """Promote the version that judged before the active one, and return it.

    Raises UsageError where there was none.
    """

    def restore(tx: sa.Connection) -> ReferenceRow:
        row = need_row(tx, monitor)
        former = find_former(tx, row)
        if former is None:
            raise UsageError(
                f"{monitor.id}: no other reference version was active before; "
                f"`driftwatch reference list {monitor.id}` shows those there are"
            )
        return _promote(tx, parts, monitor, row, former.version, _Said(who=who, why=why))

    return parts.database.write(restore)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """Who has another version judge, and why; both empty where nobody said."""

    who: str
    why: str

    def describe(self, version: int) -> str:
        judging = f"Reference version {version} judges from now on"
        return f"{judging}: {self.who} says so{f' ({self.why})' if self.why else ''}" if self.who else judging


def _promote(
    tx: sa.Connection, parts: Parts, monitor: Monitor, row: MonitorRow, version: int, said: _Said
) -> ReferenceRow:
    promoted = promote_reference(tx, row, version, parts.clock.now(), who=said.who, why=said.why)
    if promoted.history != row.history:
        because = said.describe(version)
        abandon_slots(tx, row, because[0].lower() + because[1:])
        end_cases(tx, parts, monitor, row, because=because, who=said.who or None)
    return promoted


def need_row(tx: sa.Connection, monitor: Monitor) -> MonitorRow:
    """Return what the store knows of `monitor`. Raises UsageError before its first start."""
    row = find_monitor(tx, monitor.id)
    if row is None:
        raise UsageError(
            f"{monitor.id} has not been started yet; `driftwatch serve` or `driftwatch check` does"
        )
    return row
