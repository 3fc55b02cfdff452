"""Checking now judges what is due once, whoever else is at it, and says what came of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.errors import UsageError
from driftwatch.jobs.check_now import check_now, say_checked
from driftwatch.jobs.heartbeat import Beat, beat
from driftwatch.jobs.pausing import pause_monitor
from driftwatch.jobs.reference import Watch
from driftwatch.store.database import Database
from driftwatch.store.slots import claim_slot
from tests.support.incidents import day
from tests.support.monitors import Bench, due, set_up, tell_story


def wait(bench: Bench, story: str, first: int) -> None:
    """Let the days of a story fall due while nobody looks."""
    tell_story(bench.source, story, first=first)
    bench.clock.move_to(due(first + len(story) - 1))


def test_what_is_due_is_judged_and_told_where_no_daemon_runs(store: Database) -> None:
    bench = set_up(store)
    bench.live("..")
    wait(bench, ".a", 3)

    found = check_now(bench.parts, bench.monitor, lambda: bench.watch)

    assert [(row.window, row.verdict.word) for row in found.judged] == [(day(3), "ok"), (day(4), "drift")]
    assert say_checked(found) == "2 windows judged: 2013-02-03: ok and 2013-02-04: drift."
    assert [message.payload["type"] for message in bench.channel.sent] == ["incident.opened"]


def test_beside_a_daemon_the_messages_are_left_to_it(store: Database) -> None:
    bench = set_up(store)
    wait(bench, "a", 1)
    beat(store, Beat(at=bench.clock.now(), owner="another"))

    check_now(bench.parts, bench.monitor, lambda: bench.watch)

    assert bench.told() == ["opened"]
    assert bench.channel.sent == []


def test_nothing_due_says_when_something_will_be(store: Database) -> None:
    bench = set_up(store)
    bench.live("..")

    found = check_now(bench.parts, bench.monitor, lambda: bench.watch)

    assert (found.judged, found.waiting, found.next_due) == ((), (), due(3))
    assert say_checked(found) == "Nothing is due: the next window is looked at 2013-02-04 00:30 UTC."


def test_what_waits_for_another_try_is_tried_at_once(store: Database) -> None:
    bench = set_up(store)
    bench.live(".E")
    assert bench.waiting()[0].next_at > bench.clock.now()
    tell_story(bench.source, ".", first=2)

    found = check_now(bench.parts, bench.monitor, lambda: bench.watch)

    assert [row.verdict.word for row in found.judged] == ["ok"]
    assert bench.words() == ["ok", "ok"]


def test_a_window_that_somebody_else_has_is_left_to_them(store: Database) -> None:
    bench = set_up(store)
    wait(bench, "..", 1)
    bench.plan()
    now = bench.clock.now()
    store.write(lambda tx: claim_slot(tx, bench.watch.row, day(1), "another", timedelta(minutes=2), now))

    found = check_now(bench.parts, bench.monitor, lambda: bench.watch)

    assert (found.judged, found.waiting) == ((), (day(1), day(2)))
    assert say_checked(found).startswith("2 windows still wait: judged by somebody else")


def test_a_paused_monitor_is_not_checked(store: Database) -> None:
    bench = set_up(store)
    wait(bench, ".", 1)
    pause_monitor(bench.parts, bench.monitor, who="Ana", why="works")

    with pytest.raises(UsageError, match="paused by Ana"):
        check_now(bench.parts, bench.monitor, lambda: bench.watch)

    assert bench.words() == []


def test_a_monitor_that_is_paused_is_not_even_taken_up(store: Database) -> None:
    bench = set_up(store)
    pause_monitor(bench.parts, bench.monitor, who="Ana", why="the feed moves")
    taken_up: list[Watch] = []

    def take_up() -> Watch:
        taken_up.append(bench.watch)
        return bench.watch

    with pytest.raises(UsageError, match="paused"):
        check_now(bench.parts, bench.monitor, take_up)

    assert taken_up == []
