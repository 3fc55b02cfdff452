from __future__ import annotations

from dataclasses import replace

import pytest

from driftwatch.errors import UsageError
from driftwatch.incidents.incident import IncidentState
from driftwatch.jobs.monitor import CatchUp, ReferenceSpec
from driftwatch.jobs.promotion import promote_version, restore_version
from driftwatch.jobs.reference import ensure_reference
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.incidents import list_events
from driftwatch.store.references import list_references
from tests.support.clocks import FakeClock
from tests.support.incidents import day
from tests.support.monitors import (
    Bench,
    attach,
    draw_rows,
    due,
    make_monitor,
    make_parts,
    make_source,
    set_up,
)


def build_candidate(bench: Bench, last: int) -> None:
    """Build the next version from the seven days that end with day `last`."""
    wider = replace(bench.monitor, reference=ReferenceSpec(start=day(last - 6).start, end=day(last).end))
    ensure_reference(bench.parts.database, wider, bench.watch.row, bench.clock.now())


def take_up(bench: Bench) -> Bench:
    """Return the monitor as it is watched after a promotion."""
    row = attach(bench.parts.database, bench.monitor, bench.clock.now())
    watch = ensure_reference(bench.parts.database, bench.monitor, row, bench.clock.now())
    return replace(bench, watch=watch)


def list_states(bench: Bench) -> list[tuple[int, int, str]]:
    rows = bench.parts.database.read(lambda tx: list_references(tx, bench.watch.row))
    return [(row.version, row.history, row.state.value) for row in rows]


def test_a_promoted_version_judges_in_a_history_of_its_own(database: Database) -> None:
    bench = set_up(database)
    bench.live("..")
    build_candidate(bench, 2)

    promoted = promote_version(bench.parts, bench.monitor, 2)
    after = take_up(bench)

    assert (promoted.version, promoted.history, promoted.promoted_at) == (2, 2, due(2))
    row = after.watch.row
    assert (row.history, row.inherits, row.first_started_at) == (2, 1, due(2))
    assert list_states(after) == [(1, 2, "retired"), (2, 2, "active")]
    assert after.watch.reference.version == 2


def test_what_is_open_under_the_former_reference_ends_and_says_why(database: Database) -> None:
    bench = set_up(database)
    bench.live("aa")
    build_candidate(bench, 2)

    promote_version(bench.parts, bench.monitor, 2)

    (incident,) = bench.incidents()
    assert incident.state is IncidentState.RESOLVED
    assert bench.told() == ["opened", "resolved"]
    events = database.read(lambda tx: list_events(tx, incident.id or 0))
    assert events[-1].reason == (
        "Reference version 2 judges from now on: another history begins, and this one stands still."
    )


def test_the_version_that_is_active_can_be_promoted_again_and_nothing_changes(store: Database) -> None:
    bench = set_up(store)
    bench.live("a")

    promoted = promote_version(bench.parts, bench.monitor, 1)

    assert (promoted.version, promoted.history) == (1, 1)
    assert bench.told() == ["opened"]
    assert take_up(bench).watch.row.history == 1


def test_windows_after_the_new_reference_are_history_with_a_final_state_that_is_told(
    store: Database,
) -> None:
    bench = set_up(store, catch_up=CatchUp(at_most=3))
    bench.live(".....aa")
    build_candidate(bench, 2)
    promote_version(bench.parts, bench.monitor, 2)
    told = len(bench.told())

    after = take_up(bench)
    after.tick()

    assert [one.window for one in after.verdicts()] == [day(5), day(6), day(7)]
    assert after.words() == ["ok", "drift", "drift"]
    assert {one.judgement.reference_version for one in after.verdicts()} == {2}
    assert after.told()[told:] == ["opened"]


def test_verdicts_under_the_former_reference_are_kept(store: Database) -> None:
    bench = set_up(store)
    bench.live("..a")
    build_candidate(bench, 3)

    promote_version(bench.parts, bench.monitor, 2)

    assert bench.words() == ["ok", "ok", "drift"]
    assert take_up(bench).words() == []


def test_the_version_before_comes_back_and_can_be_left_again(database: Database) -> None:
    bench = set_up(database)
    bench.live("..")
    build_candidate(bench, 2)
    promote_version(bench.parts, bench.monitor, 2)

    back = restore_version(bench.parts, bench.monitor)
    states = list_states(take_up(bench))
    forth = restore_version(bench.parts, bench.monitor)

    assert (back.version, back.history) == (1, 3)
    assert states == [(1, 3, "active"), (2, 3, "retired")]
    assert (forth.version, forth.history) == (2, 4)


def test_a_version_that_comes_back_is_owed_the_windows_after_its_own_end(store: Database) -> None:
    bench = set_up(store)
    bench.live("....")
    build_candidate(bench, 3)
    promote_version(bench.parts, bench.monitor, 2)
    later = take_up(bench)
    later.plan()
    (owed,) = (slot.window for slot in later.waiting())

    restore_version(bench.parts, bench.monitor)
    back = take_up(bench)
    back.plan()

    assert owed == day(4)
    assert [slot.window for slot in back.waiting()] == [day(number) for number in (1, 2, 3, 4)]


def test_where_no_other_version_ever_judged_none_can_come_back(store: Database) -> None:
    bench = set_up(store)
    build_candidate(bench, 0)

    with pytest.raises(UsageError, match="flights: no other reference version was active before"):
        restore_version(bench.parts, bench.monitor)


def test_a_monitor_that_was_never_started_has_nothing_to_promote(store: Database) -> None:
    parts = make_parts(store, FakeClock(due(1)))

    with pytest.raises(UsageError, match="flights has not been started yet"):
        promote_version(parts, make_monitor(make_source()), 1)


def test_whoever_judges_a_window_of_the_former_history_meanwhile_is_fenced(database: Database) -> None:
    bench = set_up(database)
    bench.live(".")
    build_candidate(bench, 1)
    bench.source.rows[day(2)] = draw_rows(2, shift=1.0)
    bench.clock.move_to(due(2))

    def promote(window: Window) -> None:
        if window == day(2):
            promote_version(bench.parts, bench.monitor, 2)

    bench.source.before = promote
    bench.tick()

    assert bench.words() == ["ok"]
    assert bench.incidents() == []


def test_other_data_inherits_nothing(store: Database) -> None:
    bench = set_up(store)
    bench.live("..")
    build_candidate(bench, 2)
    promote_version(bench.parts, bench.monitor, 2)

    row = attach(store, replace(bench.monitor, identity="identity-2"), due(3))

    assert (row.history, row.inherits) == (3, None)
    with pytest.raises(UsageError, match="flights has no reference version 1; its versions: none yet"):
        promote_version(bench.parts, bench.monitor, 1)
