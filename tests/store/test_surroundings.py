"""What stood beside an incident, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from driftwatch.store.database import Database
from driftwatch.store.incidents import IncidentDraft, save_incident
from driftwatch.store.monitors import register_monitor
from driftwatch.store.surroundings import list_batches, list_near_incidents, list_past_incidents
from tests.support.incidents import day
from tests.support.monitors import set_up
from tests.support.stored import NOW

DRAFT = IncidentDraft(
    kind="drift", state="open", severity="major", document={}, opened_at=NOW, first_window=NOW
)


def test_batches_come_oldest_first_with_what_was_gone_or_new(database: Database) -> None:
    bench = set_up(database)
    bench.live("..a-")

    rows = database.read(lambda tx: list_batches(tx, bench.watch.row, day(4).start, at_most=3))

    assert [(one.window, one.word, one.rows) for one in rows] == [
        (day(2), "ok", 300),
        (day(3), "drift", 300),
        (day(4), "no_data", 0),
    ]
    assert rows[0].absent == rows[0].extra == frozenset()
    assert len(database.read(lambda tx: list_batches(tx, bench.watch.row, day(1).start, at_most=3))) == 1


def test_incidents_of_other_monitors_are_found_by_time_and_by_number(database: Database) -> None:
    hour = timedelta(hours=1)

    def fill(tx: object) -> list[int]:
        found = []
        for key, draft in (
            ("a", DRAFT),
            ("b", replace(DRAFT, first_window=NOW + hour)),
            ("a", replace(DRAFT, opened_at=None)),
            ("c", DRAFT),
        ):
            row = register_monitor(tx, key, identity="i", config_fingerprint="f", now=NOW)  # type: ignore[arg-type]
            found.append(save_incident(tx, row, draft))  # type: ignore[arg-type]
        return found

    first, second, _, third = database.write(fill)

    def near(start: object, end: object) -> list[int]:
        read = lambda tx: list_near_incidents(tx, ["a", "b"], start, end, at_most=9)  # type: ignore[arg-type]  # noqa: E731
        return [one.id for one in database.read(read)]

    assert near(NOW, NOW + hour) == [second, first]
    assert near(NOW - hour, NOW) == [first]
    past = database.read(lambda tx: list_past_incidents(tx, ["a", "b", "c"], third, at_most=1))
    assert [one.id for one in past] == [second]
