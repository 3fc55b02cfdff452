from __future__ import annotations

import random
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
import sqlalchemy as sa

from driftwatch.store.database import Database
from driftwatch.store.feed import FeedRow, list_feed, read_newest
from driftwatch.store.incidents import EventRow, IncidentDraft, append_events, save_incident
from driftwatch.store.positions import take_positions
from tests.support.stored import NOW, day, register
from tests.support.waiting import wait_until

DRAFT = IncidentDraft(
    kind="drift", state="open", severity="major", document={}, opened_at=NOW, first_window=day(0).start
)
WRITERS, EACH = 6, 40
EVENT = EventRow(seq=1, kind="opened", reason="it moved", at=NOW)


def read_all(database: Database, after: int = 0) -> list[tuple[int, int]]:
    """Return incident and number of every event behind a position, read a few at a time."""
    found: list[tuple[int, int]] = []
    while rows := database.read(partial(list_feed, after=after, at_most=3)):
        found += [(row.incident_id, row.event.seq) for row in rows]
        after = rows[-1].position
    return found


def test_events_are_read_in_the_order_in_which_they_were_written(database: Database) -> None:
    monitor = register(database)
    numbers = [database.write(lambda tx: save_incident(tx, monitor, DRAFT)) for _ in range(2)]
    steps = [(place % 2, place // 2 + 1) for place in range(10)]

    for which, seq in steps:
        new = [replace(EVENT, seq=seq)]
        database.write(partial(append_events, incident_id=numbers[which], new=new))

    assert read_all(database) == [(numbers[which], seq) for which, seq in steps]
    (first, *_) = database.read(lambda tx: list_feed(tx, 0, at_most=1))
    assert (first.position, first.monitor_key, first.event) == (1, "flights", EVENT)
    assert database.read(read_newest) == 10
    assert database.read(lambda tx: list_feed(tx, 10, at_most=5)) == []


def test_what_is_undone_leaves_no_gap(database: Database) -> None:
    def fail(tx: sa.Connection) -> None:
        take_positions(tx, 3)
        raise ValueError

    database.write(lambda tx: take_positions(tx, 1))
    with suppress(ValueError):
        database.write(fail)

    assert list(database.write(lambda tx: take_positions(tx, 2))) == [2, 3]


def test_who_comes_later_waits_until_the_earlier_positions_are_there(database: Database) -> None:
    monitor = register(database)
    number = database.write(lambda tx: save_incident(tx, monitor, DRAFT))
    database.write(lambda tx: append_events(tx, number, [EVENT]))
    holds, goes_on, order = threading.Event(), threading.Event(), []

    def write_slowly(tx: sa.Connection) -> None:
        append_events(tx, number, [replace(EVENT, seq=2)])
        holds.set()
        assert goes_on.wait(30)
        order.append("slow")

    def write_at_once(tx: sa.Connection) -> None:
        append_events(tx, number, [replace(EVENT, seq=3)])
        order.append("fast")

    slow = threading.Thread(target=database.write, args=(write_slowly,))
    fast = threading.Thread(target=database.write, args=(write_at_once,))
    slow.start()
    assert holds.wait(30)
    fast.start()
    # The later one must not get by; nothing tells when it has not, so it is given a moment to.
    fast.join(0.3)
    assert (fast.is_alive(), read_all(database)) == (True, [(number, 1)])
    goes_on.set()
    slow.join(30)
    fast.join(30)

    assert order == ["slow", "fast"]
    assert read_all(database) == [(number, 1), (number, 2), (number, 3)]


@dataclass(slots=True, kw_only=True)
class Writer:
    """Writes so many events of one incident, each in a transaction of its own."""

    database: Database
    number: int
    failed: BaseException | None = None

    def work(self) -> None:
        try:
            for seq in range(1, EACH + 1):
                self.database.write(partial(self.write, seq=seq))
        except BaseException as error:
            self.failed = error
            raise

    def write(self, tx: sa.Connection, seq: int) -> None:
        append_events(tx, self.number, [replace(EVENT, seq=seq)])
        # What else a transaction does before it ends takes one longer than another.
        for _ in range(random.Random(self.number + seq).randrange(4)):
            tx.execute(sa.text("SELECT 1"))


@dataclass(slots=True, kw_only=True)
class Follower:
    """Asks behind what it has seen, again and again."""

    database: Database
    rows: list[FeedRow] = field(default_factory=list)

    def ask(self) -> int:
        """Return how many events it has seen by now."""
        after = self.rows[-1].position if self.rows else 0
        self.rows += self.database.read(lambda tx: list_feed(tx, after, at_most=7))
        return len(self.rows)


@pytest.mark.slow
def test_a_reader_beside_many_writers_passes_nothing_over(database: Database) -> None:
    monitor = register(database)
    numbers = [database.write(lambda tx: save_incident(tx, monitor, DRAFT)) for _ in range(WRITERS)]
    writers = [Writer(database=database, number=number) for number in numbers]
    threads = [threading.Thread(target=one.work) for one in writers]
    follower = Follower(database=database)

    for thread in threads:
        thread.start()
    wait_until(lambda: follower.ask() == WRITERS * EACH, 60)
    for thread in threads:
        thread.join(30)

    assert [one.failed for one in writers] == [None] * WRITERS
    assert [row.position for row in follower.rows] == list(range(1, WRITERS * EACH + 1))
    for number in numbers:
        seen = [row.event.seq for row in follower.rows if row.incident_id == number]
        assert seen == list(range(1, EACH + 1))
