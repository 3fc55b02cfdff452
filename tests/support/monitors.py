"""A monitor of daily windows at work on a store, with a clock, rows, a channel and a trigger made by hand.

Days are those of `tests.support.incidents.day`: day 1 is 1 February 2013. The reference is the 14 days
before. A story is a row of days, one letter each:

=== =====================================================================
.   as in the reference
a   the amounts moved: drift, major
n   a third of the amounts is missing: a data finding
m   both: the amounts moved, and a third of the cities is missing
v   a tenth of the usual rows: partial, then a data finding
-   no rows
E   the source cannot be reached, for now
X   the source cannot be read, and trying again does not help
B   the source itself has a fault
=== =====================================================================
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from driftwatch.channels.contract import Message, Outcome
from driftwatch.errors import DataError, SourceError
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.incident import Incident, IncidentKind
from driftwatch.jobs.live import check_due, plan_all
from driftwatch.jobs.monitor import Monitor, ReferenceSpec
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.reference import Watch, ensure_reference
from driftwatch.jobs.replay import Notify, Seen, replay_windows
from driftwatch.jobs.windows import Schedule
from driftwatch.store.database import Database
from driftwatch.store.incidents import list_events, list_incidents
from driftwatch.store.monitors import MonitorRow, register_monitor
from driftwatch.store.outbox import DeliveryRow, list_deliveries
from driftwatch.store.retrains import RetrainRow, list_retrains
from driftwatch.store.slots import SlotRow, open_slots
from driftwatch.store.verdicts import VerdictRow, list_verdicts
from driftwatch.triggers.contract import Started, TriggerCall
from tests.support.clocks import FakeClock
from tests.support.incidents import DELAY, day
from tests.support.sources_fake import FakeSource, Found

__all__ = [
    "BLOCKS",
    "DELIVERED",
    "REFUSED",
    "Bench",
    "BreakingDatabase",
    "FakeChannel",
    "FakeTrigger",
    "attach",
    "draw_rows",
    "due",
    "make_monitor",
    "make_parts",
    "make_source",
    "set_up",
    "tell_story",
]

BLOCKS = range(-13, 1)
"""The days of the reference."""
ROWS = 300
"""The rows of a usual day."""

_NUMBERS = count(1)

DELIVERED = Outcome(delivered=True, status=200)
REFUSED = Outcome(delivered=False, again=True, status=503, error="http_503")


def due(number: int) -> datetime:
    """Return when day `number` falls due."""
    return day(number).end + DELAY


def draw_rows(number: int, *, shift: float = 0.0, rows: int = ROWS) -> pa.Table:
    """Return the rows of a day: the same for the same day, others for another.

    One amount is drawn from each of `rows` equal parts of a normal distribution, so that no day drifts by
    chance.
    """
    rng = np.random.default_rng(1000 + number)
    amounts = 10.0 + shift + ndtri((np.arange(rows) + rng.uniform(0.01, 0.99, rows)) / rows)
    cities = np.resize(["oslo", "oslo", "rome", "oslo", "cork"], rows)
    return pa.table({"amount": rng.permutation(amounts), "city": cities})


def _lose_third(table: pa.Table, column: str) -> pa.Table:
    values = [None if place % 3 == 0 else value for place, value in enumerate(table[column].to_pylist())]
    return table.set_column(
        table.column_names.index(column), column, pa.array(values, table.schema.field(column).type)
    )


def tell_story(source: FakeSource, story: str, *, first: int = 1) -> None:
    """Put the days that the letters of `story` stand for into `source`, from day `first` on."""
    for number, letter in enumerate(story, start=first):
        found: dict[str, Found] = {
            ".": draw_rows(number),
            "a": draw_rows(number, shift=1.0),
            "n": _lose_third(draw_rows(number), "amount"),
            "m": _lose_third(draw_rows(number, shift=1.0), "city"),
            "v": draw_rows(number, rows=ROWS // 10),
            "-": pa.table({}),
            "E": SourceError(f"day {number} is out of reach", again=True),
            "X": DataError(f"day {number} is damaged"),
            "B": RuntimeError("a fault of the source"),
        }
        source.rows[day(number)] = found[letter]


def make_source(story: str = "") -> FakeSource:
    """Return a source that holds the reference, and `story` from day 1 on."""
    source = FakeSource({day(number): draw_rows(number) for number in BLOCKS})
    tell_story(source, story)
    return source


def make_monitor(source: FakeSource, **changes: Any) -> Monitor:
    """Return a monitor of daily windows on `source`; `changes` replace its fields."""
    monitor = Monitor(
        id="flights",
        source=source,
        schedule=Schedule(every=timedelta(days=1)),
        reference=ReferenceSpec(start=day(BLOCKS[0]).start, end=day(BLOCKS[-1]).end),
        identity="identity-1",
        fingerprint="fingerprint-1",
        delay=DELAY,
        notify=("oncall",),
    )
    return replace(monitor, **changes)


class FakeChannel:
    """Answers with the `outcomes` it was given, one a message, then delivers; an exception is raised."""

    def __init__(self, *outcomes: Outcome | BaseException, fallback: str | None = None) -> None:
        self.outcomes = deque(outcomes)
        self.fallback = fallback
        self.sent: list[Message] = []
        self.sent_at: list[datetime] = []

    def send(self, message: Message, now: datetime) -> Outcome:
        """Note the message and answer."""
        self.sent.append(message)
        self.sent_at.append(now)
        outcome = self.outcomes.popleft() if self.outcomes else DELIVERED
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


class FakeTrigger:
    """Answers with the `answers` it was given, one a call, then accepts; an exception is raised."""

    def __init__(self, *answers: Started | BaseException) -> None:
        self.answers = deque(answers)
        self.calls: list[TriggerCall] = []
        self.called_at: list[datetime] = []

    def start(self, request: TriggerCall, now: datetime) -> Started:
        """Note the call and answer."""
        self.calls.append(request)
        self.called_at.append(now)
        answer = self.answers.popleft() if self.answers else Started(accepted=True, status=202)
        if isinstance(answer, BaseException):
            raise answer
        return answer


class BreakingDatabase(Database):
    """A store whose transactions can be made to fail at their very end, just before they are committed."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner._address, writing=inner._writing, reading=inner._reading)
        self.breaks_with: BaseException | None = None
        self.breaks_at: type = object

    def write(self, work: Any, **options: Any) -> Any:
        """Do `work`; a method of a `breaks_at` is undone by `breaks_with`."""

        def break_off(connection: Any) -> Any:
            result = work(connection)
            if self.breaks_with is not None and isinstance(getattr(work, "__self__", None), self.breaks_at):
                raise self.breaks_with
            return result

        return super().write(break_off, **options)


