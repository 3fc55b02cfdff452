from __future__ import annotations

from functools import partial

from driftwatch.incidents.finding import VerdictWord
from driftwatch.store.backlog import (
    Finished,
    GivenUp,
    find_next_open,
    list_finished,
    list_judged,
    sum_given_up,
)
from driftwatch.store.database import Database
from driftwatch.store.slots import plan_slots, skip_slot
from tests.support.stored import NOW, build_verdict, day, record, register


def test_the_next_open_window_is_the_first_after_it_that_waits(database: Database) -> None:
    monitor = register(database)
    database.write(lambda tx: plan_slots(tx, monitor, [(day(number), NOW) for number in range(4)]))
    database.write(lambda tx: skip_slot(tx, monitor, day(1), due_at=NOW, reason="missed"))

    found = [database.read(partial(find_next_open, monitor=monitor, window=day(n))) for n in (0, 2, 3)]

    assert found == [day(2), day(3), None]


def test_finished_windows_say_when_they_were_looked_at_first(database: Database) -> None:
    monitor, other = register(database), register(database, "other")
    for number, word in enumerate((VerdictWord.OK, VerdictWord.NOT_EVALUATED, VerdictWord.ERROR)):
        record(database, monitor, build_verdict(number, word))
    record(database, monitor, build_verdict(2, VerdictWord.OK))
    record(database, monitor, build_verdict(3))
    record(database, other, build_verdict(1))

    found = database.read(lambda tx: list_finished(tx, monitor, day(2), 9))

    assert found == [Finished(window=day(number), looked_at=NOW, finished_at=NOW) for number in (2, 0)]
    assert database.read(lambda tx: list_finished(tx, monitor, day(3), 1))[0].window == day(3)


def test_judged_windows_are_those_before_it_that_say_something(database: Database) -> None:
    monitor = register(database)
    words = (VerdictWord.OK, VerdictWord.DRIFT, VerdictWord.NO_DATA, VerdictWord.DATA, VerdictWord.OK)
    for number, word in enumerate(words):
        record(database, monitor, build_verdict(number, word))

    found = database.read(lambda tx: list_judged(tx, monitor, day(4), 2))

    assert found == [day(3).start, day(1).start]


def test_windows_given_up_are_summed_from_one_on(database: Database) -> None:
    monitor = register(database)
    for number in (1, 2, 4):
        record(database, monitor, build_verdict(number, VerdictWord.NOT_EVALUATED))
    record(database, monitor, build_verdict(3))

    found = database.read(lambda tx: sum_given_up(tx, monitor, day(2).start))

    assert found == GivenUp(windows=2, first=day(2).start, last=day(4).start)
    assert database.read(lambda tx: sum_given_up(tx, monitor, day(5).start)) is None
