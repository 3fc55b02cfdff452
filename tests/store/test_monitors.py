from __future__ import annotations

from datetime import timedelta

from driftwatch.store.database import Database
from driftwatch.store.incidents import IncidentDraft, list_incidents, open_incidents, save_incident
from driftwatch.store.monitors import (
    find_monitor,
    list_monitors,
    mark_detached,
    record_config,
    register_monitor,
)
from driftwatch.store.references import ReferenceState, list_references, load_reference, save_reference
from driftwatch.store.slots import due_slots, newest_slot, open_slots, plan_slots
from driftwatch.store.tables import configs
from tests.support.stored import NOW, build_reference, day, register


def test_a_monitor_is_registered_once_and_keeps_its_first_start(database: Database) -> None:
    first = register(database)
    later = NOW + timedelta(days=1)

    again = database.write(
        lambda connection: register_monitor(
            connection, "flights", identity="i1", config_fingerprint="c2", now=later
        )
    )

    assert (first.history, first.first_started_at, first.detached_at) == (1, NOW, None)
    assert (again.id, again.history, again.first_started_at) == (first.id, 1, NOW)
    assert again.config_fingerprint == "c2"


def test_a_changed_identity_starts_a_new_history_and_the_old_one_stands_still(database: Database) -> None:
    old = register(database)
    draft = IncidentDraft(kind="drift", state="open", severity="major", document={})
    database.write(lambda connection: plan_slots(connection, old, [(day(0), NOW)]))
    database.write(
        lambda connection: save_reference(
            connection, old, build_reference(), spec={}, now=NOW, state=ReferenceState.ACTIVE
        )
    )
    database.write(lambda connection: save_incident(connection, old, draft))
    later = NOW + timedelta(days=1)

    new = database.write(
        lambda connection: register_monitor(
            connection, "flights", identity="i2", config_fingerprint="c1", now=later
        )
    )

    assert (new.id, new.history, new.first_started_at) == (old.id, 2, later)
    assert database.read(lambda connection: due_slots(connection, later, 10)) == []
    assert database.read(lambda connection: open_slots(connection, new)) == []
    assert database.read(lambda connection: newest_slot(connection, new)) is None
    assert database.read(lambda connection: load_reference(connection, new)) is None
    assert database.read(lambda connection: open_incidents(connection, new)) == []
    assert database.read(list_incidents) == []
    kept = database.read(lambda connection: list_references(connection, new))
    assert [(row.version, row.state) for row in kept] == [(1, ReferenceState.RETIRED)]
    assert len(database.read(lambda connection: list_incidents(connection, include_resolved=True))) == 1


def test_keys_that_differ_in_case_only_are_two_monitors(database: Database) -> None:
    upper, lower = register(database, "A"), register(database, "a")

    assert upper.id != lower.id
    assert database.read(lambda connection: find_monitor(connection, "A")) == upper
    assert [row.key for row in database.read(list_monitors)] == ["A", "a"]


def test_keys_may_hold_any_character(database: Database) -> None:
    register(database, "vols 🛫 été")

    found = database.read(lambda connection: find_monitor(connection, "vols 🛫 été"))

    assert found is not None
    assert found.key == "vols 🛫 été"


def test_an_unknown_monitor_is_none(database: Database) -> None:
    assert database.read(lambda connection: find_monitor(connection, "nobody")) is None


def test_a_monitor_is_told_to_be_detached_once_and_attached_by_registering(database: Database) -> None:
    monitor = register(database)
    register(database, "other")
    database.write(lambda connection: plan_slots(connection, monitor, [(day(-1), NOW)]))

    first = database.write(lambda connection: mark_detached(connection, ["flights", "nobody"], NOW))
    second = database.write(lambda connection: mark_detached(connection, ["flights"], NOW))
    due = database.read(lambda connection: due_slots(connection, NOW, 10))
    attached = register(database)

    assert (first, second) == (["flights"], [])
    assert due == []
    assert attached.detached_at is None
    assert attached.history == 1
    assert len(database.read(lambda connection: due_slots(connection, NOW, 10))) == 1


def test_a_configuration_is_remembered_with_its_first_use(database: Database) -> None:
    database.write(lambda connection: record_config(connection, "f1", {"monitors": ["a"]}, NOW))
    database.write(lambda connection: record_config(connection, "f1", {}, NOW + timedelta(days=1)))

    row = database.read(lambda connection: connection.execute(configs.select()).one())

    assert (row.first_applied_at, row.summary) == (NOW, {"monitors": ["a"]})