def make_parts(database: Database, clock: FakeClock, **changes: Any) -> Parts:
    """Return parts with one channel, `oncall`, and one trigger, `ci`; ids count up."""
    parts = Parts(
        database=database,
        channels={"oncall": FakeChannel()},
        triggers={"ci": FakeTrigger()},
        owner="me",
        clock=clock,
        make_id=lambda: f"notice-{next(_NUMBERS):06}",
    )
    return replace(parts, **changes)


def attach(database: Database, monitor: Monitor, now: datetime) -> MonitorRow:
    """Return the row of `monitor`, registered at `now`."""
    return database.write(
        lambda tx: register_monitor(
            tx, monitor.id, identity=monitor.identity, config_fingerprint=monitor.fingerprint, now=now
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A monitor at work: move the clock, tick, and look at what is in the store."""

    parts: Parts
    clock: FakeClock
    source: FakeSource
    watch: Watch

    @property
    def monitor(self) -> Monitor:
        """The monitor."""
        return self.watch.monitor

    @property
    def channel(self) -> FakeChannel:
        """The channel `oncall`."""
        channel = self.parts.channels["oncall"]
        assert isinstance(channel, FakeChannel)
        return channel

    @property
    def trigger(self) -> FakeTrigger:
        """The trigger `ci`."""
        trigger = self.parts.triggers["ci"]
        assert isinstance(trigger, FakeTrigger)
        return trigger

    def plan(self) -> None:
        """Do what the daemon does at a planning tick."""
        plan_all(self.parts, [self.watch])

    def tick(self) -> int:
        """Plan and judge what is due at the present time; return how many windows were judged."""
        self.plan()
        return check_due(self.parts, [self.watch], stopping=lambda: False)

    def tick_at(self, moment: datetime) -> int:
        """Move the clock to `moment` and tick."""
        self.clock.move_to(moment)
        return self.tick()

    def live(self, story: str, *, first: int = 1) -> None:
        """Live through the days of `story`, one tick when each falls due."""
        tell_story(self.source, story, first=first)
        for number in range(first, first + len(story)):
            self.tick_at(due(number))

    def replay(self, first: int, last: int, notify: Notify = "none", *, again: bool = False) -> list[Seen]:
        """Judge days `first` to `last` on request."""
        windows = [day(number) for number in range(first, last + 1)]
        return list(replay_windows(self.parts, self.watch, windows, notify=notify, again=again))

    def verdicts(self) -> list[VerdictRow]:
        """Return the newest verdict on every window."""
        return self.parts.database.read(lambda tx: list_verdicts(tx, self.watch.row))

    def words(self) -> list[str]:
        """Return the word of every verdict, oldest window first."""
        return [row.verdict.word.value for row in self.verdicts()]

    def waiting(self) -> list[SlotRow]:
        """Return the windows that are due or worked on."""
        return self.parts.database.read(lambda tx: open_slots(tx, self.watch.row))

    def incidents(self, kind: IncidentKind | None = None) -> list[Incident]:
        """Return every incident, resolved ones too, oldest first; those of one kind only where given."""
        rows = self.parts.database.read(
            lambda tx: list_incidents(tx, include_resolved=True, monitor=self.watch.row)
        )
        found = [decode_incident(dict(row.document), id=row.id) for row in rows]
        return [incident for incident in found if kind in {None, incident.kind}]

    def events(self, incident: Incident) -> list[str]:
        """Return the kinds of the steps of an incident, in order."""
        number = incident.id or 0
        return [event.kind for event in self.parts.database.read(lambda tx: list_events(tx, number))]

    def deliveries(self) -> list[DeliveryRow]:
        """Return what was ever to be told, in the order in which it was queued."""
        return sorted(self.parts.database.read(list_deliveries), key=lambda row: row.id)

    def told(self) -> list[str]:
        """Return what was ever to be told as `opened`, `updated` or `resolved`, in order."""
        return [row.type.removeprefix("incident.") for row in self.deliveries()]

    def retrains(self) -> list[RetrainRow]:
        """Return every request for retraining, oldest first."""
        return self.parts.database.read(list_retrains)


def set_up(
    database: Database,
    *,
    now: datetime | None = None,
    source: FakeSource | None = None,
    parts: Sequence[tuple[str, Any]] = (),
    **changes: Any,
) -> Bench:
    """Return a monitor at work from noon of day 1, or from `now`, on; `changes` are those of the monitor."""
    clock = FakeClock(now or day(1).start + timedelta(hours=12))
    source = source or make_source()
    monitor = make_monitor(source, **changes)
    row = attach(database, monitor, clock.now())
    watch = ensure_reference(database, monitor, row, clock.now())
    return Bench(parts=make_parts(database, clock, **dict(parts)), clock=clock, source=source, watch=watch)
