from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from driftwatch.jobs.heartbeat import Beat, beat
from driftwatch.jobs.readiness import list_obstacles
from driftwatch.jobs.replicas import apply_fingerprint
from driftwatch.store.database import Database
from driftwatch.store.outbox import DeliveryDraft, queue_delivery
from driftwatch.store.slots import plan_slots
from tests.support.incidents import day
from tests.support.monitors import due, set_up

NOW = due(1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def live(database: Database, **changes: object) -> None:
    database.write(partial(apply_fingerprint, fingerprint="config-1"))
    beat(database, Beat(**{"at": NOW, "owner": "a", "config": "config-1", **changes}))  # type: ignore[arg-type]


def ask(database: Database, after: timedelta = timedelta(0)) -> tuple[str, ...]:
    return database.read(lambda tx: list_obstacles(tx, NOW + after))


def test_a_daemon_that_was_just_seen_and_has_nothing_to_do_is_ready(database: Database) -> None:
    live(database)

    assert ask(database, 29 * SECOND) == ()


def test_without_a_daemon_nothing_is_ready(store: Database) -> None:
    assert ask(store) == ("no daemon was seen: is `driftwatch serve` running?",)


def test_a_daemon_that_was_not_seen_for_half_a_minute_is_not_ready(store: Database) -> None:
    live(store, offset=timedelta(hours=1))

    assert ask(store, 3 * MINUTE) == ("no daemon was seen for 3 minutes: is `driftwatch serve` running?",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"offset": 61 * SECOND}, "behind the store's"),
        ({"offset": -61 * SECOND}, "ahead of the store's"),
        ({"jump": timedelta(days=1)}, "the time of day jumped"),
        ({"config": "config-0"}, "under another configuration"),
    ],
)
def test_what_keeps_a_daemon_from_its_work_is_named(
    store: Database, changes: dict[str, object], said: str
) -> None:
    live(store, **changes)

    (obstacle,) = ask(store)
    assert said in obstacle


def test_a_minute_between_two_clocks_is_allowed(store: Database) -> None:
    live(store, offset=60 * SECOND)

    assert ask(store) == ()


def test_a_window_that_waits_for_a_quarter_of_an_hour_is_named(store: Database) -> None:
    bench = set_up(store)
    store.write(lambda tx: plan_slots(tx, bench.watch.row, [(day(1), NOW - 15 * MINUTE)]))
    live(store)

    assert ask(store) == ()
    assert ask(store, SECOND) == ("a window of flights has waited 15 minutes to be judged",)


def test_a_notice_that_waits_for_a_quarter_of_an_hour_is_named(store: Database) -> None:
    draft = DeliveryDraft(channel="oncall", type="delivery.test", body="{}")
    store.write(lambda tx: queue_delivery(tx, draft, make_id=lambda: "1", now=NOW - 15 * MINUTE))
    live(store)

    assert ask(store) == ()
    assert ask(store, SECOND) == ("a notice has waited 15 minutes to get out",)
