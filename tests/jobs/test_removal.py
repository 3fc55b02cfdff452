from __future__ import annotations

import json
from dataclasses import replace

import pytest

from driftwatch.errors import UsageError
from driftwatch.incidents.incident import IncidentState
from driftwatch.incidents.policy import EscalationStep, Policy
from driftwatch.jobs.pausing import pause_monitor
from driftwatch.jobs.removal import list_known, remove_monitor, tell_detached
from driftwatch.store.database import Database
from driftwatch.store.monitors import find_monitor, mark_detached
from tests.support.monitors import Bench, FakeChannel, attach, due, set_up


def detach(bench: Bench) -> None:
    """Do what the daemon does with a monitor that the file no longer names."""

    def work(tx: object) -> None:
        keys = mark_detached(tx, ["flights"], bench.clock.now())  # type: ignore[arg-type]  # A connection.
        tell_detached(tx, bench.parts, keys)  # type: ignore[arg-type]  # A connection.

    bench.parts.database.write(work)


def test_a_detached_monitor_is_told_once_to_those_who_heard_of_it(store: Database) -> None:
    bench = set_up(store)
    bench = replace(
        bench, parts=replace(bench.parts, channels={"oncall": FakeChannel(), "others": FakeChannel()})
    )
    bench.live("a")

    detach(bench)
    detach(bench)

    (told,) = [row for row in bench.deliveries() if row.type == "monitor.detached"]
    number = bench.incidents()[0].id
    assert (told.channel, told.incident_id) == ("oncall", None)
    body = json.loads(told.body)
    assert f"What is open of it stays as it is: incident {number}." in body["text"]
    assert body["payload"]["data"]["monitor"] == {"id": "flights"}
    assert bench.incidents()[0].state is IncidentState.OPEN


def test_a_removed_monitor_ends_its_incidents_and_tells_so(store: Database) -> None:
    bench = set_up(store)
    bench.live("a-")
    detach(bench)

    ended = remove_monitor(bench.parts, [], "flights", "ana")

    (incident,) = bench.incidents()
    assert ended == [incident.id]
    assert (incident.state, incident.resolved_why) == (IncidentState.RESOLVED, "ana removed the monitor.")
    assert bench.told() == ["opened", "monitor.detached", "resolved"]
    assert "ana removed the monitor" in bench.deliveries()[-1].body
    assert bench.words() == ["drift", "no_data"]
    assert bench.waiting() == []


def test_those_who_were_told_by_an_escalation_are_told_of_the_end(store: Database) -> None:
    steps = (EscalationStep(after=due(2) - due(1), notify=("boss",)),)
    bench = set_up(store, policy=Policy(escalation=steps, reminders=()))
    channels = {"oncall": FakeChannel(), "boss": FakeChannel()}
    bench = replace(bench, parts=replace(bench.parts, channels=channels))
    bench.live("aa")
    bench.plan()

    remove_monitor(bench.parts, [], "flights", "ana")

    ends = [row.channel for row in bench.deliveries() if row.type == "incident.resolved"]
    assert sorted(ends) == ["boss", "oncall"]


def test_what_the_file_names_is_not_removed(store: Database) -> None:
    bench = set_up(store)

    with pytest.raises(UsageError, match="still in the configuration"):
        remove_monitor(bench.parts, [bench.monitor], "flights", "ana")


def test_what_is_not_there_is_not_removed(store: Database) -> None:
    bench = set_up(store)
    remove_monitor(bench.parts, [], "flights", "ana")

    with pytest.raises(UsageError, match="'flights' was removed before"):
        remove_monitor(bench.parts, [], "flights", "ana")
    with pytest.raises(UsageError, match="'rides' is no monitor that the store knows"):
        remove_monitor(bench.parts, [], "rides", "ana")


def test_a_removed_monitor_that_is_named_again_begins_another_history(store: Database) -> None:
    bench = set_up(store)
    bench.live("a")
    remove_monitor(bench.parts, [], "flights", "ana")

    row = attach(store, bench.monitor, due(3))

    assert (row.history, row.detached_at) == (bench.watch.row.history + 1, None)


def test_monitors_are_listed_with_what_became_of_them(store: Database) -> None:
    bench = set_up(store)
    bench.live("a")
    number = bench.incidents()[0].id
    other = replace(bench.monitor, id="rides")

    now = bench.clock.now()
    watched = list_known(store, [bench.monitor, other], now)
    pause_monitor(bench.parts, bench.monitor, who="ana", why="the feed moves")
    paused = list_known(store, [bench.monitor], now)
    detach(bench)
    detached = list_known(store, [], now)
    remove_monitor(bench.parts, [], "flights", "ana")
    removed = list_known(store, [], now)

    assert [(one.id, one.state, one.open_incidents) for one in watched] == [
        ("flights", "watched", (number,)),
        ("rides", "not started", ()),
    ]
    assert [(one.state, one.since) for one in paused] == [("paused", now)]
    assert [(one.state, one.since) for one in detached] == [("detached", due(1))]
    assert [(one.state, one.open_incidents) for one in removed] == [("removed", ())]
    assert store.read(lambda tx: find_monitor(tx, "flights")) is not None
