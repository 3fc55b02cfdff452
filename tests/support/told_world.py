"""One incident, one channel, silences and a clock: small enough to live through every order of events.

What the channel was sent is what people know. A step is one word; what makes no sense at its turn, such as
the end of an incident that has not begun, does nothing.

======== =================================================================
create   a silence of four hours begins
expire   the silence is ended early
open     the incident opens
resolve  it is over
deliver  one delivery is claimed, sent and recorded
fail     the same, but the receiver answers 503; then ten minutes pass
drop     the process dies before the receiver has got it, and comes back
lose     the process dies after the receiver has got it, and comes back
======== =================================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from driftwatch.channels.contract import Channel, Message, Outcome
from driftwatch.incidents.changes import mark_told
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.incident import (
    Advance,
    Incident,
    IncidentKind,
    IncidentState,
    Member,
    NoticeType,
    Severity,
    Transition,
    TransitionKind,
)
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.incidents.silences import Matchers, Silence
from driftwatch.jobs.deliver import deliver_due, deliver_one
from driftwatch.jobs.parts import LEASE
from driftwatch.jobs.recording import Held, keep_advance
from driftwatch.jobs.retelling import retell_due
from driftwatch.store.database import Database
from driftwatch.store.incidents import list_incidents
from driftwatch.store.monitors import register_monitor
from driftwatch.store.outbox import DeliveryRow, list_deliveries
from driftwatch.store.silences import add_silence, expire_silence, list_holding
from tests.support.clocks import FakeClock
from tests.support.incidents import day
from tests.support.monitors import make_parts

__all__ = ["STEPS", "Violation", "World"]

STEPS = ("create", "expire", "open", "resolve", "deliver", "fail", "drop", "lose")
NOON = day(3).start + timedelta(hours=12)
_MINUTES = timedelta(minutes=10)
_ALWAYS_SENT = "incident.resolved"


class Violation(AssertionError):  # noqa: N818 - what was found, not what went wrong in the test.
    """Something was sent that a silence hides, or was not sent that must be."""


class _Died(BaseException):
    pass


class _Receiver:
    """The channel: what `got` holds has arrived."""

    fallback = None

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.next = "deliver"
        self.forbids = False
        self.broken: list[str] = []

    def send(self, message: Message, now: datetime) -> Outcome:  # noqa: ARG002 - the signature of channels.
        if self.forbids and message.type != _ALWAYS_SENT:
            self.broken.append(f"{message.type} was sent although a silence holds")
        if self.next == "drop":
            raise _Died
        if self.next == "fail":
            return Outcome(delivered=False, again=True, status=503, error="http_503")
        self.got.append(message)
        if self.next == "lose":
            raise _Died
        return Outcome(delivered=True, status=200)


class World:
    """Everything at noon of 3 February 2013: a monitor without incidents."""

    def __init__(self, database: Database, name: str = "flights") -> None:
        self.name = name
        self.database = database
        self.clock = FakeClock(NOON)
        self.receiver = _Receiver()
        self.died = False
        self.parts = make_parts(database, self.clock, channels={"oncall": self.receiver})
        self.facts = MonitorFacts(id=name, owner="data")
        self.monitor = database.write(
            lambda tx: register_monitor(tx, name, identity="i", config_fingerprint="c", now=NOON)
        )

    def use(self, channel: Channel) -> None:
        """Tell through `channel` from now on."""
        self.parts = replace(self.parts, channels={"oncall": channel})

    def take(self, steps: Iterable[str]) -> None:
        """Take the steps in order."""
        for step in steps:
            getattr(self, f"_{step}")()

    def rest(self) -> None:
        """Let every silence end and everything be told that is to be told."""
        for _ in range(2):
            self.clock.advance(timedelta(hours=5))
            self.receiver.next, self.receiver.forbids = "deliver", self._is_silent()
            retell_due(self.parts, [])
            deliver_due(self.parts)

    def check(self) -> None:
        """Raise Violation unless people know what they must, in order, and nothing else."""
        if self.receiver.broken:
            raise Violation(self.receiver.broken[0])
        incident, known = self.find(), list(dict.fromkeys(m.type for m in self.receiver.got))
        wanted: list[str] = []
        if incident is not None and incident.is_open:
            wanted = ["incident.opened"]
        if incident is not None and not incident.is_live and known:
            wanted = ["incident.opened", "incident.resolved"]
        # Where a process died nobody knows whether the beginning has arrived: the end is told to be safe.
        may_end_alone = self.died and known == wanted[1:]
        if known != wanted and not may_end_alone:
            raise Violation(f"people know {known}, and should know {wanted}")
        for row in self.rows():
            if row.state in {"suppressed", "expired"} and not row.decision:
                raise Violation(f"{row.type} was not sent, and nothing says why")
            if row.state in {"pending", "sending"}:
                raise Violation(f"{row.type} is {row.state} in the end")

    def find(self) -> Incident | None:
        """Return the incident, None before it opened."""
        rows = self.database.read(lambda tx: list_incidents(tx, include_resolved=True, monitor=self.monitor))
        return decode_incident(dict(rows[0].document), id=rows[0].id) if rows else None

    def rows(self) -> list[DeliveryRow]:
        """Return every delivery, oldest first."""
        incident = self.find()
        if incident is None:
            return []
        return self.database.read(lambda tx: list_deliveries(tx, incident_id=incident.id))

    def _list_holding(self) -> list[Silence]:
        held = self.database.read(lambda tx: list_holding(tx, self.clock.now()))
        return [one for one in held if one.matchers.monitor == self.name]

    def _is_silent(self) -> bool:
        return bool(self._list_holding())

    def _create(self) -> None:
        now = self.clock.now()
        silence = Silence(
            matchers=Matchers(monitor=self.name),
            starts_at=now,
            ends_at=now + timedelta(hours=4),
            author="ana",
            reason="works",
            created_at=now,
        )
        self.database.write(lambda tx: add_silence(tx, silence))

    def _expire(self) -> None:
        for silence in self._list_holding():
            self.database.write(
                partial(expire_silence, number=silence.id or 0, who="bob", now=self.clock.now())
            )

    def _open(self) -> None:
        if self.find() is None:
            self._keep(None, IncidentState.OPEN, TransitionKind.OPENED, NoticeType.OPENED)

    def _resolve(self) -> None:
        before = self.find()
        if before is not None and before.is_open:
            self._keep(before, IncidentState.RESOLVED, TransitionKind.RESOLVED, NoticeType.RESOLVED)

    def _keep(
        self, before: Incident | None, state: IncidentState, kind: TransitionKind, tells: NoticeType
    ) -> None:
        now = self.clock.now()
        incident = before or _build_incident(self.name, now)
        step = Transition(
            seq=incident.seq + 1, kind=kind, reason=f"It is {state}.", tells=tells, at=now, window=day(1)
        )
        after = replace(mark_told(incident, tells, now), state=state, seq=step.seq)
        if state is IncidentState.RESOLVED:
            after = replace(after, resolved_at=now)

        def work(tx: sa.Connection) -> None:
            rows = list_incidents(tx, include_resolved=True, monitor=self.monitor)
            held = Held(incident=before, version=rows[0].version if rows else 0)
            advance = Advance(incident=after, transitions=(step,))
            keep_advance(tx, self.parts, self.monitor, held, advance, facts=self.facts, notify=("oncall",))

        self.database.write(work)

    def _send(self, way: str) -> None:
        self.receiver.next, self.receiver.forbids = way, self._is_silent()
        try:
            deliver_one(self.parts)
        except _Died:
            self.died = True
            self.clock.advance(LEASE + timedelta(seconds=1))
            # Another process takes over: it knows nothing of what the dead one was sending.
            self.parts = replace(self.parts, traffic=type(self.parts.traffic)())

    def _deliver(self) -> None:
        self._send("deliver")

    def _fail(self) -> None:
        self._send("fail")
        self.clock.advance(_MINUTES)

    def _drop(self) -> None:
        self._send("drop")

    def _lose(self) -> None:
        self._send("lose")


def _build_incident(name: str, now: datetime) -> Incident:
    member = Member(
        column="amount",
        about="drift",
        since=day(1).start,
        statistic="moved_share",
        value=0.2,
        limit=0.02,
        text="at least 20 % of rows moved",
        moved_share=0.2,
    )
    return Incident(
        monitor=name,
        kind=IncidentKind.DRIFT,
        state=IncidentState.OPEN,
        severity=Severity.MAJOR,
        members=(member,),
        first_window=day(1),
        last_window=day(1),
        seen_to=day(1),
        opened_at=now,
        paged=True,
        windows_open=1,
    )
