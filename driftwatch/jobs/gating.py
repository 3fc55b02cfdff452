"""Ask the gate on behalf of a delivery or an incident, with all that the store knows in one transaction."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from driftwatch.channels.fingerprint import fingerprint_channel
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.gate import Decision, DecisionWord, Telling, decide_sending
from driftwatch.incidents.incident import Incident, NoticeType
from driftwatch.incidents.inhibition import EXPLAINING, find_inhibitor
from driftwatch.incidents.silences import Hide, Silence, Subject, find_hide
from driftwatch.jobs.maintenance import find_maintenance
from driftwatch.jobs.messages import DISABLED_TYPE, HEARTBEAT_TYPE, TEST_TYPE
from driftwatch.jobs.parts import Parts
from driftwatch.store.delivery import DeliveryRow, DeliveryState
from driftwatch.store.destinations import Destination, enable_destination, find_destination, postpone_probe
from driftwatch.store.incidents import find_incident, list_live
from driftwatch.store.silences import await_silences, list_holding
from driftwatch.store.told import mark_owed, read_told, release_held

__all__ = ["DISABLED", "ENABLED_AGAIN", "Gatekeeper", "let_again"]

log = logging.getLogger("driftwatch.deliver")

ENABLED_AGAIN: Final = "to be told anew: the channel takes notices again"
"""The decision of dead notices of incidents that are open when their channel comes back."""

DISABLED: Final = "the channel is disabled"
"""Begins the decision of what waits for a disabled channel."""

# What belongs to no incident and is of no use later; whatever else there is never expires.
_LIVES_FOR: Final = {
    NoticeType.DIGEST.value: timedelta(days=7),
    DISABLED_TYPE: timedelta(days=7),
    TEST_TYPE: timedelta(days=1),
    HEARTBEAT_TYPE: timedelta(days=1),
}
_BROKEN_WAIT: Final = timedelta(minutes=5)


@dataclass(slots=True, kw_only=True)
class Gatekeeper:
    """The gate inside one open transaction, at `now` by the store's clock.

    From its first question on no silence changes before the transaction ends. `declined` collects what
    `ask` did not let through, with the decision.
    """

    tx: sa.Connection
    parts: Parts
    now: datetime
    declined: list[tuple[DeliveryRow, Decision]] = field(default_factory=list)
    _holding: Sequence[Silence] | None = None

    def ask(self, row: DeliveryRow) -> Decision:
        """Return whether a delivery that waits may be sent now."""
        try:
            decision = decide_sending(self._describe(row), now=self.now)
        except (KeyError, TypeError, ValueError):  # one poisoned notice must not hold up the others
            log.exception("notice not understood id=%s channel=%s", row.id, row.channel)
            reason = "it could not be read; the log of driftwatch has the details"
            decision = Decision(word=DecisionWord.HOLD, reason=reason, until=self.now + _BROKEN_WAIT)
        if not decision.sends:
            self.declined.append((row, decision))
        elif self._find_disabled(row) is not None:
            postpone_probe(self.tx, row.channel, self.now)
        return decision

    def ask_about(
        self, incident: Incident, notice: str, channel: str, *, owner: str | None = None
    ) -> Decision:
        """Return whether a `notice`, by its type, about a stored `incident` may be queued for `channel` now.

        For reminders and steps of an escalation, when they fall due; `owner` is the monitor's.
        """
        return decide_sending(self._describe_incident(incident, notice, channel, owner), now=self.now)

    def _describe(self, row: DeliveryRow) -> Telling:
        disabled = self._find_disabled(row)
        held = {
            "held_until": disabled.next_at if disabled else None,
            "held_why": f"{DISABLED}: {disabled.reason}" if disabled else None,
        }
        stored = None if row.incident_id is None else find_incident(self.tx, row.incident_id)
        if stored is None:
            lives_for = _LIVES_FOR.get(row.type)
            expires_at = None if lives_for is None else row.created_at + lives_for
            return Telling(type=row.type, expires_at=expires_at, **held)  # type: ignore[arg-type]  # The two by name.
        incident = decode_incident(dict(stored.document), id=stored.id)
        telling = self._describe_incident(incident, row.type, row.channel, _find_owner(row))
        lost = row.state is DeliveryState.SENDING
        failed = row.attempts > 0 or row.decision is not None
        return replace(telling, unsure=telling.unsure or lost, failed=failed, **held)  # type: ignore[arg-type]  # The two by name.

    def _describe_incident(self, incident: Incident, notice: str, channel: str, owner: str | None) -> Telling:
        number = incident.id or 0
        told = read_told(self.tx, number, channel)
        rules = self.parts.gate
        return Telling(
            type=notice,
            state=incident.state,
            told=told.told,
            unsure=told.unsure,
            shadow=incident.monitor in rules.shadowed,
            acknowledged_by=incident.acknowledged_by,
            snoozed_until=getattr(incident, "snoozed_until", None),
            hide=self._find_hide(build_subject(incident, owner)),
            inhibited_by=self._find_inhibitor(incident, told=told.told or told.unsure),
            collapses=rules.collapses,
        )

    def _find_hide(self, subject: Subject) -> Hide | None:
        if self._holding is None:
            await_silences(self.tx)
            self._holding = list_holding(self.tx, self.now)
        hide = find_hide(self._holding, subject, self.now)
        return hide or find_maintenance(self.parts.gate.maintenance, subject.monitor, self.now)

    def _find_inhibitor(self, incident: Incident, *, told: bool) -> str | None:
        """Return which incident explains this one: late rows or unread windows of the same source."""
        if incident.kind in EXPLAINING:
            return None
        monitors = self.parts.gate.list_same_source(incident.monitor)
        rows = list_live(self.tx, EXPLAINING, monitors)
        others = [decode_incident(dict(row.document), id=row.id) for row in rows]
        return find_inhibitor(incident, others, told=told, now=self.now)

    def _find_disabled(self, row: DeliveryRow) -> Destination | None:
        """Return why nothing is sent to the delivery's channel; changed settings make it a new one."""
        found = find_destination(self.tx, row.channel)
        channel = self.parts.channels.get(row.channel)
        if found is None or found.disabled_at is None or channel is None or row.type == TEST_TYPE:
            return None
        if found.settings == fingerprint_channel(channel):
            return found
        let_again(self.tx, row.channel, self.now)
        log.warning("channel enabled channel=%s reason=its settings have changed", row.channel)
        return None


def build_subject(incident: Incident, owner: str | None) -> Subject:
    """Return what silences see of an incident: the columns that people are told of."""
    told = [one for one in incident.members if not one.minor] or incident.members
    return Subject(
        monitor=incident.monitor,
        owner=owner,
        kind=incident.kind.value,
        severity=incident.severity.value,
        columns=tuple(one.column for one in told),
    )


def let_again(tx: sa.Connection, channel: str, now: datetime) -> bool:
    """Enable a channel, let what waits for it go, and have its open incidents told anew.

    Returns whether it was disabled.
    """
    if not enable_destination(tx, channel):
        return False
    release_held(tx, channel, now)
    mark_owed(tx, channel, ENABLED_AGAIN)
    return True


def _find_owner(row: DeliveryRow) -> str | None:
    monitor: dict[str, Any] = json.loads(row.body)["payload"]["data"]["monitor"]
    return monitor.get("owner")
