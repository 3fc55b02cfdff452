from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from driftwatch.errors import StoreError
from driftwatch.incidents.incident import IncidentKind, IncidentState
from driftwatch.jobs.check import Checked, check_windows
from driftwatch.jobs.finish import Finish, Run
from driftwatch.jobs.parts import LEASE
from driftwatch.profiles.window import Window
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from driftwatch.store.evidence import load_profile, load_statistics
from driftwatch.store.slots import SlotState
from tests.support.incidents import day
from tests.support.monitors import ROWS, Bench, BreakingDatabase, due, set_up, tell_story

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LIVE = Run(replays=False)
RETRAIN = RetrainPolicy(trigger="ci", after=1)


def check(bench: Bench, *numbers: int, run: Run = LIVE) -> list[Checked]:
    windows = [day(number) for number in numbers]
    return list(check_windows(bench.parts, bench.watch, windows, run))


def count_traces(bench: Bench) -> dict[str, int]:
    """How much of what judging a window leaves behind is in the store."""
    database, row = bench.parts.database, bench.watch.row
    profile = database.read(lambda tx: load_profile(tx, row, day(1), bench.watch.reference))
    return {
        "verdicts": len(bench.verdicts()),
        "findings": sum(len(one.verdict.findings) for one in bench.verdicts()),
        "statistics": len(database.read(lambda tx: load_statistics(tx, row, day(1)))),
        "profiles": 0 if profile is None else len(profile.columns),
        "incidents": len(bench.incidents()),
        "events": sum(len(bench.events(incident)) for incident in bench.incidents()),
        "deliveries": len(bench.deliveries()),
        "retrains": len(bench.retrains()),
    }


@pytest.mark.parametrize(
    "error", [StoreError("the disk is full"), KeyboardInterrupt(), RuntimeError("a fault of ours")]
)
def test_all_that_follows_from_a_window_appears_together_or_not_at_all(
    database: Database, error: BaseException
) -> None:
    breaking = BreakingDatabase(database)
    bench = set_up(breaking, retrain=RETRAIN)
    tell_story(bench.source, "a")
    bench.clock.move_to(due(1))
    bench.plan()
    breaking.breaks_at, breaking.breaks_with = Finish, error

    with pytest.raises(type(error)):
        check(bench, 1)
    cut_off = count_traces(bench)
    (slot,) = bench.waiting()
    breaking.breaks_with = None
    (checked,) = check(bench, 1)

    assert set(cut_off.values()) == {0}
    assert (slot.state, slot.reason, slot.next_at) == (SlotState.DUE, "interrupted", due(1))
    assert checked.revision == 1
    assert count_traces(bench) == {
        "verdicts": 1,
        "findings": 1,
        "statistics": 2,
        "profiles": 2,
        "incidents": 1,
        "events": 1,
        "deliveries": 1,
        "retrains": 1,
    }
    assert bench.waiting() == []


