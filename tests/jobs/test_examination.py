from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from driftwatch.jobs.backup import back_up_store
from driftwatch.jobs.checks import Check
from driftwatch.jobs.clock import SystemClock
from driftwatch.jobs.examination import Patient, examine, find_filesystem
from driftwatch.jobs.heartbeat import Beat, beat
from driftwatch.store import migrations
from driftwatch.store.database import Database
from driftwatch.store.tables import metadata
from tests.support.clocks import FakeClock
from tests.support.databases import create_url, drop_url
from tests.support.monitors import make_monitor, make_parts, make_source

MOUNTS = """\
/dev/a / ext4 rw 0 0
tmpfs /srv tmpfs rw 0 0
host:/b /srv/data nfs4 rw 0 0
/dev/c /srv/my\\040data xfs rw 0 0
/dev/d /srv/data/local btrfs rw 0 0
host:/e /srv/data/local cifs rw 0 0
"""


def make_patient(url: str, folder: Path) -> Patient:
    config = folder / "driftwatch.yaml"
    config.touch(mode=0o600)
    return Patient(
        config=config,
        fingerprint="c1",
        store_url=url,
        channels={},
        triggers={},
        monitors=[make_monitor(make_source())],
    )


def look(patient: Patient, clock: FakeClock | SystemClock) -> Mapping[str, Check]:
    return {check.name: check for check in examine(patient, clock)}


def count_rows(database: Database) -> dict[str, int]:
    def count(tx: sa.Connection) -> dict[str, int]:
        return {
            name: tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }

    return database.read(count)


def test_a_store_is_examined_and_nothing_is_changed(
    database: Database, store_url: str, tmp_path: Path
) -> None:
    clock = SystemClock()
    patient, now = make_patient(store_url, tmp_path), clock.now()
    beat(database, Beat(at=now, owner="me:1", config="c1"))
    back_up_store(make_parts(database, FakeClock(now)), store_url, tmp_path / "backup.db")
    before = count_rows(database)

    found = look(patient, clock)

    own = {"sqlite": {"sqlite", "journal", "filesystem", "permissions", "disk", "integrity"}}.get(
        database.dialect, {"server", "encoding", "isolation", "pooler"}
    )
    watched = {"backup", "daemon", "outbox", "access"}
    ours = {"configuration", "time zones", "store", "schema", "clock"} | watched
    assert set(found) == own | ours | {"source of flights"}
    environment = {"sqlite", "filesystem", "disk", "time zones"}
    assert {n: c.text for n, c in found.items() if c.health != "ok" and n not in environment} == {}
    assert count_rows(database) == before


def test_a_clock_that_is_off_is_told(database: Database, store_url: str, tmp_path: Path) -> None:
    patient = make_patient(store_url, tmp_path)

    found = look(patient, FakeClock(datetime.now(UTC) + timedelta(minutes=5)))

    assert found["clock"].health == "trouble"
    assert "behind" in found["clock"].text


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_a_store_without_tables_or_of_another_revision_is_trouble_and_stays_as_it_is(
    kind: str, tmp_path: Path
) -> None:
    url = create_url(kind, tmp_path)
    patient = make_patient(url, tmp_path)
    try:
        empty = look(patient, SystemClock())
        made = migrations.check(url).current
        migrations.upgrade(url, "0003")
        old = look(patient, SystemClock())
    finally:
        drop_url(url)

    assert made is None
    assert empty["schema"].health == old["schema"].health == "trouble"
    assert old["schema"].advice == "driftwatch db upgrade"
    assert "store" not in old
    assert old["source of flights"].health == "ok"


def test_a_store_out_of_reach_is_trouble_and_its_password_is_not_told(tmp_path: Path) -> None:
    patient = make_patient("postgresql://ann:hunter2@127.0.0.1:9/store", tmp_path)

    found = look(patient, SystemClock())

    assert found["store"].health == "trouble"
    assert "127.0.0.1:9" in found["store"].text
    assert not any("hunter2" in check.text + check.advice for check in found.values())


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/store.db", "ext4"),
        ("/srv/store.db", "tmpfs"),
        ("/srv/data/store.db", "nfs4"),
        ("/srv/database/store.db", "tmpfs"),
        ("/srv/my data/store.db", "xfs"),
        ("/srv/data/local/deep/store.db", "cifs"),
    ],
)
def test_a_file_lies_on_what_is_mounted_last_nearest_to_it(path: str, kind: str) -> None:
    assert find_filesystem(Path(path), MOUNTS) == kind


def test_without_a_list_of_mounts_the_file_system_is_unknown() -> None:
    assert find_filesystem(Path("/srv/store.db"), "") is None
