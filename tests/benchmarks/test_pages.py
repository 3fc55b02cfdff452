"""How long a page takes to be built, and how heavy it is: 300 monitors, 30,000 windows, 2,000 incidents.

The target is a median of 150 ms and 100 KB a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from driftwatch.app import App
from driftwatch.config.loading import Config
from driftwatch.incidents.codec import encode_incident
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.incident import IncidentState
from driftwatch.net.secrets import Secret
from driftwatch.profiles.counts import count_numbers
from driftwatch.profiles.grid import NumberGrid, build_number_grid
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Block, Reference
from driftwatch.statistics import entries
from driftwatch.statistics.catalogue import Statistic
from driftwatch.store import migrations
from driftwatch.store.database import Database, open_database
from driftwatch.store.delivery import DeliveryDraft
from driftwatch.store.incidents import EventRow, IncidentDraft, append_events, save_incident
from driftwatch.store.monitors import MonitorRow, register_monitor
from driftwatch.store.outbox import queue_delivery
from driftwatch.store.references import ReferenceState, save_reference
from driftwatch.store.slots import plan_slots
from driftwatch.store.verdicts import Judgement, record_verdict
from driftwatch.web.site import build_site
from tests.support.clocks import FakeClock
from tests.support.incidents import day, make_incident
from tests.support.monitors import make_monitor, make_parts, make_source
from tests.support.stored import make_ids

MONITORS, WINDOWS, INCIDENTS, OPEN, COLUMNS = 300, 100, 2000, 60, 20
HEAVIEST = 100_000
NOW = day(WINDOWS).end
WORDS = (VerdictWord.OK, VerdictWord.DRIFT, VerdictWord.NO_DATA, VerdictWord.OK, VerdictWord.ERROR)
STATISTICS = {
    f"x{number:02}": {name: Statistic(value=0.1234567) for name in ("ks", "psi", "moved_share")}
    for number in range(COLUMNS)
}
NAMES = [one.name for one in entries("number")]
PAGES = [
    "/",
    "/?page=6",
    "/monitors/m000",
    "/monitors/m000/columns/x00",
    "/monitors/m000/columns/x01?at=2013-03-20",
    "/incidents?state=all",
    "/incidents?state=all&page=40",
    "/incidents/1000",
    "/incidents/1201",
    "/deliveries",
    "/deliveries?page=20",
    "/silences",
    "/silences/new",
    "/digest",
    "/digest?week=last",
    "/incidents?free=true",
    "/incidents?q=x03&state=all",
    "/references",
    "/references/m000",
    "/settings",
    "/help",
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    database = _fill(tmp_path_factory.mktemp("pages"))
    source = make_source()
    monitors = tuple(
        make_monitor(source, id=f"m{number:03}", title=f"Model number {number}", owner=f"team {number % 7}")
        for number in range(MONITORS)
    )
    config = Config(
        store_url=Secret.of_text("sqlite://"), channels={}, triggers={}, monitors=monitors, fingerprint="f"
    )
    app = App(config=config, parts=make_parts(database, FakeClock(NOW)))
    yield TestClient(build_site(lambda: app), base_url="http://localhost")
    database.close()


def _fill(folder: Path) -> Database:
    url = f"sqlite:///{folder / 'store.db'}"
    migrations.upgrade(url)
    database = open_database(url)
    rows = [database.write(partial(_fill_monitor, number=number)) for number in range(MONITORS)]
    database.write(partial(_fill_columns, row=rows[0]))
    make_id = make_ids()

    def fill_incidents(tx: sa.Connection) -> None:
        for number in range(INCIDENTS):
            _fill_incident(tx, rows[number % MONITORS], number, make_id)

    database.write(fill_incidents)
    return database


def _fill_monitor(tx: sa.Connection, number: int) -> MonitorRow:
    row = register_monitor(tx, f"m{number:03}", identity="i", config_fingerprint="c", now=day(0).start)
    plan_slots(tx, row, [(day(place), day(place).end) for place in range(WINDOWS)])
    judgement = Judgement(finished_at=NOW, seconds=0.1, token=1)
    for place in range(WINDOWS):
        # The worst of strips: hardly two marks alike beside one another.
        word = WORDS[(place + number) % len(WORDS)]
        statistics = STATISTICS if place > WINDOWS - 5 else {}
        verdict = Verdict(
            window=day(place), word=word, rows=100_000, statistics=statistics, score=1.5, limit=3.2
        )
        record_verdict(tx, row, verdict, None, judgement)
    return row


def _fill_columns(tx: sa.Connection, row: MonitorRow) -> None:
    """Give a monitor a reference of 365 blocks on the finest grids, and counts where it was compared."""
    rng = np.random.default_rng(1)
    grids = {name: build_number_grid(rng.normal(size=100_000)) for name in STATISTICS}
    blocks = tuple(Block(window=day(place - 365), profile=_count(grids, rng, 1_000)) for place in range(365))
    reference = Reference(grids=grids, blocks=blocks)
    save_reference(tx, row, reference, spec={}, now=NOW, state=ReferenceState.ACTIVE)
    values = {name: Statistic(value=0.1234567) for name in NAMES}
    judgement = Judgement(finished_at=NOW, seconds=0.1, token=2, reference_version=1)
    for place in range(WINDOWS):
        word = WORDS[place % len(WORDS)]
        if word not in {VerdictWord.OK, VerdictWord.DRIFT}:
            continue
        verdict = Verdict(
            window=day(place),
            word=word,
            rows=100_000,
            statistics=dict.fromkeys(STATISTICS, values),
            score=1.5,
            limit=3.2,
        )
        record_verdict(tx, row, verdict, _count(grids, rng, 100_000), judgement)


def _count(grids: Mapping[str, NumberGrid], rng: np.random.Generator, rows: int) -> Profile:
    values = rng.normal(0.1, size=rows)
    return Profile(rows=rows, columns={name: count_numbers(grid, values) for name, grid in grids.items()})


def _fill_incident(tx: sa.Connection, row: MonitorRow, number: int, make_id: Any) -> None:
    is_open = number >= INCIDENTS - OPEN
    state = IncidentState.OPEN if is_open else IncidentState.RESOLVED
    incident = make_incident(
        monitor=row.key, state=state, opened_at=NOW, resolved_at=None if is_open else NOW
    )
    if number % MONITORS == 0:
        # The last window in which the first monitor drifted.
        last = day(WINDOWS - 4)
        members = tuple(replace(incident.members[0], column=f"x{place:02}") for place in range(8))
        incident = replace(incident, members=members, last_window=last, seen_to=last)
    draft = IncidentDraft(
        kind=incident.kind,
        state=state,
        severity=incident.severity,
        document=encode_incident(incident),
        opened_at=NOW,
        resolved_at=incident.resolved_at,
    )
    stored = save_incident(tx, row, draft)
    events = [EventRow(seq=seq, kind="noted", reason="a note of some length", at=NOW) for seq in range(1, 31)]
    append_events(tx, stored, events)
    body = '{"payload": {"data": {}}}'
    message = DeliveryDraft(channel="hook", type="incident.opened", body=body, incident_id=stored, seq=1)
    queue_delivery(tx, message, make_id=make_id, now=NOW)


@pytest.mark.parametrize("path", PAGES)
def test_a_page(benchmark: Any, client: TestClient, path: str) -> None:
    answer = benchmark.pedantic(client.get, args=(path,), rounds=9, warmup_rounds=1)

    assert answer.status_code == 200
    benchmark.extra_info["bytes"] = len(answer.content)
    assert len(answer.content) <= HEAVIEST, f"{len(answer.content):,} bytes"
