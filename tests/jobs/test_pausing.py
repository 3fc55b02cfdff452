"""A paused monitor is not judged, nobody is reminded, and nobody takes it for a healthy one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.errors import UsageError
from driftwatch.incidents.policy import Policy
from driftwatch.jobs.monitor import CatchUp
from driftwatch.jobs.pausing import leave_out_paused, pause_monitor, refuse_paused, resume_monitor
from driftwatch.jobs.status import MonitorStatus, read_status
from driftwatch.store.database import Database
from tests.support.incidents import day
from tests.support.monitors import Bench, due, set_up, tell_story

HOUR = timedelta(hours=1)


def pause(bench: Bench, hours: int | None = None) -> None:
    until = None if hours is None else bench.clock.now() + hours * HOUR
    pause_monitor(bench.parts, bench.monitor, who="Ana", why="the feed moves", until=until)


def look(bench: Bench) -> MonitorStatus:
    return read_status(bench.parts.database, [bench.monitor], bench.clock.now()).monitors[0]


def test_what_falls_due_in_a_pause_is_judged_after_it(store: Database) -> None:
    bench = set_up(store)
    bench.live("..")
    pause(bench)

    bench.live("...", first=3)
    during = bench.words()
    resume_monitor(bench.parts, bench.monitor, "Ben")
    bench.tick()

    assert during == ["ok", "ok"]
    assert bench.words() == ["ok"] * 5


@pytest.mark.parametrize(("policy", "judged"), [("all", [3, 4, 5]), ("latest", [5]), ("none", [5])])
def test_catch_up_says_what_becomes_of_the_windows_of_a_pause(
    store: Database, policy: str, judged: list[int]
) -> None:
    bench = set_up(store, catch_up=CatchUp(policy=policy))  # type: ignore[arg-type]  # One of its words.
    bench.live("..")
    pause(bench)
    bench.live("...", first=3)

    resume_monitor(bench.parts, bench.monitor, "Ben")
    bench.tick()

    verdicts = {row.window: row.verdict for row in bench.verdicts()}
    assert [number for number in (3, 4, 5) if verdicts[day(number)].word == "ok"] == judged
    left_out = [verdicts[day(number)] for number in (3, 4, 5) if number not in judged]
    assert all(one.reason and "paused by Ana (the feed moves)" in one.reason for one in left_out)
    # Somebody wanted it so: nobody is told of what was left out.
    assert (bench.incidents(), bench.told()) == ([], [])


def test_what_was_missed_before_the_pause_is_told_as_ever(store: Database) -> None:
    bench = set_up(store, catch_up=CatchUp(policy="none"))
    bench.live(".")
    tell_story(bench.source, ".....", first=2)
    bench.clock.move_to(due(3) + HOUR)
    pause(bench)
    bench.clock.move_to(due(6) + 2 * HOUR)

    resume_monitor(bench.parts, bench.monitor, "Ben")
    bench.tick()

    reasons = {row.window: row.verdict.reason or "" for row in bench.verdicts()}
    assert "missed while nobody looked" in reasons[day(2)]
    assert "paused by Ana" in reasons[day(5)]
    (incident,) = bench.incidents()
    assert incident.kind == "evaluation"


def test_a_pause_ends_by_itself(store: Database) -> None:
    bench = set_up(store)
    bench.live(".")
    pause(bench, 30)
    tell_story(bench.source, "..", first=2)

    assert bench.tick_at(due(2)) == 0
    assert bench.tick_at(due(3)) == 2
    assert look(bench).paused is None


def test_reminders_stop_and_come_again(store: Database) -> None:
    bench = set_up(store, policy=Policy(reminders=(timedelta(days=1),)))
    bench.live("..a")
    pause(bench)
    bench.live("aaa", first=4)
    during = bench.told()

    resume_monitor(bench.parts, bench.monitor, "Ben")
    bench.tick()
    bench.plan()

    assert during == ["opened"]
    assert bench.told() == ["opened", "reminder"]


def test_a_paused_monitor_is_never_healthy_and_never_late(store: Database) -> None:
    bench = set_up(store)
    bench.live("..")
    assert look(bench).healthy
    pause(bench)
    bench.clock.move_to(due(6))

    found = look(bench)

    assert not found.healthy
    assert found.late_by is None
    said = found.to_json()["paused"]
    assert (said["by"], said["why"], said["until"]) == ("Ana", "the feed moves", None)
    resume_monitor(bench.parts, bench.monitor, "Ben")
    assert look(bench).late_by is not None


def test_it_is_left_out_of_every_round_and_a_window_at_work_is_finished(store: Database) -> None:
    bench = set_up(store)
    assert leave_out_paused(bench.parts, [bench.watch]) == [bench.watch]
    pause(bench)

    assert leave_out_paused(bench.parts, [bench.watch]) == []
    with pytest.raises(UsageError, match=r"paused by Ana since .*the feed moves.*monitor resume flights"):
        refuse_paused(store, bench.monitor, bench.clock.now())


def test_what_makes_no_sense_is_refused(store: Database) -> None:
    bench = set_up(store)

    with pytest.raises(UsageError, match="say why"):
        pause_monitor(bench.parts, bench.monitor, who="Ana", why="  ")
    with pytest.raises(UsageError, match="over already"):
        pause_monitor(bench.parts, bench.monitor, who="Ana", why="x", until=bench.clock.now())
    with pytest.raises(UsageError, match="nothing to resume"):
        resume_monitor(bench.parts, bench.monitor, "Ana")
    pause(bench)
    with pytest.raises(UsageError, match="is paused by Ana"):
        pause(bench)
