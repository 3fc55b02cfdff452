"""Markers and the incidents that begin soon after them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from driftwatch.errors import UsageError
from driftwatch.incidents.markers import CONFIGURATION, MODEL
from driftwatch.jobs.cases import find_case
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.markers import build_marker, mark, note_changes
from driftwatch.jobs.monitor import Model
from driftwatch.jobs.prune import prune_store
from driftwatch.jobs.retention import Retention
from driftwatch.store.database import Database
from driftwatch.store.markers import Wanted, list_markers
from tests.support.incidents import day
from tests.support.markers import mark_deploy
from tests.support.monitors import Bench, attach, set_up

HOUR = timedelta(hours=1)


def read_case(bench: Bench) -> str:
    (incident,) = bench.incidents()
    return find_case(bench.parts.database, [bench.monitor], incident.id or 0).text


def test_an_incident_that_begins_soon_after_names_it_first_wherever_it_is_told(store: Database) -> None:
    bench = set_up(store)
    bench.live("..")
    kept = mark_deploy(bench, at=day(3).start + HOUR, text="<b>new</b>")

    bench.live("a", first=3)
    deliver_due(bench.parts)

    (message,) = bench.channel.sent
    (incident,) = bench.incidents()
    assert incident.markers == (kept,)
    assert message.text.startswith("Just before, 23 hours before the first window that")
    assert message.payload["data"]["incident"]["markers"] == [
        {
            "id": kept.id,
            "kind": "deploy",
            "version": "2.4",
            "text": "<b>new</b>",
            "at": "2013-02-03T01:00:00Z",
            "monitor": "flights",
            "owner": None,
            "by": "Ana",
        }
    ]
    assert read_case(bench).startswith("Just before, ")


def test_one_of_long_before_or_of_another_monitor_is_not_named(store: Database) -> None:
    bench = set_up(store)
    bench.live("..")
    mark_deploy(bench, at=day(1).start)
    other = replace(bench.monitor, id="other", owner="them")
    made = build_marker("deploy", bench.clock.now(), at=day(3).start, monitor="other", author="Ana")
    mark(bench.parts, [other], made)
    mark(bench.parts, [other], replace(made, monitor=None, owner="them"))

    bench.live("a", first=3)

    assert bench.incidents()[0].markers == ()
    assert "Just before" not in read_case(bench)


def test_one_that_is_added_later_is_shown_and_told_with_the_next_step(store: Database) -> None:
    bench = set_up(store)
    bench.live("..a")
    assert "Just before" not in read_case(bench)

    kept = mark_deploy(bench, at=day(3).start)

    assert read_case(bench).startswith("Just before, ")
    assert bench.incidents()[0].markers == ()
    bench.live("a", first=4)
    assert bench.incidents()[0].markers == (kept,)


def test_an_incident_names_a_marker_that_is_kept_no_longer(store: Database) -> None:
    bench = set_up(store)
    bench.live("..")
    mark_deploy(bench, at=day(3).start)
    bench.live("a.....", first=3)

    bench.clock.move_to(day(3).end + timedelta(days=800))
    short = Retention()
    found = prune_store(bench.parts, [replace(bench.monitor, retention=short)], short)

    assert found is not None
    assert found.markers == 1
    assert bench.parts.database.read(lambda tx: list_markers(tx, Wanted(), at_most=9)) == []
    assert "Just before, " in read_case(bench)


def test_an_unknown_monitor_or_owner_is_refused_with_those_there_are(store: Database) -> None:
    bench = set_up(store, owner="data-platform")
    made = build_marker("deploy", bench.clock.now(), author="Ana", monitor="flihgts")

    with pytest.raises(UsageError, match="no monitor 'flihgts' in the configuration; there are: flights"):
        mark(bench.parts, [bench.monitor], made)
    with pytest.raises(UsageError, match="no monitor has the owner 'me'; there are: data-platform"):
        mark(bench.parts, [bench.monitor], replace(made, monitor=None, owner="me"))


def test_another_model_or_configuration_is_marked_when_it_is_taken_up(store: Database) -> None:
    bench = set_up(store)
    before = attach(store, bench.monitor, bench.clock.now())
    model = replace(bench.monitor, model=Model(name="delay", version="2"))

    def take_up(**changes: str | None) -> list[tuple[str, str | None, str | None]]:
        known, row = replace(before, model="delay 1"), replace(before, model="delay 1")
        row = replace(row, **changes)  # type: ignore[arg-type]
        store.write(lambda tx: note_changes(tx, model, known, row, bench.clock.now()))
        found = store.read(lambda tx: list_markers(tx, Wanted(monitor="flights"), at_most=9))
        return [(one.kind, one.version, one.author) for one in found]

    assert take_up() == []
    assert take_up(config_fingerprint="another") == [(CONFIGURATION, None, None)]
    assert take_up(model="delay 2", config_fingerprint="third")[0] == (MODEL, "2", None)
