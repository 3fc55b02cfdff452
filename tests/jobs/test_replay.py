from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

import pytest

from driftwatch.errors import NotDueError, UsageError
from driftwatch.incidents.incident import IncidentKind, IncidentState
from driftwatch.incidents.policy import Policy
from driftwatch.jobs.monitor import CatchUp
from driftwatch.jobs.replay import Notify, Seen, choose_windows, replay_windows
from driftwatch.profiles.window import Window
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from tests.support.incidents import DELAY, day
from tests.support.monitors import Bench, due, make_monitor, make_source, set_up, tell_story

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
MONITOR = make_monitor(make_source())


def days(first: int, last: int) -> list[Window]:
    return [day(number) for number in range(first, last + 1)]


def words(seen: list[Seen]) -> list[str | None]:
    return [one.verdict.word.value if one.verdict else None for one in seen]


def from_store(seen: list[Seen]) -> list[bool]:
    return [one.from_store for one in seen]


def bench_at(store: Database, number: int, story: str, **changes: object) -> Bench:
    """Return a monitor first started well after day `number`, with the days of `story` in its source."""
    bench = set_up(store, now=due(number) + HOUR, **changes)  # type: ignore[arg-type]  # Fields of a monitor.
    tell_story(bench.source, story)
    return bench


@pytest.mark.parametrize(
    ("now", "number"),
    [(due(3), 3), (due(3) - SECOND, 2), (day(4).end, 3), (day(4).end + DELAY - SECOND, 3), (due(4), 4)],
)
def test_without_times_the_latest_due_window_is_meant(now: datetime, number: int) -> None:
    assert choose_windows(MONITOR, now) == [day(number)]


@pytest.mark.parametrize("moment", [day(3).start, day(3).start + HOUR, day(3).end - SECOND])
def test_at_means_the_window_that_contains_the_time(moment: datetime) -> None:
    assert choose_windows(MONITOR, due(9), at=moment) == [day(3)]


def test_from_and_to_mean_the_windows_that_lie_wholly_between() -> None:
    chosen = choose_windows(MONITOR, due(9), start=day(2).start + SECOND, end=day(6).end - SECOND)

    assert chosen == days(3, 5)


@pytest.mark.parametrize("start", [None, day(3).start])
def test_a_window_that_is_not_due_is_refused_with_the_time_it_falls_due(start: datetime | None) -> None:
    at, end = (day(5).start, None) if start is None else (None, day(6).end)

    with pytest.raises(NotDueError, match=f"{day(5)} is not due before 2013-02-06T00:30:00Z"):
        choose_windows(MONITOR, due(4), at=at, start=start, end=end)


@pytest.mark.parametrize(
    ("at", "start", "end"),
    [
        (None, day(1).start, None),
        (None, None, day(1).start),
        (day(1).start, day(1).start, day(2).end),
        (day(1).start, None, day(2).end),
    ],
)
def test_times_that_do_not_fit_together_are_refused(
    at: datetime | None, start: datetime | None, end: datetime | None
) -> None:
    with pytest.raises(UsageError, match="either --at, or both --from and --to"):
        choose_windows(MONITOR, due(9), at=at, start=start, end=end)


def test_a_range_without_a_whole_window_is_refused() -> None:
    with pytest.raises(UsageError, match="flights: no whole window of 1d lies from 2013-02-01T01:00:00Z"):
        choose_windows(MONITOR, due(9), start=day(1).start + HOUR, end=day(2).end - HOUR)


def test_windows_are_judged_in_order_and_each_once(store: Database) -> None:
    bench = bench_at(store, 5, ".a.-v")

    seen = bench.replay(1, 5)

    assert [one.window for one in seen] == days(1, 5)
    assert words(seen) == ["ok", "drift", "ok", "no_data", "data"]
    assert {one.revision for one in seen} == {1}
    assert len(bench.source.requests) == 2


def test_windows_judged_before_come_from_the_store_as_they_were(store: Database) -> None:
    bench = bench_at(store, 5, ".a...")
    bench.replay(2, 3)
    tell_story(bench.source, "aaaaa")

    seen = bench.replay(1, 5)

    assert words(seen) == ["drift", "drift", "ok", "drift", "drift"]
    assert from_store(seen) == [False, True, True, False, False]
    assert bench.source.reads[day(2)] == 1


def test_an_interrupted_replay_goes_on_where_it_was(database: Database) -> None:
    bench = set_up(database, now=due(6))
    tell_story(bench.source, ".a.a.a")
    windows = days(1, 6)
    first = list(islice(replay_windows(bench.parts, bench.watch, windows, notify="none"), 3))

    second = bench.replay(1, 6)

    assert words(first) == ["ok", "drift", "ok"]
    assert from_store(second) == [True, True, True, False, False, False]
    assert words(second) == ["ok", "drift", "ok", "drift", "ok", "drift"]
    (incident,) = bench.incidents()
    assert incident.windows_open == 5


def test_a_replay_cut_off_while_reading_leaves_no_window_behind(store: Database) -> None:
    bench = bench_at(store, 3, "...")
    bench.source.rows[day(2)] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        bench.replay(1, 3)

    tell_story(bench.source, "...")
    seen = bench.replay(1, 3)

    assert words(seen) == ["ok", "ok", "ok"]
    assert {one.revision for one in seen} == {1}


