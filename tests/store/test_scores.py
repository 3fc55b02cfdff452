"""What the false-alarm budget remembers: one row a window, of one history, the newest judgement only."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from driftwatch.errors import StoreError
from driftwatch.store.database import Database
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.references import save_reference
from driftwatch.store.scores import (
    Ledger,
    keep_block_scores,
    list_scores,
    load_block_scores,
    load_calibration,
    read_ledger,
    record_calibration,
    record_scores,
    write_ledger,
)
from driftwatch.store.slots import plan_slots
from tests.support.stored import NOW, build_reference, day, register


@pytest.fixture
def monitor(database: Database) -> MonitorRow:
    row = register(database)
    database.write(lambda tx: plan_slots(tx, row, [(day(number), NOW) for number in range(6)]))
    return row


def keep(database: Database, monitor: MonitorRow, number: int, document: bytes, version: int = 1) -> None:
    database.write(lambda tx: record_scores(tx, monitor, day(number), version, document))


def listed(database: Database, monitor: MonitorRow, before: int, newest: int | None = None) -> list[bytes]:
    rows = database.read(lambda tx: list_scores(tx, monitor, before=day(before).start, newest=newest))
    return [row.document for row in rows]


def test_scores_come_back_oldest_first_with_their_window_and_reference(
    database: Database, monitor: MonitorRow
) -> None:
    for number in (2, 0, 1):
        keep(database, monitor, number, bytes([number, 0, 255]), version=number + 1)

    found = database.read(lambda tx: list_scores(tx, monitor, before=day(5).start))

    assert [(row.window, row.reference_version, row.document) for row in found] == [
        (day(number), number + 1, bytes([number, 0, 255])) for number in range(3)
    ]


def test_only_the_newest_before_a_time_are_listed(database: Database, monitor: MonitorRow) -> None:
    for number in range(5):
        keep(database, monitor, number, bytes([number]))

    assert listed(database, monitor, 4) == [b"\x00", b"\x01", b"\x02", b"\x03"]
    assert listed(database, monitor, 4, newest=2) == [b"\x02", b"\x03"]
    assert listed(database, monitor, 0) == []


def test_a_window_that_is_judged_again_has_the_new_scores_alone(
    database: Database, monitor: MonitorRow
) -> None:
    keep(database, monitor, 1, b"first")
    keep(database, monitor, 1, b"second", version=2)

    assert listed(database, monitor, 5) == [b"second"]


def test_every_history_has_scores_of_its_own(database: Database, monitor: MonitorRow) -> None:
    keep(database, monitor, 1, b"of the first")
    other = register(database, identity="i2")
    assert (other.id, other.history) == (monitor.id, monitor.history + 1)

    assert listed(database, other, 5) == []
    former = database.read(lambda tx: list_scores(tx, other, before=day(5).start, history=monitor.history))
    assert [row.document for row in former] == [b"of the first"]


def test_monitors_do_not_see_one_another(database: Database, monitor: MonitorRow) -> None:
    keep(database, monitor, 1, b"mine")

    assert listed(database, register(database, "other"), 5) == []


def test_scores_need_a_window_that_was_planned(database: Database, monitor: MonitorRow) -> None:
    with pytest.raises(StoreError):
        keep(database, monitor, 77, b"of nothing")


def calibrate(
    database: Database, monitor: MonitorRow, number: int, document: bytes, version: int = 1
) -> None:
    database.write(lambda tx: record_calibration(tx, monitor, day(number), version, document))


def test_the_calibration_of_a_window_is_the_newest_at_or_before_it(
    database: Database, monitor: MonitorRow
) -> None:
    for number in (0, 3):
        calibrate(database, monitor, number, bytes([number]))

    found = [
        database.read(lambda tx, n=number: load_calibration(tx, monitor, day(n), 1))  # type: ignore[misc]
        for number in (0, 2, 3, 5)
    ]

    assert found == [
        (day(0).start, b"\x00"),
        (day(0).start, b"\x00"),
        (day(3).start, b"\x03"),
        (day(3).start, b"\x03"),
    ]


def test_a_calibration_belongs_to_its_reference_and_its_history(
    database: Database, monitor: MonitorRow
) -> None:
    calibrate(database, monitor, 1, b"of version 1")

    def load(row: MonitorRow, version: int, number: int = 5) -> object:
        return database.read(lambda tx: load_calibration(tx, row, day(number), version))

    assert load(monitor, 2) is None
    assert load(monitor, 1, 0) is None
    assert load(register(database, identity="i2"), 1) is None


def test_a_calibration_that_is_made_again_takes_the_place_of_the_first(
    database: Database, monitor: MonitorRow
) -> None:
    calibrate(database, monitor, 1, b"first")
    calibrate(database, monitor, 1, b"second")

    assert database.read(lambda tx: load_calibration(tx, monitor, day(1), 1)) == (day(1).start, b"second")


def test_the_ledger_is_empty_before_the_first_window_and_then_the_last_written(
    database: Database, monitor: MonitorRow
) -> None:
    assert database.read(lambda tx: read_ledger(tx, monitor)) is None

    for ledger in (Ledger(level=1 / 30), Ledger(level=-0.0123456789012345, outdated=True)):
        database.write(lambda tx, one=ledger: write_ledger(tx, monitor, one))  # type: ignore[misc]
        assert database.read(lambda tx: read_ledger(tx, monitor)) == ledger


def test_a_new_history_has_a_promise_of_its_own(database: Database, monitor: MonitorRow) -> None:
    database.write(lambda tx: write_ledger(tx, monitor, Ledger(level=0.001)))

    assert database.read(lambda tx: read_ledger(tx, register_again(database))) is None
    assert database.read(lambda tx: read_ledger(tx, monitor)) == Ledger(level=0.001)


def register_again(database: Database) -> MonitorRow:
    return register(database, identity="i2")


def test_blocks_are_measured_once_a_version_and_the_first_to_do_so_wins(
    database: Database, monitor: MonitorRow
) -> None:
    database.write(lambda tx: save_reference(tx, monitor, build_reference(), spec={}, now=NOW))

    for document in (b"first", b"second"):
        database.write(lambda tx, one=document: keep_block_scores(tx, monitor, 1, one))  # type: ignore[misc]

    assert database.read(lambda tx: load_block_scores(tx, monitor, 1)) == b"first"
    assert database.read(lambda tx: load_block_scores(tx, monitor, 2)) is None


def test_what_is_written_in_a_transaction_that_fails_was_never_written(
    database: Database, monitor: MonitorRow
) -> None:
    def break_off(tx: sa.Connection) -> None:
        record_scores(tx, monitor, day(1), 1, b"scores")
        write_ledger(tx, monitor, Ledger(level=0.5))
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        database.write(break_off)

    assert listed(database, monitor, 5) == []
    assert database.read(lambda tx: read_ledger(tx, monitor)) is None
