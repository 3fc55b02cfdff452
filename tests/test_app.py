from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from driftwatch.app import App, open_app, open_store
from driftwatch.config.loading import Config
from driftwatch.errors import SourceError, StoreError, UsageError
from driftwatch.jobs.monitor import Monitor
from driftwatch.net.secrets import Secret
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.store import migrations
from driftwatch.store.monitors import list_monitors
from driftwatch.store.references import promote_reference
from driftwatch.store.tables import configs
from tests.support.clocks import FakeClock
from tests.support.config_files import SMALL, load_text
from tests.support.incidents import day
from tests.support.monitors import FakeChannel, FakeTrigger, draw_rows, due, make_monitor, make_source

NOW = due(1)


def configure(url: str, *monitors: Monitor, fingerprint: str = "config-1") -> Config:
    return Config(
        store_url=Secret.of_text(url),
        channels={"oncall": FakeChannel()},
        triggers={"ci": FakeTrigger()},
        monitors=monitors,
        fingerprint=fingerprint,
    )


Start = Callable[..., App]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def start(url: str) -> Iterator[Start]:
    opened: list[App] = []

    def start_with(*monitors: Monitor, fingerprint: str = "config-1") -> App:
        config = configure(url, *monitors, fingerprint=fingerprint)
        opened.append(open_app(config, clock=FakeClock(NOW)))
        return opened[-1]

    yield start_with
    for app in opened:
        app.close()


def detached(app: App) -> dict[str, bool]:
    return {row.key: row.detached_at is not None for row in app.database.read(list_monitors)}


def test_a_new_store_gets_its_tables(start: Start, url: str) -> None:
    app = start()

    assert migrations.check(url).ok
    assert app.database.read(list_monitors) == []


def test_a_configuration_file_can_be_put_to_work(tmp_path: Path) -> None:
    app = open_app(load_text(SMALL, folder=tmp_path))
    app.close()

    assert sorted(app.parts.channels) == ["hook", "log"]
    assert sorted(app.parts.triggers) == ["ci"]
    assert len(app.parts.make_id()) == 26


def test_an_outdated_store_is_refused_with_what_to_do(url: str) -> None:
    migrations.upgrade(url)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE driftwatch_version SET version_num = '0000'")
    engine.dispose()

    with pytest.raises(StoreError, match=r"0000.*`driftwatch db upgrade`"):
        open_store(configure(url))


def test_a_store_that_cannot_be_reached_is_an_error_without_its_password() -> None:
    with pytest.raises(StoreError) as error:
        open_store(configure("postgresql://me:canary@127.0.0.1:1/none"))

    assert "canary" not in str(error.value)
    assert "127.0.0.1" in str(error.value)


def test_an_unknown_monitor_is_an_error_that_lists_the_known_ones(start: Start) -> None:
    app = start(make_monitor(make_source()), make_monitor(make_source(), id="rides"))

    assert app.find_monitor("rides").id == "rides"
    with pytest.raises(
        UsageError, match="no monitor 'boats' in the configuration; there are: flights, rides"
    ):
        app.find_monitor("boats")


def test_a_monitor_is_known_to_the_store_from_its_first_start_on(start: Start) -> None:
    monitor = make_monitor(make_source())
    app = start(monitor)
    before = app.find_row(monitor)

    row = app.attach(monitor)

    assert before is None
    assert (row.key, row.history, row.first_started_at) == ("flights", 1, NOW)
    assert app.find_row(monitor) == row


