"""The main job from file to receiver, on every kind of store: real files, real databases, real HTTP.

The days: a quiet reference of two weeks; then two quiet days, four on which `amount` has moved, one without
rows, and quiet days again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from standardwebhooks import Webhook

from driftwatch.app import App, open_app
from driftwatch.config.loading import load_config
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.live import check_due, plan_all
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.retrain import request_due
from driftwatch.jobs.status import read_status
from driftwatch.store.database import Database
from driftwatch.store.outbox import DeliveryRow, list_deliveries
from driftwatch.store.verdicts import VerdictRow, list_verdicts
from tests.support.clocks import FakeClock
from tests.support.databases import empty_database
from tests.support.receiver import Received, Receiver, answer, serve

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
DAY = timedelta(days=1)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = 400
REFERENCE_DAYS, QUIET, MOVED, GAP = 14, 2, 4, 1
MOVED_FROM = FIRST + DAY * (REFERENCE_DAYS + QUIET)
GAP_AT = MOVED_FROM + DAY * MOVED
RECOVERED_FROM = GAP_AT + DAY * GAP

CONFIG = """\
version: 1
store: {{url: "{store}"}}
channels:
  hook: {{kind: webhook, url: "{receiver}/hook", secret: "{secret}"}}
  chat: {{kind: slack, url: "{receiver}/slack"}}
triggers:
  ci: {{kind: http, url: "{receiver}/retrain", secret: "{secret}"}}
monitors:
  - id: orders
    title: Orders
    source: {{kind: files, path: "{folder}/*.parquet", time_column: t}}
    window: 1d
    delay: 1h
    reference: {{from: 2024-01-01, to: 2024-01-15}}
    key: [id]
    patience: 2
    reminders: []
    resolve_after: 3
    freshness: {{warn_after: 30m, page_after: 12h}}
    model: {{name: spend, version: "7"}}
    notify: [hook, chat]
    retrain: {{trigger: ci, when: [drift], after: 2, cooldown: 7d}}
"""


def write_day(folder: Path, day: datetime, *, moved: bool) -> None:
    number = (day - FIRST).days
    rng = np.random.default_rng(number)
    seconds = np.sort(rng.integers(0, 86_400, ROWS))
    rows = {
        "t": pa.array(
            [day + timedelta(seconds=int(second)) for second in seconds], pa.timestamp("us", "UTC")
        ),
        "id": np.arange(ROWS) + number * ROWS,
        "amount": rng.normal(60 if moved else 50, 10, ROWS),
        "plan": rng.choice(["basic", "plus", "pro"], ROWS),
    }
    pq.write_table(pa.table(rows), folder / f"{day:%Y-%m-%d}.parquet")


@dataclass(frozen=True, kw_only=True)
class World:
    """A daemon's ticks, moved by hand."""

    app: App
    clock: FakeClock
    watch: Watch
    receiver: Receiver

    def live_through(self, day: datetime) -> None:
        """Let `day` pass: its window falls due, the ticks come, and come again at noon."""
        for moment in (
            day + DAY + timedelta(hours=1, minutes=1),
            day + DAY + timedelta(hours=13, minutes=30),
        ):
            self.clock.move_to(moment)
            self.tick()

    def tick(self) -> None:
        parts, watches = self.app.parts, [self.watch]
        plan_all(parts, watches)
        while check_due(parts, watches, stopping=lambda: False):
            pass
        plan_all(parts, watches)
        deliver_due(parts)
        request_due(parts)

    def received(self, path: str) -> list[Received]:
        return [one for one in self.receiver.requests if one.path == path]

    def hooks(self) -> list[dict[str, Any]]:
        return [json.loads(one.body) for one in self.received("/hook")]


@contextmanager
def open_world(store_url: str, folder: Path) -> Iterator[World]:
    for number in range(REFERENCE_DAYS):
        write_day(folder, FIRST + DAY * number, moved=False)
    with serve(answer(200, body=b"ok")) as receiver:
        file = folder / "driftwatch.yaml"
        text = CONFIG.format(store=store_url, receiver=receiver.url, secret=SECRET, folder=folder)
        file.write_text(text, encoding="utf-8")
        clock = FakeClock(FIRST + DAY * REFERENCE_DAYS + timedelta(hours=2))
        app = open_app(load_config(file), clock=clock)
        watch = app.watch(app.find_monitor("orders"))
        yield World(app=app, clock=clock, watch=watch, receiver=receiver)
        app.close()


@dataclass(frozen=True, kw_only=True)
class Lived:
    """What the whole story left behind."""

    requests: list[Received]
    verdicts: list[VerdictRow]
    deliveries: list[DeliveryRow]

    def received(self, path: str) -> list[Received]:
        return [one for one in self.requests if one.path == path]

    def hooks(self) -> list[dict[str, Any]]:
        return [json.loads(one.body) for one in self.received("/hook")]


