from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from driftwatch.errors import StoreError
from driftwatch.net.engines import open_engine
from driftwatch.store import migrations
from driftwatch.store.database import open_database
from driftwatch.store.feed import list_feed
from driftwatch.store.meta import read_meta
from driftwatch.store.pages import WantedIncidents, page_incidents
from driftwatch.store.positions import take_positions
from driftwatch.store.tables import SCHEMA_REVISION, VERSION_TABLE, metadata
from tests.support.databases import create_url, drop_url


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    url = create_url(request.param, tmp_path)
    yield url
    drop_url(url)


def _run(url: str, *statements: str) -> None:
    engine = open_engine(url, purpose="store")
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def _list_tables(url: str) -> set[str]:
    engine = open_engine(url, purpose="store")
    with engine.connect() as connection:
        names = set(sa.inspect(connection).get_table_names())
    engine.dispose()
    return names


def test_the_migrated_database_and_the_models_are_the_same(store_url: str) -> None:
    engine = open_engine(store_url, purpose="store")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": VERSION_TABLE}
        )

        differences = compare_metadata(context, metadata)
    engine.dispose()

    assert differences == []


@pytest.mark.parametrize("store_url", ["mariadb"], indirect=True)
def test_every_text_on_mariadb_has_the_binary_collation(store_url: str) -> None:
    engine = open_engine(store_url, purpose="store")
    with engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT DISTINCT collation_name FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND collation_name IS NOT NULL "
            f"AND table_name <> '{VERSION_TABLE}'"
        ).scalars()
        collations = set(found)
    engine.dispose()

    assert collations == {"utf8mb4_bin"}


def test_an_upgrade_creates_the_store_and_a_downgrade_removes_it(fresh_url: str) -> None:
    before = migrations.check(fresh_url)
    upgraded = migrations.upgrade(fresh_url)
    again = migrations.upgrade(fresh_url)
    downgraded = migrations.downgrade(fresh_url)
    left = _list_tables(fresh_url)
    migrations.upgrade(fresh_url)

    assert (before.current, before.ok) == (None, False)
    assert (upgraded.current, upgraded.ok, upgraded) == (SCHEMA_REVISION, True, again)
    assert downgraded.current is None
    assert left == {VERSION_TABLE}
    assert set(metadata.tables) <= _list_tables(fresh_url)


def test_a_check_creates_nothing(tmp_path: Path) -> None:
    state = migrations.check(f"sqlite:///{tmp_path}/new.db")

    assert state.current is None
    assert list(tmp_path.iterdir()) == []


def test_the_revision_the_code_asks_for_is_the_newest_migration(store_url: str) -> None:
    assert migrations.check(store_url).head == SCHEMA_REVISION


def test_an_upgrade_that_was_interrupted_is_finished_by_the_next(fresh_url: str) -> None:
    migrations.upgrade(fresh_url)
    _run(
        fresh_url,
        f"DELETE FROM {VERSION_TABLE}",
        "INSERT INTO meta (name, value) VALUES ('kept', 'yes')",
        "DROP TABLE retrains",
        "DROP TABLE attempts",
        "DROP INDEX ix_deliveries_due" + (" ON deliveries" if fresh_url.startswith("mysql") else ""),
    )

    state = migrations.upgrade(fresh_url)

    assert state.ok
    opened = open_database(fresh_url)
    assert opened.read(lambda connection: read_meta(connection, "kept")) == "yes"
    opened.close()
    test_the_migrated_database_and_the_models_are_the_same(fresh_url)


def test_what_happened_before_there_was_an_order_is_ordered_by_when_it_happened(fresh_url: str) -> None:
    migrations.upgrade(fresh_url, "0009")
    event = "INSERT INTO events (incident_id, seq, kind, reason, at) VALUES ({}, {}, 'opened', 'x', {})"
    _run(
        fresh_url,
        "INSERT INTO monitors (id, monitor_key, identity, config_fingerprint, history, first_started_at) "
        "VALUES (1, 'flights', 'i', 'c', 1, 0)",
        *(
            "INSERT INTO incidents (id, monitor_id, history, kind, state, severity, document, version) "
            f"VALUES ({number}, 1, 1, 'drift', 'open', 'major', '{{}}', 1)"
            for number in (1, 2)
        ),
        *(event.format(*key) for key in ((1, 1, 10), (1, 2, 30), (2, 1, 20), (2, 2, 30))),
    )

    migrations.upgrade(fresh_url)

    with closing(open_database(fresh_url)) as database:
        rows = database.read(lambda tx: list_feed(tx, 0, at_most=9))
        assert [(row.position, row.incident_id, row.event.seq) for row in rows] == [
            (1, 1, 1),
            (2, 2, 1),
            (3, 1, 2),
            (4, 2, 2),
        ]
        assert list(database.write(lambda tx: take_positions(tx, 1))) == [5]


