from __future__ import annotations

from datetime import timedelta
from functools import partial

from driftwatch.store.database import Database
from driftwatch.store.escalations import EscalationRow, add_steps, decide_step, end_steps, list_steps
from driftwatch.store.incidents import IncidentDraft, save_incident
from driftwatch.store.monitors import MonitorRow
from tests.support.stored import NOW, register

HOUR = timedelta(hours=1)


def save(database: Database, monitor: MonitorRow) -> int:
    """Return the number of a new incident."""
    draft = IncidentDraft(kind="drift", state="open", severity="major", document={})
    return database.write(lambda tx: save_incident(tx, monitor, draft))


def test_steps_are_entered_once_and_stay_as_they_are(database: Database) -> None:
    incident = save(database, register(database))

    database.write(lambda tx: add_steps(tx, incident, [(1, NOW), (2, NOW + HOUR)]))
    database.write(lambda tx: add_steps(tx, incident, [(1, NOW + 9 * HOUR), (3, NOW + 2 * HOUR)]))
    database.write(lambda tx: add_steps(tx, incident, []))

    rows = database.read(lambda tx: list_steps(tx, incident))
    assert [(row.step, row.due_at - NOW) for row in rows] == [(1, 0 * HOUR), (2, HOUR), (3, 2 * HOUR)]


def test_a_step_is_decided_exactly_once(database: Database) -> None:
    incident = save(database, register(database))
    database.write(lambda tx: add_steps(tx, incident, [(1, NOW)]))

    decided = [
        database.write(partial(decide_step, incident_id=incident, step=1, decision=word, now=NOW + HOUR))
        for word in ("told boss", "told nobody")
    ]

    assert decided == [True, False]
    assert database.read(lambda tx: list_steps(tx, incident)) == [
        EscalationRow(step=1, due_at=NOW, decided_at=NOW + HOUR, decision="told boss")
    ]
    assert not database.write(lambda tx: decide_step(tx, incident, 2, "told", NOW))


def test_the_end_decides_what_is_still_to_come(database: Database) -> None:
    monitor = register(database)
    incident, other = save(database, monitor), save(database, monitor)
    for one in (incident, other):
        database.write(partial(add_steps, incident_id=one, steps=[(1, NOW), (2, NOW)]))
    database.write(lambda tx: decide_step(tx, incident, 1, "told boss", NOW))

    database.write(lambda tx: end_steps(tx, incident, "the incident is over", NOW + HOUR))

    words = [row.decision for row in database.read(lambda tx: list_steps(tx, incident))]
    assert words == ["told boss", "the incident is over"]
    assert all(row.decided_at is None for row in database.read(lambda tx: list_steps(tx, other)))