def test_again_gives_a_new_revision_and_leaves_incidents_as_they_are(store: Database) -> None:
    bench = bench_at(store, 4, "a.a.")
    bench.replay(1, 4, "all")
    incidents, told = bench.incidents(), bench.told()
    tell_story(bench.source, "....")

    seen = bench.replay(1, 4, "all", again=True)

    assert words(seen) == ["ok", "ok", "ok", "ok"]
    assert [one.revision for one in seen] == [2, 2, 2, 2]
    assert (bench.incidents(), bench.told()) == (incidents, told)


@pytest.mark.parametrize("letter", ["E", "X", "B"])
def test_windows_that_could_not_be_read_are_tried_again(store: Database, letter: str) -> None:
    bench = bench_at(store, 2, f".{letter}")
    bench.replay(1, 2)
    tell_story(bench.source, "..")

    seen = bench.replay(1, 2)

    assert (words(seen), from_store(seen)) == (["ok", "ok"], [True, False])
    (incident,) = bench.incidents(IncidentKind.EVALUATION)
    assert incident.state is IncidentState.RESOLVED


def test_windows_that_were_given_up_are_tried_again(store: Database) -> None:
    bench = set_up(store, catch_up=CatchUp(policy="latest"))
    bench.live(".")
    bench.tick_at(due(5))
    tell_story(bench.source, ".....")
    before = bench.words()

    seen = bench.replay(1, 4)

    assert before == ["ok", "not_evaluated", "not_evaluated", "not_evaluated", "no_data"]
    assert words(seen) == ["ok", "ok", "ok", "ok"]
    assert from_store(seen) == [True, False, False, False]


def test_windows_without_rows_are_not_asked_for_again(store: Database) -> None:
    bench = bench_at(store, 2, "--")
    bench.replay(1, 2)

    seen = bench.replay(1, 2)

    assert (words(seen), from_store(seen)) == (["no_data", "no_data"], [True, True])


def test_a_window_that_somebody_else_judges_now_is_passed_over(store: Database) -> None:
    bench = bench_at(store, 2, "..")
    rival = replace(bench, parts=replace(bench.parts, owner="rival"))
    seen: list[Seen] = []

    def look_in(window: Window) -> None:
        if not seen:
            seen.extend(rival.replay(1, 2))

    bench.source.before = look_in
    ours = bench.replay(1, 2)

    assert words(seen) == [None, None]
    assert words(ours) == ["ok", "ok"]


@pytest.mark.parametrize(
    ("notify", "told"), [("none", []), ("final", ["opened"]), ("all", ["opened", "resolved", "opened"])]
)
def test_who_is_told_of_a_replay_is_up_to_its_caller(
    store: Database, notify: Notify, told: list[str]
) -> None:
    bench = bench_at(store, 5, "a..aa", policy=Policy(resolve_after=2))

    bench.replay(1, 5, notify)

    assert bench.told() == told
    assert [incident.state.value for incident in bench.incidents()] == ["resolved", "open"]


def test_a_told_incident_that_a_silent_replay_resolves_is_told_at_its_end(store: Database) -> None:
    bench = set_up(store)
    bench.live("a")
    bench.clock.move_to(due(5))
    tell_story(bench.source, "....", first=2)

    bench.replay(2, 5, "final")

    assert bench.told() == ["opened", "resolved"]


def test_the_final_state_is_told_once(store: Database) -> None:
    bench = bench_at(store, 4, "aaaa")
    bench.replay(1, 3, "final")

    bench.replay(1, 4, "final")
    bench.replay(1, 4, "final")

    assert bench.told() == ["opened"]


def test_the_final_state_is_told_where_all_windows_were_judged_in_silence_before(store: Database) -> None:
    bench = bench_at(store, 4, "aaaa")
    bench.replay(1, 4, "none")

    bench.replay(1, 4, "final")

    assert bench.told() == ["opened"]
    assert {incident.told_at for incident in bench.incidents()} == {due(4)}


def test_an_incident_of_a_silent_replay_was_paged_all_the_same(store: Database) -> None:
    bench = bench_at(store, 1, "a")

    bench.replay(1, 1)

    assert [incident.paged for incident in bench.incidents()] == [True]


@pytest.mark.parametrize(("notify", "requests"), [("none", 0), ("final", 0), ("all", 1)])
def test_only_a_replay_that_tells_everything_requests_retraining(
    store: Database, notify: Notify, requests: int
) -> None:
    bench = bench_at(store, 3, "aaa", retrain=RetrainPolicy(trigger="ci", after=2))

    bench.replay(1, 3, notify)

    assert [row.requested_at for row in bench.retrains()] == [due(2)] * requests


def test_more_windows_than_one_transaction_takes_are_judged(store: Database) -> None:
    bench = set_up(store, now=due(600))

    seen = bench.replay(1, 502)

    assert len(seen) == 502
    assert set(words(seen)) == {"no_data"}


def test_no_window_gives_nothing(store: Database) -> None:
    bench = bench_at(store, 1, ".")

    assert list(replay_windows(bench.parts, bench.watch, [], notify="final")) == []
