from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from driftwatch.calibration.budget import Budget
from driftwatch.errors import StoreError
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.rules import Judging
from driftwatch.jobs.batches import Batches
from driftwatch.jobs.beside import Tracks
from driftwatch.jobs.judged import MOST_TRIES, Judged, choose_retry, is_final, judge_window
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.slots import Claim
from tests.support.incidents import day
from tests.support.monitors import BLOCKS, ROWS, Bench, due, make_monitor, make_source, set_up, tell_story

SECOND = timedelta(seconds=1)


def judge_day(bench: Bench, letter: str, *, final: bool = True, number: int = 1) -> Judged:
    tell_story(bench.source, letter, first=number)
    batches = Batches(bench.monitor, bench.watch.reference.total, [day(number)])
    return judge_window(bench.parts.database, bench.watch, Tracks(), day(number), batches, final=final)


@pytest.mark.parametrize(
    ("letter", "final", "word", "rows"),
    [
        (".", True, "ok", ROWS),
        (".", False, "ok", ROWS),
        ("a", True, "drift", ROWS),
        ("a", False, "drift", ROWS),
        ("n", True, "data", ROWS),
        ("v", True, "data", ROWS // 10),
        ("v", False, "partial", ROWS // 10),
        ("-", True, "no_data", 0),
        ("-", False, "no_data", 0),
    ],
)
def test_a_window_is_judged_by_its_rows(
    store: Database, letter: str, final: bool, word: str, rows: int
) -> None:
    judged = judge_day(set_up(store), letter, final=final)

    assert (judged.verdict.word, judged.verdict.rows) == (word, rows)
    assert judged.profile is not None
    assert judged.profile.rows == rows
    assert (judged.fingerprint is None) == (rows == 0)


@pytest.mark.parametrize(
    ("letter", "may_recover", "reason"),
    [
        ("E", True, "day 1 is out of reach"),
        ("X", False, "day 1 is damaged"),
        ("B", False, "driftwatch itself failed (RuntimeError); its log has the details"),
    ],
)
def test_whatever_goes_wrong_is_a_verdict_with_its_reason(
    store: Database, letter: str, may_recover: bool, reason: str
) -> None:
    judged = judge_day(set_up(store), letter)

    assert (judged.verdict.word, judged.verdict.rows, judged.verdict.reason) == ("error", None, reason)
    assert (judged.may_recover, judged.profile, judged.fingerprint) == (may_recover, None, None)


def test_the_log_has_the_details_of_a_fault(store: Database, caplog: pytest.LogCaptureFixture) -> None:
    judge_day(set_up(store), "B")

    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert record.message == f"judging failed monitor=flights window={day(1)}"
    assert record.exc_info is not None


def test_a_store_that_fails_is_no_verdict_on_the_window(store: Database) -> None:
    bench = set_up(store)
    bench.source.before = fail_store

    with pytest.raises(StoreError, match="disk is full"):
        judge_day(bench, ".")


def fail_store(window: Window) -> None:
    raise StoreError("the disk is full")


def test_a_window_that_is_empty_by_habit_says_so(store: Database) -> None:
    source = make_source()
    for number in BLOCKS:
        if day(number).start.weekday() == 6:
            tell_story(source, "-", first=number)
    bench = set_up(store, source=source)

    sunday, monday = judge_day(bench, "-", number=3), judge_day(bench, "-", number=4)

    assert sunday.verdict.reason == "no rows, as in the reference at this time of the week"
    assert monday.verdict.reason == "the source has no rows for it"


def test_a_weekday_that_is_not_always_empty_in_the_reference_is_no_habit(store: Database) -> None:
    source = make_source()
    tell_story(source, "-", first=-4)
    bench = set_up(store, source=source)

    judged = judge_day(bench, "-", number=3)

    assert day(-4).start.weekday() == day(3).start.weekday()
    assert judged.verdict.reason == "the source has no rows for it"


def test_the_same_rows_once_more_are_found(store: Database) -> None:
    bench = set_up(store)
    bench.live("..")
    bench.source.rows[day(3)] = bench.source.rows[day(1)]

    bench.tick_at(due(3))

    (finding,) = bench.verdicts()[-1].verdict.findings
    assert finding.kind == "repeated_window"
    assert "those of 2013-02-01 again" in finding.text


@pytest.mark.parametrize(
    ("after", "final"),
    [(timedelta(0), False), (timedelta(days=1) - SECOND, False), (timedelta(days=1), True)],
)
def test_a_window_has_one_length_of_time_after_it_fell_due(after: timedelta, final: bool) -> None:
    assert is_final(make_monitor(make_source()), day(1), due(1) + after) is final


def claim(attempts: int, length: timedelta = timedelta(days=1)) -> Claim:
    start = day(1).start
    window = Window(start=start, end=start + length)
    return Claim(
        monitor_id=1,
        monitor_key="flights",
        history=1,
        window=window,
        token=attempts,
        attempts=attempts,
        until=due(1) + timedelta(minutes=2),
        reason=None,
    )


def judged_as(word: str, *, may_recover: bool = False) -> Judged:
    verdict = Verdict(window=day(1), word=VerdictWord(word), rows=None)
    return Judged(verdict=verdict, may_recover=may_recover)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 30), (2, 60), (3, None), (4, None)])
def test_a_source_that_may_recover_is_asked_three_times_with_growing_pauses(
    attempts: int, seconds: int | None
) -> None:
    again_at = choose_retry(judged_as("error", may_recover=True), claim(attempts), due(1), final=False)

    assert again_at == (None if seconds is None else due(1) + seconds * SECOND)
    assert MOST_TRIES == 3


def test_what_trying_again_cannot_mend_is_not_tried_again() -> None:
    assert choose_retry(judged_as("error"), claim(1), due(1), final=False) is None


@pytest.mark.parametrize("word", ["no_data", "partial"])
@pytest.mark.parametrize(
    ("length", "wait"),
    [
        (timedelta(minutes=1), timedelta(seconds=10)),
        (timedelta(hours=1), timedelta(minutes=3)),
        (timedelta(days=1), timedelta(minutes=5)),
    ],
)
def test_an_incomplete_window_is_read_again_soon(word: str, length: timedelta, wait: timedelta) -> None:
    assert choose_retry(judged_as(word), claim(7, length), due(1), final=False) == due(1) + wait


@pytest.mark.parametrize("word", ["ok", "drift", "data", "no_data", "partial"])
def test_a_final_window_is_not_read_again(word: str) -> None:
    assert choose_retry(judged_as(word), claim(1), due(1), final=True) is None


@pytest.mark.parametrize("word", ["ok", "drift", "data"])
def test_a_complete_window_is_not_read_again(word: str) -> None:
    assert choose_retry(judged_as(word), claim(1), due(1), final=False) is None


def test_a_weight_of_a_column_that_is_not_judged_is_an_error_and_not_ignored(store: Database) -> None:
    judging = Judging(budget=Budget(weights={"amuont": 2.0}))

    verdict = judge_day(set_up(store, judging=judging), ".").verdict

    assert verdict.word is VerdictWord.ERROR
    assert verdict.reason == (
        "flights: the importance of 'amuont' changes nothing: the reference has no such column; "
        "correct `columns.importance`"
    )