def test_a_window_that_somebody_else_took_over_is_dropped(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    bench = set_up(database)
    rival = replace(bench, parts=replace(bench.parts, owner="rival"))
    tell_story(bench.source, "a")
    bench.clock.move_to(due(1))
    bench.plan()

    def overtake(window: Window) -> None:
        bench.source.before = None
        bench.clock.advance(LEASE + SECOND)
        assert rival.tick() == 1

    bench.source.before = overtake
    (checked,) = check(bench, 1)

    assert (checked.verdict, checked.revision) == (None, 0)
    assert [(row.verdict.word.value, row.revision) for row in bench.verdicts()] == [("drift", 1)]
    assert bench.told() == ["opened"]
    assert "window dropped monitor=flights" in caplog.text


def test_a_window_that_somebody_else_works_on_is_left_alone(database: Database) -> None:
    bench = set_up(database)
    rival = replace(bench, parts=replace(bench.parts, owner="rival"))
    bench.clock.move_to(due(1))
    bench.plan()
    seen: list[Checked] = []
    bench.source.before = lambda _: seen.extend(check(rival, 1)) if not seen else None

    (checked,) = check(bench, 1)

    assert [one.verdict for one in seen] == [None]
    assert checked.verdict is not None


def test_a_slow_window_stands_unless_somebody_took_it_over(store: Database) -> None:
    bench = set_up(store)
    tell_story(bench.source, ".")
    bench.clock.move_to(due(1))
    bench.plan()
    bench.source.before = lambda _: bench.clock.advance(10 * LEASE)

    (checked,) = check(bench, 1)

    assert checked.revision == 1
    assert bench.verdicts()[0].judgement.seconds == 10 * LEASE.total_seconds()


def test_a_window_that_was_interrupted_while_it_was_read_can_be_claimed_again_at_once(
    database: Database,
) -> None:
    bench = set_up(database)
    tell_story(bench.source, ".")
    bench.source.rows[day(1)] = KeyboardInterrupt()
    bench.clock.move_to(due(1))
    bench.plan()

    with pytest.raises(KeyboardInterrupt):
        check(bench, 1)
    tell_story(bench.source, ".")
    (checked,) = check(bench, 1)

    assert checked.verdict is not None
    assert checked.verdict.word == "ok"


def test_interruptions_use_up_no_try_of_the_source(store: Database) -> None:
    bench = set_up(store)
    bench.clock.move_to(due(1))
    bench.plan()
    for _ in range(5):
        bench.source.rows[day(1)] = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            check(bench, 1)

    tell_story(bench.source, "E")
    (checked,) = check(bench, 1)

    assert checked.again_at == due(1) + 30 * SECOND


def test_whoever_stops_between_two_windows_leaves_no_claim_behind(store: Database) -> None:
    bench = set_up(store)
    tell_story(bench.source, "..")
    bench.clock.move_to(due(2))
    bench.plan()

    judging = check_windows(bench.parts, bench.watch, [day(1), day(2)], LIVE)
    next(judging)
    del judging

    assert [(slot.window, slot.state) for slot in bench.waiting()] == [(day(2), SlotState.DUE)]


def test_a_source_that_is_away_is_asked_three_times_before_the_window_is_an_error(database: Database) -> None:
    bench = set_up(database)
    tell_story(bench.source, "E")

    tries = [bench.tick_at(due(1) + wait * SECOND) for wait in (0, 29, 30, 89, 90, 3600)]

    assert tries == [1, 0, 1, 0, 1, 0]
    assert bench.words() == ["error"]
    assert bench.verdicts()[0].verdict.reason == "day 1 is out of reach"
    assert bench.waiting() == []


def test_a_source_that_comes_back_in_time_leaves_no_error(store: Database) -> None:
    bench = set_up(store)
    tell_story(bench.source, "E")
    bench.tick_at(due(1))
    bench.tick_at(due(1) + 30 * SECOND)

    tell_story(bench.source, ".")
    bench.tick_at(due(1) + 90 * SECOND)

    assert bench.words() == ["ok"]
    assert bench.incidents() == []


def test_only_tries_that_failed_in_a_row_count(store: Database) -> None:
    """A window that waited for its rows for hours is not an error at the first hiccup of the source."""
    bench = set_up(store)
    for number in range(12):
        bench.tick_at(due(1) + number * 5 * MINUTE)
    assert bench.source.reads[day(1)] == 12

    tell_story(bench.source, "E")
    began = due(1) + 60 * MINUTE
    tries = [bench.tick_at(began + wait * SECOND) for wait in (0, 30, 90)]

    assert tries == [1, 1, 1]
    assert bench.waiting() == []
    assert bench.words() == ["error"]


def test_in_a_replay_a_source_that_is_away_is_an_error_at_once(store: Database) -> None:
    bench = set_up(store, now=due(3))
    tell_story(bench.source, ".E.")

    seen = bench.replay(1, 3)

    assert [one.verdict.word.value if one.verdict else None for one in seen] == ["ok", "error", "ok"]
    assert bench.waiting() == []


@pytest.mark.parametrize("letter", ["X", "B"])
def test_what_trying_again_cannot_mend_is_an_error_at_once(store: Database, letter: str) -> None:
    bench = set_up(store)

    bench.live(letter)

    assert bench.words() == ["error"]
    assert bench.waiting() == []


@pytest.mark.parametrize("letter", ["X", "B"])
def test_a_window_that_fails_stops_neither_the_next_nor_what_was_read_before(
    store: Database, letter: str
) -> None:
    bench = set_up(store)
    tell_story(bench.source, f".{letter}.a")

    bench.tick_at(due(4))

    assert bench.words() == ["ok", "error", "ok", "drift"]
    assert [row.verdict.rows for row in bench.verdicts()] == [ROWS, None, ROWS, ROWS]


def test_an_error_opens_an_evaluation_incident_that_the_next_judged_window_resolves(store: Database) -> None:
    bench = set_up(store)

    bench.live("X-X.")

    (incident,) = bench.incidents(IncidentKind.EVALUATION)
    assert incident.state is IncidentState.RESOLVED
    assert (incident.first_window, incident.last_window) == (day(1), day(3))
    assert bench.told() == ["opened", "resolved"]


def test_an_error_that_is_tried_again_opens_no_incident_yet(store: Database) -> None:
    bench = set_up(store)
    tell_story(bench.source, "E")

    bench.tick_at(due(1))

    assert bench.words() == ["error"]
    assert bench.incidents() == []


@pytest.mark.parametrize(
    ("letter", "meanwhile", "finally_"), [("-", "no_data", "no_data"), ("v", "partial", "data")]
)
def test_an_incomplete_window_is_read_again_for_one_length_and_then_judged(
    store: Database, letter: str, meanwhile: str, finally_: str
) -> None:
    bench = set_up(store)
    tell_story(bench.source, letter)

    bench.tick_at(due(1))
    (waiting,) = bench.waiting()
    bench.tick_at(due(1) + 5 * MINUTE)
    read_twice, during, incidents = bench.source.reads[day(1)], bench.words(), bench.incidents()
    bench.tick_at(due(2) - MINUTE)
    still_waiting = [slot.window for slot in bench.waiting()]
    tell_story(bench.source, ".", first=2)
    bench.tick_at(due(2) + 4 * MINUTE)

    assert waiting.next_at == due(1) + 5 * MINUTE
    assert (read_twice, during, incidents) == (2, [meanwhile], [])
    assert still_waiting == [day(1)]
    assert bench.words() == [finally_, "ok"]
    assert bench.waiting() == []


def test_rows_that_come_while_a_window_is_read_again_are_judged(store: Database) -> None:
    bench = set_up(store)
    tell_story(bench.source, "-")
    bench.tick_at(due(1))

    tell_story(bench.source, "a")
    bench.tick_at(due(1) + 5 * MINUTE)

    assert [(row.verdict.word.value, row.revision) for row in bench.verdicts()] == [("drift", 2)]
    assert bench.told() == ["opened"]


def test_reading_again_with_the_same_result_adds_no_revision(store: Database) -> None:
    bench = set_up(store)

    for number in range(5):
        bench.tick_at(due(1) + number * 5 * MINUTE)

    assert [row.revision for row in bench.verdicts()] == [1]


def test_a_window_in_its_time_keeps_the_next_ones_waiting(store: Database) -> None:
    bench = set_up(store)
    tell_story(bench.source, "E.")
    bench.clock.move_to(due(2))
    bench.plan()

    bench.tick()

    assert bench.source.reads[day(1)] == 2
    assert bench.words() == ["error"]
    assert [slot.window for slot in bench.waiting()] == [day(1), day(2)]


def test_every_window_leaves_one_line_in_the_log(store: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="driftwatch.check")
    bench = set_up(store)

    bench.live(".a")

    lines = [record.message for record in caplog.records if record.message.startswith("window judged")]
    assert lines == [
        f"window judged monitor=flights window={day(number)} rows={ROWS} verdict={word} score=None "
        "limit=None seconds=0.000"
        for number, word in ((1, "ok"), (2, "drift"))
    ]
