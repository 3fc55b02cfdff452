from __future__ import annotations

import pytest
import sqlalchemy as sa

from driftwatch.errors import StoreError
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.statistics.catalogue import Statistic
from driftwatch.store.database import Database
from driftwatch.store.evidence import load_profile, load_statistics
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.tables import profiles, verdicts
from driftwatch.store.verdicts import Grain, list_verdicts
from tests.support.stored import (
    build_reference,
    build_verdict,
    count_rows,
    day,
    record,
    register,
    same_counts,
)


def _build_pinned(version: int = 1) -> Reference:
    built = build_reference()
    return Reference(grids=built.grids, blocks=built.blocks, version=version)


def _load(database: Database, monitor: MonitorRow, number: int, reference: Reference) -> Profile | None:
    return database.read(lambda connection: load_profile(connection, monitor, day(number), reference))


def test_the_counts_of_a_window_come_back_bit_for_bit_and_can_be_merged(database: Database) -> None:
    monitor, reference = register(database), _build_pinned()
    counted = [count_rows(dict(reference.grids), seed, 300) for seed in (7, 8)]
    for number, one in enumerate(counted):
        record(database, monitor, build_verdict(number), one)

    loaded = [_load(database, monitor, number, reference) for number in (0, 1)]

    for profile, original in zip(loaded, counted, strict=True):
        assert profile is not None
        assert (profile.rows, profile.absent, profile.extra) == (300, original.absent, original.extra)
        assert profile.keys is not None
        assert original.keys is not None
        assert profile.keys.repeated_share == original.keys.repeated_share
        assert list(profile.columns) == list(original.columns)
        assert all(same_counts(profile.columns[name], original.columns[name]) for name in original.columns)
    assert loaded[0] is not None
    assert loaded[1] is not None
    together, expected = loaded[0] + loaded[1], counted[0] + counted[1]
    assert all(same_counts(together.columns[name], expected.columns[name]) for name in expected.columns)


def test_the_counts_are_those_of_the_newest_revision(database: Database) -> None:
    monitor, reference = register(database), _build_pinned()
    for rows in (300, 310):
        profile = count_rows(dict(reference.grids), 7, rows)
        record(database, monitor, build_verdict(0, rows=rows), profile)

    loaded = database.read(lambda connection: load_profile(connection, monitor, day(0), reference))

    assert loaded is not None
    assert loaded.rows == 310


def test_no_counts_are_given_for_another_version_of_the_reference(database: Database) -> None:
    monitor, reference = register(database), _build_pinned()
    record(database, monitor, build_verdict(0, rows=50), count_rows(dict(reference.grids), 7, 50))

    assert _load(database, monitor, 0, _build_pinned(version=2)) is None


def test_a_window_that_was_not_read_has_no_counts(database: Database) -> None:
    monitor = register(database)
    record(database, monitor, build_verdict(0, rows=None))

    assert _load(database, monitor, 0, _build_pinned()) is None
    assert _load(database, monitor, 5, _build_pinned()) is None


def test_damaged_counts_name_window_and_column(database: Database) -> None:
    monitor, reference = register(database), _build_pinned()
    record(database, monitor, build_verdict(0, rows=50), count_rows(dict(reference.grids), 7, 50))
    damage = sa.update(profiles).where(profiles.c.place == 0).values(counts=b"\x01C")
    database.write(lambda connection: connection.execute(damage))

    with pytest.raises(StoreError, match=r"flights, window 2013-03-01T00:00:00Z/.*, column 'delay'"):
        _load(database, monitor, 0, reference)


def test_statistics_come_back_with_nan_and_infinities_unknown(database: Database) -> None:
    monitor = register(database)
    record(database, monitor, build_verdict(0))

    loaded = database.read(lambda connection: load_statistics(connection, monitor, day(0)))

    assert loaded == {
        "delay": {"ks": Statistic(value=0.1, low=0.05)},
        "origin ": {"psi": Statistic(value=None), "chi_square": Statistic(value=2.5)},
    }
    assert database.read(lambda connection: load_statistics(connection, monitor, day(4))) == {}


@pytest.mark.parametrize(
    ("grain", "is_given", "is_given_as_fine"),
    [(None, True, True), (Grain.COARSE, True, False), (Grain.GONE, False, False)],
)
def test_coarse_counts_are_no_fine_ones_and_those_that_are_gone_are_none(
    database: Database, grain: Grain | None, is_given: bool, is_given_as_fine: bool
) -> None:
    monitor, reference = register(database), _build_pinned()
    record(database, monitor, build_verdict(0, rows=50), count_rows(dict(reference.grids), 7, 50))
    database.write(lambda connection: connection.execute(sa.update(verdicts).values(grain=grain)))

    given = _load(database, monitor, 0, reference)
    fine = database.read(lambda tx: load_profile(tx, monitor, day(0), reference, only_fine=True))

    assert (given is not None, fine is not None) == (is_given, is_given_as_fine)
    assert database.read(lambda tx: list_verdicts(tx, monitor))[0].grain is grain
