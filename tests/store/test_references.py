from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from driftwatch.errors import StoreError, UsageError
from driftwatch.profiles.reference import Block, Reference
from driftwatch.store.database import Database
from driftwatch.store.monitors import begin_history
from driftwatch.store.references import (
    ReferenceState,
    find_former,
    list_references,
    load_reference,
    promote_reference,
    save_reference,
)
from driftwatch.store.tables import reference_counts
from tests.support.stored import NOW, build_reference, register, same_counts


def _save(database: Database, key: str, reference: Reference, state: ReferenceState) -> int:
    monitor = register(database, key)
    return database.write(
        lambda connection: save_reference(
            connection, monitor, reference, spec={"from": "2013-01-01"}, now=NOW, state=state
        )
    )


def test_a_reference_comes_back_bit_for_bit(database: Database) -> None:
    reference = build_reference()

    version = _save(database, "flights", reference, ReferenceState.ACTIVE)
    loaded = database.read(lambda connection: load_reference(connection, register(database)))

    assert loaded is not None
    assert (loaded.version, version) == (1, 1)
    assert loaded.skipped == reference.skipped
    assert list(loaded.grids) == list(reference.grids)
    for name, grid in reference.grids.items():
        assert loaded.grids[name].fingerprint == grid.fingerprint
    assert [block.window for block in loaded.blocks] == [block.window for block in reference.blocks]
    for block, other in zip(loaded.blocks, reference.blocks, strict=True):
        left, right = block.profile, other.profile
        assert (left.rows, left.absent, left.extra) == (right.rows, right.absent, right.extra)
        assert list(left.columns) == list(right.columns)
        assert all(same_counts(left.columns[name], right.columns[name]) for name in right.columns)
    assert [block.profile.rows for block in loaded.blocks] == [200, 0, 202]
    assert loaded.total.rows == reference.total.rows


def test_keys_are_kept_as_numbers_only(database: Database) -> None:
    reference = build_reference()
    _save(database, "flights", reference, ReferenceState.ACTIVE)

    loaded = database.read(lambda connection: load_reference(connection, register(database)))

    was = reference.blocks[0].profile.keys
    assert loaded is not None
    assert was is not None
    kept = loaded.blocks[0].profile.keys
    assert kept is not None
    assert (kept.level, kept.rows, kept.distinct) == (0, 200, was.distinct)
    assert (kept.hashes, kept.row_counts) == (None, None)


def test_a_reference_without_time_has_a_block_without_a_window(database: Database) -> None:
    timed = build_reference(blocks=1)
    reference = Reference(grids=timed.grids, blocks=(Block(window=None, profile=timed.blocks[0].profile),))

    _save(database, "flights", reference, ReferenceState.ACTIVE)
    loaded = database.read(lambda connection: load_reference(connection, register(database)))

    assert loaded is not None
    assert loaded.blocks[0].window is None


def test_a_candidate_judges_nothing_until_it_is_promoted(database: Database) -> None:
    _save(database, "flights", build_reference(1), ReferenceState.ACTIVE)
    _save(database, "flights", build_reference(2), ReferenceState.CANDIDATE)
    monitor = register(database)
    before = database.read(lambda connection: load_reference(connection, monitor))
    later = NOW + timedelta(days=3)

    promoted = database.write(lambda connection: promote_reference(connection, monitor, 2, later))

    renewed = register(database)
    after = database.read(lambda connection: load_reference(connection, renewed))
    assert (renewed.history, renewed.inherits, renewed.first_started_at) == (2, 1, later)
    assert (before and before.version, after and after.version) == (1, 2)
    assert (promoted.version, promoted.promoted_at, promoted.rows) == (2, later, 402)
    listed = database.read(lambda connection: list_references(connection, renewed))
    assert [(row.version, row.history, row.state) for row in listed] == [
        (1, 2, ReferenceState.RETIRED),
        (2, 2, ReferenceState.ACTIVE),
    ]
    assert listed[0].spec == {"from": "2013-01-01"}
    assert database.read(lambda connection: load_reference(connection, monitor, 1)) is not None


def test_a_retired_version_can_be_promoted_again(database: Database) -> None:
    _save(database, "flights", build_reference(1), ReferenceState.ACTIVE)
    _save(database, "flights", build_reference(2), ReferenceState.ACTIVE)
    monitor = register(database)

    former = database.read(lambda connection: find_former(connection, monitor))
    database.write(lambda connection: promote_reference(connection, monitor, 1, NOW))

    loaded = database.read(lambda connection: load_reference(connection, register(database)))
    assert (former and former.version, loaded and loaded.version) == (1, 1)


def test_whoever_promotes_second_is_told_that_it_is_another_history_by_now(database: Database) -> None:
    for state in (ReferenceState.ACTIVE, ReferenceState.CANDIDATE, ReferenceState.CANDIDATE):
        _save(database, "flights", build_reference(1), state)
    seen = register(database)
    database.write(lambda connection: promote_reference(connection, seen, 2, NOW))

    with pytest.raises(UsageError, match="flights has no reference version 3; its versions: none yet"):
        database.write(lambda connection: promote_reference(connection, seen, 3, NOW))
    with pytest.raises(UsageError, match="flights began another history in the meantime"):
        database.write(lambda connection: begin_history(connection, seen, NOW))


def test_promoting_an_unknown_version_lists_the_known_ones(database: Database) -> None:
    _save(database, "flights", build_reference(1), ReferenceState.ACTIVE)
    monitor = register(database)

    with pytest.raises(UsageError, match=r"flights has no reference version 7; its versions: 1 \(active\)"):
        database.write(lambda connection: promote_reference(connection, monitor, 7, NOW))


def test_monitors_number_their_references_apart(database: Database) -> None:
    assert _save(database, "a", build_reference(1), ReferenceState.ACTIVE) == 1
    assert _save(database, "b", build_reference(2), ReferenceState.ACTIVE) == 1


def test_damaged_counts_are_named(database: Database) -> None:
    _save(database, "flights", build_reference(), ReferenceState.ACTIVE)
    monitor = register(database)
    table = reference_counts
    damage = sa.update(table).where(table.c.block == 2, table.c.place == 1).values(counts=b"\x01Cxx")
    database.write(lambda connection: connection.execute(damage))

    with pytest.raises(StoreError, match=r"reference version 1 of flights, block 2, column 'origin '"):
        database.read(lambda connection: load_reference(connection, monitor))


def test_a_monitor_without_a_reference_has_none(database: Database) -> None:
    monitor = register(database)

    assert database.read(lambda connection: load_reference(connection, monitor)) is None
    assert database.read(lambda connection: load_reference(connection, monitor, 3)) is None