def test_a_changed_identity_starts_a_new_history_and_says_so(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    monitor = make_monitor(make_source())
    app = start(monitor)
    app.attach(monitor)
    app.attach(replace(monitor, fingerprint="fingerprint-2"))
    quiet = caplog.text

    row = app.attach(replace(monitor, identity="identity-2"))

    assert quiet == ""
    assert row.history == 2
    assert "new history started monitor=flights history=2" in caplog.text


def test_watching_a_monitor_builds_its_reference_once(start: Start) -> None:
    source = make_source()
    monitor = make_monitor(source)
    app = start(monitor)

    first, second = app.watch(monitor), app.watch(monitor)

    assert (first.reference.version, second.reference.version) == (1, 1)
    assert len(source.requests) == 1


def test_a_watch_is_current_until_another_reference_is_promoted(start: Start) -> None:
    monitor = make_monitor(make_source())
    app = start(monitor)
    app.watch(monitor)
    spec = replace(monitor.reference, start=day(-6).start)
    watch = app.watch(replace(monitor, reference=spec))
    before = app.is_current(watch)

    app.database.write(lambda tx: promote_reference(tx, watch.row, 2, NOW))

    assert before
    assert not app.is_current(watch)
    assert app.is_current(app.watch(monitor))


def test_a_monitor_whose_reference_cannot_be_read_can_be_watched_later(start: Start) -> None:
    source = make_source()
    rows = source.rows[day(0)]
    source.rows[day(0)] = SourceError("the warehouse is away", again=True)
    monitor = make_monitor(source)
    app = start(monitor)
    with pytest.raises(SourceError):
        app.watch(monitor)

    source.rows[day(0)] = rows

    assert app.watch(monitor).reference.version == 1


def test_a_monitor_whose_new_reference_cannot_be_built_resumes_with_the_active_one(start: Start) -> None:
    source = make_source()
    monitor = make_monitor(source)
    app = start(monitor)
    assert app.resume(monitor) is None
    app.watch(monitor)
    changed = replace(monitor, columns=ColumnOptions(exclude=("nothing",)))
    for window in source.rows:
        source.rows[window] = SourceError("the warehouse is away", again=True)
    with pytest.raises(SourceError):
        app.watch(changed)

    resumed = app.resume(changed)

    assert resumed is not None
    assert resumed.reference.version == 1
    assert resumed.monitor == changed


def test_a_monitor_that_watches_other_data_has_no_reference_to_resume_with(start: Start) -> None:
    monitor = make_monitor(make_source())
    app = start(monitor)
    app.watch(monitor)

    assert app.resume(replace(monitor, identity="another")) is None


def test_odd_blocks_of_a_reference_for_other_data_are_warned_of_too(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    source = make_source()
    monitor = make_monitor(source)
    app = start(monitor)
    app.watch(monitor)
    source.rows[day(-9)] = draw_rows(-9, shift=2.0)

    app.watch(replace(monitor, identity="identity-2"))

    assert "odd blocks in the reference monitor=flights version=2 blocks=1" in caplog.text


def test_monitors_that_the_configuration_no_longer_names_are_detached_and_named_once(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    flights, rides = make_monitor(make_source()), make_monitor(make_source(), id="rides")
    app = start(flights, rides)
    app.attach(flights)
    app.attach(rides)

    without = app.replace_config(configure("", flights, fingerprint="config-2"))
    without.apply_config()
    without.apply_config()

    assert detached(app) == {"flights": False, "rides": True}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "monitor detached monitor=rides" in caplog.text


def test_a_detached_monitor_keeps_its_history_when_it_comes_back(start: Start) -> None:
    monitor = make_monitor(make_source())
    app = start(monitor)
    before = app.attach(monitor)
    app.replace_config(configure("")).apply_config()

    row = app.attach(monitor)

    assert detached(app) == {"flights": False}
    assert (row.id, row.history, row.first_started_at) == (before.id, 1, NOW)


def test_each_configuration_is_recorded_once_and_without_secrets(start: Start) -> None:
    app = start(make_monitor(make_source()))
    app.apply_config()
    app.parts.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]  # It is a fake one.
    app.apply_config()
    app.replace_config(configure("", fingerprint="config-2")).apply_config()

    rows = app.database.read(lambda tx: tx.execute(sa.select(configs).order_by(configs.c.fingerprint)).all())

    assert [(row.fingerprint, row.first_applied_at - NOW) for row in rows] == [
        ("config-1", timedelta(0)),
        ("config-2", timedelta(hours=1)),
    ]
    assert rows[0].summary == {
        "monitors": {"flights": "fingerprint-1"},
        "channels": ["oncall"],
        "triggers": ["ci"],
    }


def test_another_configuration_takes_over_the_open_store(start: Start, url: str) -> None:
    app = start(make_monitor(make_source()))
    config = configure(url, make_monitor(make_source(), id="rides"))

    after = app.replace_config(config)

    assert after.database is app.database
    assert after.parts.channels is config.channels
    assert after.find_monitor("rides").id == "rides"