@pytest.fixture(scope="module")
def lived(_opened: Database, store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The whole story, lived once for each kind of store."""
    folder = tmp_path_factory.mktemp("story")
    with open_world(store_url, folder) as world:
        live_the_story(world, folder, QUIET + MOVED + GAP + 4)
        found = Lived(
            requests=list(world.receiver.requests),
            verdicts=_opened.read(lambda tx: list_verdicts(tx, world.watch.row)),
            deliveries=_opened.read(list_deliveries),
        )
    empty_database(_opened)
    return found


@pytest.fixture
def world(database: Database, store_url: str, tmp_path: Path) -> Iterator[World]:
    """A world at its beginning, on an empty store."""
    with open_world(store_url, tmp_path) as fresh:
        yield fresh


def live_the_story(world: World, folder: Path, until: int) -> None:
    for number in range(until):
        day = FIRST + DAY * (REFERENCE_DAYS + number)
        if day != GAP_AT:
            write_day(folder, day, moved=MOVED_FROM <= day < GAP_AT)
        world.live_through(day)


def test_drift_opens_one_incident_after_patience_a_gap_holds_it_and_recovery_resolves_it(
    lived: World,
) -> None:
    told = [(hook["type"], hook["data"]["incident"]["kind"]) for hook in lived.hooks()]
    drift = [
        hook["data"]["incident"] for hook in lived.hooks() if hook["data"]["incident"]["kind"] == "drift"
    ]

    second_moved, third_clean = MOVED_FROM + DAY, RECOVERED_FROM + 2 * DAY
    assert told == [
        ("incident.opened", "drift"),
        ("incident.opened", "freshness"),
        ("incident.resolved", "freshness"),
        ("incident.resolved", "drift"),
    ]
    assert drift[0]["first_window"] == f"{MOVED_FROM:%Y-%m-%dT%H:%M:%SZ}"
    assert drift[0]["opened_at"][:10] == f"{second_moved + DAY:%Y-%m-%d}"
    assert [column["column"] for column in drift[0]["columns"]] == ["amount"]
    assert drift[1]["resolved_at"][:10] == f"{third_clean + DAY:%Y-%m-%d}"
    assert drift[0]["id"] == drift[1]["id"]


def test_the_window_without_rows_is_no_data_and_never_ok(lived: Lived) -> None:
    words = [row.verdict.word.value for row in lived.verdicts]

    assert words == ["ok"] * QUIET + ["drift"] * MOVED + ["no_data"] * GAP + ["ok"] * 4


def test_everything_that_is_told_is_told_once_signed_on_every_channel(lived: Lived) -> None:
    hooks = lived.received("/hook")

    assert all(is_signed(hook) for hook in hooks)
    assert len({hook.headers["webhook-id"] for hook in hooks}) == len(hooks) == 4
    assert len(lived.received("/slack")) == 4
    assert {(row.state.value, row.attempts) for row in lived.deliveries} == {("delivered", 1)}


def is_signed(request: Received) -> bool:
    # The clock of the test stands in 2024: what is checked is the signature, not its age.
    stamp = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    message_id = request.headers["webhook-id"]
    made = Webhook(SECRET).sign(msg_id=message_id, timestamp=stamp, data=request.body.decode())
    return bool(made == request.headers["webhook-signature"])


def test_retraining_is_requested_once_with_its_key(lived: Lived) -> None:
    asked = lived.received("/retrain")

    assert len(asked) == 1
    body = json.loads(asked[0].body)
    assert body["type"] == "retrain.requested"
    assert body["data"]["model"] == {"name": "spend", "version": "7"}
    assert asked[0].headers["idempotency-key"] == body["data"]["retrain"]["key"]
    assert is_signed(asked[0])


def test_a_monitor_in_a_gap_is_never_shown_as_healthy(world: World, tmp_path: Path) -> None:
    live_the_story(world, tmp_path, QUIET)
    healthy = read_status(world.app.database, world.app.config.monitors, world.clock.now()).healthy

    world.live_through(FIRST + DAY * (REFERENCE_DAYS + QUIET))
    in_gap = read_status(world.app.database, world.app.config.monitors, world.clock.now())

    assert healthy
    assert not in_gap.healthy
    assert in_gap.monitors[0].verdict == "no_data"


def test_a_daemon_that_was_down_catches_up_in_order_and_tells_the_same(world: World, tmp_path: Path) -> None:
    for number in range(QUIET + MOVED):
        day = FIRST + DAY * (REFERENCE_DAYS + number)
        write_day(tmp_path, day, moved=day >= MOVED_FROM)
    world.clock.move_to(MOVED_FROM + DAY * MOVED + timedelta(hours=1, minutes=1))

    world.tick()

    rows = world.app.database.read(lambda tx: list_verdicts(tx, world.watch.row))
    assert [row.verdict.word.value for row in rows] == ["ok"] * QUIET + ["drift"] * MOVED
    assert [hook["type"] for hook in world.hooks()] == ["incident.opened"]
