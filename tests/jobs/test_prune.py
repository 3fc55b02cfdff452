"""Pruning keeps what anything rests on, drops the rest in small steps, and can be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from driftwatch.calibration.budget import Budget
from driftwatch.calibration.layout import build_layout
from driftwatch.calibration.tally import tally_profile
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.rules import Judging
from driftwatch.jobs.monitor import Monitor, Rolling
from driftwatch.jobs.prune import prune_store
from driftwatch.jobs.pruned import Pruned
from driftwatch.jobs.retention import Retention
from driftwatch.profiles.profile import Profile
from driftwatch.store.database import Database
from driftwatch.store.evidence import load_profile
from driftwatch.store.leases import take_lease
from driftwatch.store.monitors import MonitorRow, name_companion, register_monitor
from driftwatch.store.outbox import DeliveryDraft, queue_delivery
from driftwatch.store.pruning import MOST_ROWS
from driftwatch.store.references import ReferenceState, list_references, save_reference
from driftwatch.store.scores import list_scores, record_calibration, record_scores
from driftwatch.store.slots import MOST_PLANNED, plan_slots
from driftwatch.store.tables import (
    attempts,
    calibrations,
    column_statistics,
    deliveries,
    events,
    findings,
    incidents,
    metadata,
    profiles,
    reference_blocks,
    reference_columns,
    reference_counts,
    retrains,
    scores,
    slots,
    verdicts,
)
from driftwatch.store.verdicts import Grain, Judgement, list_verdicts, record_verdict
from tests.support.clocks import FakeClock
from tests.support.incidents import day
from tests.support.monitors import Bench, due, make_parts, set_up, tell_story

DAY = timedelta(days=1)
BUDGET = Judging(budget=Budget(window=30 * DAY, cycle=4))
"""Judged on 13 windows of history: the newest 30 are kept all the same."""


def prune(bench: Bench, retention: Retention | None = None, **changes: Any) -> Pruned | None:
    """Prune as the daemon does, under `retention`; `changes` are those of the monitor."""
    retention = retention or Retention()
    monitor = replace(bench.monitor, retention=retention, **changes)
    return prune_store(bench.parts, [monitor], retention)


def count(database: Database, table: sa.Table) -> int:
    return database.read(lambda tx: tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def list_grains(bench: Bench) -> list[Grain | None]:
    return [row.grain for row in bench.verdicts()]


def load(bench: Bench, number: int) -> Profile | None:
    return bench.parts.database.read(
        lambda tx: load_profile(tx, bench.watch.row, day(number), bench.watch.reference)
    )


def fabricate(bench: Bench, days: Sequence[int], *, history: int | None = None) -> None:
    """Keep verdicts with scores on `days`, each judged when it fell due."""
    row = replace(bench.watch.row, history=history or bench.watch.row.history)

    def write(tx: sa.Connection) -> None:
        for at in range(0, len(days), MOST_PLANNED):
            plan_slots(tx, row, [(day(number), due(number)) for number in days[at : at + MOST_PLANNED]])
        tx.execute(sa.update(slots).values(state="done"))
        for number in days:
            judgement = Judgement(finished_at=due(number), seconds=0.1, token=1, reference_version=1)
            verdict = Verdict(window=day(number), word=VerdictWord.OK, rows=100)
            record_verdict(tx, row, verdict, None, judgement)
            record_scores(tx, row, day(number), 1, b"scores")

    bench.parts.database.write(write)


def test_counts_become_coarse_and_then_go_while_everything_else_stays(database: Database) -> None:
    bench = set_up(database)
    bench.live("." * 40)
    fine = [load(bench, number) for number in range(1, 41)]
    kept = {table: count(database, table) for table in (slots, verdicts, column_statistics)}

    bench.clock.move_to(due(40) + 34 * DAY)
    thinned = prune(bench)
    grains = list_grains(bench)
    coarse = [load(bench, number) for number in range(1, 41)]
    bench.clock.move_to(due(40) + 500 * DAY)
    dropped = prune(bench)

    assert thinned == Pruned(coarse=10)
    assert grains == [Grain.COARSE] * 10 + [None] * 30
    layout = build_layout(bench.watch.reference)
    for one, other in zip(fine, coarse, strict=True):
        assert one is not None
        assert other is not None
        assert np.array_equal(tally_profile(layout, one).cells, tally_profile(layout, other).cells)
    assert dropped == Pruned(counts=10)
    assert list_grains(bench) == [Grain.GONE] * 10 + [None] * 30
    assert load(bench, 1) is None
    assert load(bench, 40) is not None
    assert {table: count(database, table) for table in kept} == kept


def test_a_second_run_finds_nothing(store: Database) -> None:
    bench = set_up(store)
    bench.live("." * 40)
    bench.clock.move_to(due(40) + 500 * DAY)

    first, second = prune(bench), prune(bench)

    assert first is not None
    assert not first.is_nothing
    assert second == Pruned()


def test_verdicts_go_with_all_that_was_found_but_never_the_slots(database: Database) -> None:
    bench = set_up(database, judging=BUDGET)
    fabricate(bench, range(1, 41))
    bench.clock.move_to(due(40) + 1000 * DAY)

    pruned = prune(bench)

    assert pruned is not None
    assert pruned.verdicts == 10
    assert [row.window for row in bench.verdicts()] == [day(number) for number in range(11, 41)]
    assert count(database, scores) == 30
    assert count(database, slots) == 40


def test_a_window_that_was_dropped_is_never_owed_again(store: Database) -> None:
    bench = set_up(store, judging=BUDGET)
    fabricate(bench, range(1, 41))
    bench.clock.move_to(due(40) + 1000 * DAY)
    prune(bench)

    known = count(store, slots)
    bench.clock.move_to(due(40) + timedelta(hours=1))
    bench.plan()

    assert count(store, slots) == known
    assert bench.waiting() == []


def test_limits_keep_the_windows_that_they_rest_on(store: Database) -> None:
    bench = set_up(store)
    fabricate(bench, range(1, 371))
    bench.clock.move_to(due(370) + 1000 * DAY)
    daily = Judging(budget=Budget(window=DAY, cycle=7))

    pruned = prune(bench, judging=daily)

    assert pruned is not None
    assert pruned.verdicts == 5
    left = store.read(lambda tx: list_scores(tx, bench.watch.row, before=day(371).start))
    assert len(left) == 365


def test_an_inherited_history_keeps_its_scores_and_an_older_one_keeps_slots_alone(store: Database) -> None:
    bench = set_up(store, judging=BUDGET)
    for history in (1, 2, 3):
        fabricate(bench, range(1, 41), history=history)
    store.write(
        lambda tx: tx.execute(sa.text("UPDATE monitors SET history = 3, inherits = 2"))  # As promotions do.
    )
    bench.clock.move_to(due(40) + 1000 * DAY)

    prune(bench)

    by_history = sa.select(verdicts.c.history, sa.func.count()).group_by(verdicts.c.history)
    assert dict(store.read(lambda tx: [tuple(row) for row in tx.execute(by_history)])) == {2: 30, 3: 30}
    assert count(store, slots) == 120


def test_history_judged_today_is_as_young_as_today(store: Database) -> None:
    bench = set_up(store, now=due(1500), judging=BUDGET)
    tell_story(bench.source, "." * 40)
    bench.replay(1, 40)

    assert prune(bench) == Pruned()


def test_what_an_open_incident_is_about_stays_and_a_resolved_one_goes_with_its_windows(
    database: Database,
) -> None:
    bench = set_up(database)
    bench.live("..aaaaaa.....aaa")
    assert [incident.is_live for incident in bench.incidents()] == [False, True]
    fabricate(bench, range(17, 60))
    database.write(lambda tx: tx.execute(sa.update(deliveries).values(state="delivered")))
    bench.clock.move_to(due(60) + 1000 * DAY)

    pruned = prune(bench, judging=BUDGET)

    (left,) = bench.incidents()
    assert left.is_live
    assert pruned is not None
    assert pruned.incidents == 1
    assert bench.verdicts()[0].window == left.first_window
    assert load(bench, 14) is not None
    numbers = database.read(lambda tx: set(tx.execute(sa.select(events.c.incident_id)).scalars()))
    assert numbers == {left.id}


def resolve_long_ago(bench: Bench) -> None:
    """Live through an incident that is told and resolved, and let its windows be dropped."""
    bench.live("aaa...")
    fabricate(bench, range(7, 60))
    bench.clock.move_to(due(60) + 1000 * DAY)


def test_what_was_told_of_a_resolved_incident_goes_once_nothing_waits(store: Database) -> None:
    bench = set_up(store)
    resolve_long_ago(bench)
    while_waiting = prune(bench, judging=BUDGET)
    store.write(lambda tx: tx.execute(sa.update(deliveries).values(state="delivered")))

    after = prune(bench, judging=BUDGET)

    assert while_waiting is not None
    assert (while_waiting.incidents, while_waiting.verdicts) == (0, 29)
    assert after == Pruned(incidents=1)
    assert count(store, deliveries) == count(store, events) == count(store, incidents) == 0


def test_an_incident_that_a_retrain_was_requested_for_stays_with_its_key(store: Database) -> None:
    bench = set_up(store)
    resolve_long_ago(bench)
    (incident,) = bench.incidents()
    store.write(lambda tx: tx.execute(sa.update(deliveries).values(state="delivered")))
    request = {
        "retrain_key": "k",
        "monitor_id": bench.watch.row.id,
        "incident_id": incident.id,
        "trigger_name": "ci",
        "attempt": 1,
        "body": {},
        "state": "accepted",
        "next_at": due(3),
        "requested_at": due(3),
    }
    store.write(lambda tx: tx.execute(sa.insert(retrains).values(request)))

    pruned = prune(bench, judging=BUDGET)

    assert pruned is not None
    assert pruned.incidents == 0
    assert count(store, incidents) == count(store, retrains) == 1


def test_what_was_told_beside_incidents_goes_when_it_is_old_and_waits_no_more(database: Database) -> None:
    bench = set_up(database)
    ids = [f"told-{number}" for number in range(4)]

    def queue(tx: sa.Connection) -> None:
        for number, name in enumerate(ids):
            draft = DeliveryDraft(
                channel="oncall",
                type="digest",
                body="{}",
                monitor_key=[None, "flights", "gone", None][number],
            )
            queue_delivery(tx, draft, make_id=lambda name=name: name, now=due(number))  # type: ignore[misc]  # Called at once.
        tx.execute(sa.update(deliveries).where(deliveries.c.id != "told-3").values(state="delivered"))
        tried = {"delivery_id": "told-1", "n": 1, "started_at": due(1), "ended_at": due(1)}
        tx.execute(sa.insert(attempts).values(tried))

    database.write(queue)
    bench.clock.move_to(due(3) + 728 * DAY)
    young = prune(bench)
    bench.clock.move_to(due(3) + 731 * DAY)

    assert young == Pruned(deliveries=1)  # The first was queued three days before.
    assert prune(bench) == Pruned(deliveries=2)
    assert database.read(lambda tx: list(tx.execute(sa.select(deliveries.c.id)).scalars())) == ["told-3"]
    assert count(database, attempts) == 0


def test_calibrations_stay_for_the_windows_that_were_judged_with_them(store: Database) -> None:
    bench = set_up(store, judging=BUDGET)
    fabricate(bench, range(1, 41))
    row = bench.watch.row
    for number in (1, 6, 9, 14, 30):
        store.write(partial(record_calibration, monitor=row, window=day(number), version=1, document=b"c"))
    bench.clock.move_to(due(40) + 1000 * DAY)

    pruned = prune(bench)

    assert pruned is not None
    assert pruned.calibrations == 2
    left = store.read(lambda tx: set(tx.execute(sa.select(calibrations.c.window_start)).scalars()))
    assert left == {day(number).start for number in (9, 14, 30)}  # The one of day 9 judged day 11.


def test_a_monitor_without_a_word_in_the_configuration_keeps_everything(store: Database) -> None:
    bench = set_up(store)
    bench.live("." * 40)
    bench.clock.move_to(due(40) + 5000 * DAY)

    assert prune_store(bench.parts, [], Retention()) == Pruned()
    assert list_grains(bench) == [None] * 40


ROLLING = {"rolling": {"last": 1, "gap": 1}}


def save_versions(bench: Bench, specs: Sequence[dict[str, object]]) -> None:
    """Keep a version for each spec, built on the first days; the last one is active."""
    for number, spec in enumerate(specs):
        state = ReferenceState.ACTIVE if number == len(specs) - 1 else ReferenceState.RETIRED
        save = partial(save_reference, monitor=bench.watch.row, reference=bench.watch.reference, state=state)
        bench.parts.database.write(partial(save, spec=spec, now=due(number)))


def list_versions(bench: Bench, row: MonitorRow | None = None) -> list[int]:
    found = bench.parts.database.read(lambda tx: list_references(tx, row or bench.watch.row))
    return [one.version for one in found]


def test_a_version_of_a_rolling_reference_goes_once_nothing_rests_on_it(database: Database) -> None:
    bench = set_up(database, judging=BUDGET)
    save_versions(bench, [ROLLING | {"to": f"2013-02-0{number}"} for number in range(1, 5)])
    fabricate(bench, range(1, 41))
    of_day_20 = verdicts.c.window_start == day(20).start
    database.write(lambda tx: tx.execute(sa.update(verdicts).where(of_day_20).values(reference_version=3)))
    young = prune(bench)
    bench.clock.move_to(due(40) + 1000 * DAY)

    pruned = prune(bench)

    assert young == Pruned()
    assert pruned is not None
    # 1 is the last of its kind, 3 judged what is kept, 5 judges.
    assert (pruned.references, list_versions(bench)) == (2, [1, 3, 5])
    for table in (reference_columns, reference_blocks, reference_counts):
        query = sa.select(table.c.version)
        left = database.read(lambda tx, query=query: set(tx.execute(query).scalars()))  # type: ignore[misc]  # Called at once.
        assert left == {1, 3, 5}


def test_what_a_rolling_reference_beside_keeps_goes_with_the_windows(store: Database) -> None:
    bench = set_up(store, judging=BUDGET)
    name = name_companion(bench.monitor.id)
    register = partial(register_monitor, key=name, identity="beside", config_fingerprint="c", now=due(0))
    companion = replace(bench, watch=replace(bench.watch, row=store.write(register)))
    save_versions(companion, [{"beside": 1, "cycle": number} for number in range(3)])
    fabricate(bench, range(1, 41))
    fabricate(companion, range(1, 41))
    row = companion.watch.row
    store.write(lambda tx: tx.execute(sa.delete(verdicts).where(verdicts.c.monitor_id == row.id)))
    newest = sa.update(scores).where(scores.c.monitor_id == row.id).values(reference_version=3)
    store.write(lambda tx: tx.execute(newest))
    bench.clock.move_to(due(40) + 1000 * DAY)

    pruned = prune(bench)

    assert pruned is not None
    assert (pruned.verdicts, pruned.scores, pruned.references) == (10, 10, 2)
    assert list_versions(companion, row) == [3]
    left = store.read(lambda tx: list_scores(tx, row, before=day(50).start))
    assert [one.window for one in left] == [day(number) for number in range(11, 41)]


def test_counts_stay_fine_for_as_long_as_a_rolling_reference_is_made_of_them(store: Database) -> None:
    bench = set_up(store)
    bench.live("." * 45)
    beside = replace(bench.monitor.reference, beside=Rolling(last=14 * DAY, gap=12 * DAY))
    bench.clock.move_to(due(45) + 500 * DAY)

    pruned = prune(bench, reference=beside)

    assert pruned is not None
    assert pruned.counts == 4  # Of 14 + 12 + 2 × 7 days and the delay every window is kept.
    assert list_grains(bench)[4:] == [None] * 41


def test_one_process_prunes_at_a_time(store: Database) -> None:
    bench = set_up(store)
    bench.live("." * 40)
    bench.clock.move_to(due(40) + 500 * DAY)
    now = bench.clock.now()
    store.write(lambda tx: take_lease(tx, "prune", "another", timedelta(minutes=10), now))

    meanwhile = prune(bench)
    bench.clock.advance(timedelta(minutes=11))

    assert meanwhile is None
    assert prune(bench) != Pruned()
    assert prune(bench) == Pruned()  # The lease was given back.


def test_whoever_was_overtaken_changes_nothing_more(store: Database) -> None:
    bench = set_up(store)
    bench.live("." * 40)
    bench.clock.move_to(due(40) + 500 * DAY)

    def stopping() -> bool:
        store.write(lambda tx: tx.execute(sa.text("UPDATE leases SET holder = 'another', term = term + 1")))
        return False

    monitor = replace(bench.monitor, retention=Retention())
    pruned = prune_store(bench.parts, [monitor], Retention(), stopping=stopping)

    assert pruned == Pruned()
    assert list_grains(bench) == [None] * 40


def test_an_interrupted_run_is_taken_up_by_the_next(store: Database) -> None:
    whole, parts = set_up(store), iter([False] * 15)
    whole.live("." * 40)
    whole.clock.move_to(due(40) + 50 * DAY)
    monitor = replace(whole.monitor, retention=Retention())

    begun = prune_store(whole.parts, [monitor], Retention(), stopping=lambda: next(parts, True))
    rest = prune(whole)

    assert begun is not None
    assert rest is not None
    assert 0 < begun.coarse < 10
    assert begun.coarse + rest.coarse == 10


def test_transactions_stay_small(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = set_up(store, judging=BUDGET)
    fabricate(bench, range(1, 1201))
    bench.clock.move_to(due(1200) + 1000 * DAY)
    changed: list[int] = []

    class Counting(Database):
        def write(self, work: Any, **options: Any) -> Any:
            before = count_all(store)
            result = super().write(work, **options)
            changed.append(before - count_all(store))
            return result

    def count_all(database: Database) -> int:
        return sum(count(database, table) for table in (verdicts, scores, findings, profiles))

    counting = Counting(store._address, writing=store._writing, reading=store._reading)
    prune(replace(bench, parts=make_parts(counting, FakeClock(bench.clock.now()))))

    assert sum(changed) == 2 * 1170
    assert max(changed) <= 2 * MOST_ROWS


def test_damaged_counts_are_named_and_do_not_keep_the_others(
    store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    bench = set_up(store)
    bench.live("." * 40)
    store.write(
        lambda tx: tx.execute(
            sa.update(profiles).where(profiles.c.window_start == day(3).start).values(counts=b"\1Cx")
        )
    )
    bench.clock.move_to(due(40) + 50 * DAY)

    pruned = prune(bench)

    assert pruned is not None
    assert pruned.coarse == 9
    assert "column 'amount': the stored bytes are damaged" in caplog.text


def test_whatever_refers_to_an_incident_is_dropped_with_it_or_keeps_it() -> None:
    known = {"events", "deliveries", "escalations", "retrains", "slice_searches"}
    referring = {
        table.name
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table is incidents
    }

    assert referring == known, "teach driftwatch/store/pruning_cases.py what becomes of the new table"


def _list_words(bench: Bench) -> list[VerdictWord]:
    return [
        row.verdict.word for row in bench.parts.database.read(lambda tx: list_verdicts(tx, bench.watch.row))
    ]


def test_judging_goes_on_as_if_nothing_had_been_pruned(store: Database) -> None:
    def monitor_of(bench: Bench) -> Monitor:
        return bench.monitor

    bench = set_up(store, judging=Judging(budget=Budget()))
    bench.live("." * 40)
    bench.clock.move_to(due(40) + 20 * DAY)
    prune(bench, Retention(full=DAY, coarse=2 * DAY), judging=monitor_of(bench).judging)
    bench.live("..aa", first=41)

    assert _list_words(bench)[-4:] == [VerdictWord.OK, VerdictWord.OK, VerdictWord.DRIFT, VerdictWord.DRIFT]