def test_incidents_of_before_are_found_by_their_words_too(fresh_url: str) -> None:
    migrations.upgrade(fresh_url, "0010")
    document = r'{"column": "Gr\u00f6\u00dfe", "members": [{"text": "fare moved", "value": 0.3}]}'
    stored = document.replace("\\", "\\\\") if fresh_url.startswith("mysql") else document
    _run(
        fresh_url,
        "INSERT INTO monitors (id, monitor_key, identity, config_fingerprint, history, first_started_at) "
        "VALUES (1, 'flights', 'i', 'c', 1, 0)",
        "INSERT INTO incidents "
        "(id, monitor_id, history, kind, state, severity, version, opened_at, document) "
        f"VALUES (1, 1, 1, 'drift', 'open', 'major', 1, 1, '{stored}')",
    )

    migrations.upgrade(fresh_url)

    with closing(open_database(fresh_url)) as database:
        found = {
            text: database.read(partial(page_incidents, wanted=WantedIncidents(text=text), at_most=9))[1]
            for text in ("größe", "FARE", "members")
        }
        assert found == {"größe": 1, "FARE": 1, "members": 0}


def test_processes_that_upgrade_at_once_do_not_disturb_each_other(fresh_url: str) -> None:
    states: list[migrations.SchemaState] = []
    rivals = [threading.Thread(target=lambda: states.append(migrations.upgrade(fresh_url))) for _ in range(2)]

    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()

    assert [state.ok for state in states] == [True, True]


@pytest.mark.parametrize("fresh_url", ["postgresql", "mariadb"], indirect=True)
def test_a_table_of_another_program_stops_the_upgrade(fresh_url: str) -> None:
    _run(fresh_url, "CREATE TABLE incidents (number INTEGER PRIMARY KEY)")

    with pytest.raises(StoreError, match="table 'incidents' of another program"):
        migrations.upgrade(fresh_url)


def test_a_foreign_sqlite_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
        connection.commit()
    before = file.read_bytes()

    with pytest.raises(StoreError, match="belongs to another program"):
        migrations.upgrade(f"sqlite:///{file}")

    with pytest.raises(StoreError, match="belongs to another program"):
        open_database(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("bread, milk, eggs\n" * 100)

    with pytest.raises(StoreError, match=r"notes\.txt cannot be used as a store: file is not a database"):
        migrations.upgrade(f"sqlite:///{file}")


def test_a_store_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    migrations.upgrade(f"sqlite:///{tmp_path}/store.db")

    assert (tmp_path / "store.db").stat().st_mode & 0o777 == 0o600


def test_a_store_without_tables_is_told_how_to_get_them(fresh_url: str) -> None:
    if fresh_url.startswith("sqlite"):
        with closing(sqlite3.connect(fresh_url.removeprefix("sqlite:///"))):
            pass

    with pytest.raises(StoreError, match=r"driftwatch db upgrade"):
        open_database(fresh_url)


@pytest.mark.parametrize("fresh_url", ["sqlite"], indirect=True)
def test_a_store_of_a_newer_version_is_not_upgraded(fresh_url: str) -> None:
    migrations.upgrade(fresh_url)
    _run(fresh_url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")

    with pytest.raises(StoreError, match="newer driftwatch"):
        migrations.upgrade(fresh_url)


def test_an_installed_package_finds_the_migrations_inside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(Path(__file__).parents[2] / "alembic", tmp_path / "driftwatch" / "_migrations")
    monkeypatch.setattr(migrations, "__file__", str(tmp_path / "driftwatch" / "store" / "migrations.py"))

    state = migrations.upgrade(f"sqlite:///{tmp_path}/store.db")

    assert state.ok


def test_an_installation_without_migrations_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(migrations, "__file__", str(tmp_path / "driftwatch" / "store" / "migrations.py"))

    with pytest.raises(StoreError, match="migrations are missing"):
        migrations.check(f"sqlite:///{tmp_path}/store.db")
