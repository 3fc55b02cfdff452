"""Markers in the store, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from driftwatch.incidents.markers import Marker
from driftwatch.store.database import Database
from driftwatch.store.markers import (
    Wanted,
    add_marker,
    delete_markers,
    list_markers,
    list_old_markers,
    page_markers,
)
from tests.support.stored import NOW

HOUR = timedelta(hours=1)
MARKER = Marker(
    kind="deploy",
    version="2.4 🛫",
    text="ein neuer <b>Flughafen</b> 🛫",
    at=NOW,
    created_at=NOW,
    monitor="flights",
    author="ana",
)


def add(database: Database, **changes: object) -> Marker:
    marker = replace(MARKER, **changes)  # type: ignore[arg-type]
    return database.write(lambda tx: add_marker(tx, marker))


def find(database: Database, **wanted: object) -> list[int | None]:
    asked = Wanted(**wanted)  # type: ignore[arg-type]
    return [one.id for one in database.read(lambda tx: list_markers(tx, asked, at_most=10))]


def test_a_marker_is_kept_as_it_was_made_and_once(database: Database) -> None:
    kept = add(database)
    again = add(database, created_at=NOW + HOUR)
    other = add(database, version=None)

    assert kept.id is not None
    assert database.read(lambda tx: list_markers(tx, Wanted(), at_most=10)) == [
        replace(MARKER, id=other.id, version=None),
        replace(MARKER, id=kept.id),
    ]
    assert again == kept


def test_a_monitor_has_its_own_its_owners_and_those_of_all(database: Database) -> None:
    own = add(database, at=NOW).id
    of_owner = add(database, at=NOW + HOUR, monitor=None, owner="Team").id
    of_all = add(database, at=NOW + 2 * HOUR, monitor=None).id
    add(database, at=NOW + 3 * HOUR, monitor="Flights")
    add(database, at=NOW + 4 * HOUR, monitor=None, owner="team")

    assert find(database, monitor="flights", owner="Team") == [of_all, of_owner, own]
    assert find(database, monitor="flights") == [of_all, own]
    assert find(database, monitor="flights", owner="Team", start=NOW + HOUR, end=NOW + 2 * HOUR) == [of_owner]


def test_lists_come_a_page_at_a_time(database: Database) -> None:
    numbers = [add(database, at=NOW + place * HOUR).id for place in range(5)]

    found, total = database.read(lambda tx: page_markers(tx, Wanted(), at_most=2, skip=1))

    assert ([one.id for one in found], total) == ([numbers[3], numbers[2]], 5)


def test_what_is_old_is_found_and_deleted(database: Database) -> None:
    old = add(database, at=NOW - HOUR, created_at=NOW - HOUR).id
    add(database, at=NOW - 2 * HOUR, created_at=NOW)
    shared = add(database, at=NOW - HOUR, created_at=NOW - HOUR, monitor=None).id

    ours = database.read(lambda tx: list_old_markers(tx, before=NOW, monitor="flights"))
    rest = database.read(lambda tx: list_old_markers(tx, before=NOW, monitor=None, others=["flights"]))
    database.write(lambda tx: delete_markers(tx, [*ours, *rest]))

    assert (ours, rest) == ([old], [shared])
    assert len(find(database)) == 1
