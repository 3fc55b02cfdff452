from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from driftwatch.store.database import Database
from driftwatch.store.delivery import DeliveryDraft, DeliveryState
from driftwatch.store.incidents import IncidentDraft, save_incident
from driftwatch.store.monitors import MonitorRow, begin_history
from driftwatch.store.outbox import queue_delivery
from driftwatch.store.pages import WantedDeliveries, WantedIncidents, page_deliveries, page_incidents
from driftwatch.store.tellings import list_tellings
from tests.support.stored import NOW, make_ids, register

SECOND = timedelta(seconds=1)


def save(database: Database, monitor: MonitorRow, **changes: Any) -> int:
    usual = IncidentDraft(kind="drift", state="open", severity="major", document={}, opened_at=NOW)
    draft = replace(usual, **changes)
    return database.write(lambda tx: save_incident(tx, monitor, draft))


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        (WantedIncidents(), [3, 2, 1, 0]),
        (WantedIncidents(resolved=False), [3, 0]),
        (WantedIncidents(resolved=True), [2, 1]),
        (WantedIncidents(monitor="rides"), [3]),
        (WantedIncidents(kind="data"), [1]),
        (WantedIncidents(severity="critical"), [2]),
        (WantedIncidents(kind="data", severity="critical"), []),
        (WantedIncidents(monitors=("rides", "others")), [3]),
        (WantedIncidents(monitors=()), []),
        (WantedIncidents(text="FARE"), [2]),
        (WantedIncidents(text="größe %_\\"), [1]),
        (WantedIncidents(text="GRÖSSE"), [1]),
        (WantedIncidents(text="gr%"), []),
        (WantedIncidents(text="column"), []),
        (WantedIncidents(text="Rid"), [3]),
        (WantedIncidents(taken_by="ana"), [3, 0]),
        (WantedIncidents(free=True), [2, 1, 0]),
        (WantedIncidents(since=NOW + SECOND), [3]),
    ],
)
def test_incidents_are_found_by_what_is_asked_for_newest_first(
    database: Database, wanted: WantedIncidents, places: list[int]
) -> None:
    flights, rides = register(database), register(database, "rides")
    said: list[dict[str, str | None]] = [
        {"acknowledged_by": None, "assigned_to": "Ana"},
        {"acknowledged_by": None, "assigned_to": None, "column": "größe %_\\"},
        {"acknowledged_by": None, "assigned_to": '"acknowledged_by":"ana"', "column": "fare"},
        {"acknowledged_by": "Ana", "assigned_to": None},
    ]
    numbers = [
        save(database, flights, document=said[0]),
        save(database, flights, document=said[1], kind="data", state="resolved"),
        save(database, flights, document=said[2], severity="critical", state="resolved"),
        save(database, rides, document=said[3], opened_at=NOW + SECOND),
    ]
    save(database, rides, kind="data", state="pending", opened_at=None)

    found, total = database.read(lambda tx: page_incidents(tx, wanted, at_most=10))

    assert [row.id for row in found] == [numbers[place] for place in places]
    assert total == len(places)


def test_an_incident_is_found_by_its_number(database: Database) -> None:
    monitor = register(database)
    numbers = [save(database, monitor) for _ in range(3)]

    for text in (str(numbers[1]), f"#{numbers[1]}"):
        wanted = WantedIncidents(text=text)
        found, _ = database.read(partial(page_incidents, wanted=wanted, at_most=10))
        assert [row.id for row in found] == [numbers[1]]


def test_a_page_of_incidents_is_a_part_of_them(database: Database) -> None:
    monitor = register(database)
    numbers = [save(database, monitor) for _ in range(5)]

    found, total = database.read(lambda tx: page_incidents(tx, WantedIncidents(), at_most=2, skip=1))

    assert ([row.id for row in found], total) == (numbers[3:1:-1], 5)


def test_what_was_open_in_an_earlier_history_is_over(database: Database) -> None:
    monitor = register(database)
    save(database, monitor)
    database.write(lambda tx: begin_history(tx, monitor, NOW))

    opened, over = (
        database.read(partial(page_incidents, wanted=WantedIncidents(resolved=resolved), at_most=9))[1]
        for resolved in (False, True)
    )

    assert (opened, over) == (0, 1)


def queue(database: Database, number: int, channel: str, seq: int, later: int) -> None:
    draft = DeliveryDraft(channel=channel, type="t", body="{}", incident_id=number, seq=seq)
    now = NOW + later * SECOND
    database.write(lambda tx: queue_delivery(tx, draft, make_id=make_ids(f"{channel}{seq}"), now=now))


def test_deliveries_are_found_by_state_and_channel_newest_first(database: Database) -> None:
    number = save(database, register(database))
    for later, (channel, seq) in enumerate([("a", 1), ("b", 1), ("a", 2)]):
        queue(database, number, channel, seq, later)
    read = partial(page_deliveries, at_most=2)

    every, total = database.read(partial(read, wanted=WantedDeliveries()))
    own, _ = database.read(partial(read, wanted=WantedDeliveries(channel="a", state="pending"), skip=1))
    dead = database.read(partial(read, wanted=WantedDeliveries(state="dead")))

    assert ([(one.channel, one.seq) for one in every], total) == ([("a", 2), ("b", 1)], 3)
    assert [(one.channel, one.seq) for one in own] == [("a", 1)]
    assert dead == ([], 0)


def test_the_latest_message_to_every_channel_tells_what_became_of_it(database: Database) -> None:
    first, second = (save(database, register(database)) for _ in range(2))
    queue(database, first, "a", 1, 0)
    queue(database, first, "b", 2, 1)
    queue(database, first, "a", 3, 2)

    found = database.read(lambda tx: list_tellings(tx, [first, second]))

    assert found == {first: {"a": DeliveryState.PENDING, "b": DeliveryState.PENDING}}
    assert database.read(lambda tx: list_tellings(tx, [])) == {}
