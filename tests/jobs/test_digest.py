"""A monitor in shadow mode tells nobody, and reports once a week, exactly once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from driftwatch.channels.contract import Outcome
from driftwatch.incidents.by_hand import resolve_by_hand
from driftwatch.incidents.incident import IncidentKind
from driftwatch.incidents.policy import Freshness, Policy
from driftwatch.jobs.cases import change_case, find_case, list_cases
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.digest import queue_digests
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from driftwatch.store.meta import read_meta, write_meta
from tests.support.incidents import day
from tests.support.monitors import Bench, FakeChannel, draw_rows, due, make_source, set_up

HOUR = timedelta(hours=1)
MONDAY = day(4).start + 8 * HOUR
"""The first Monday, at the time of the digest."""
NEXT = day(11).start + 8 * HOUR
SHADOW = Policy(resolve_after=1)


def shadow(store: Database, story: str = "", **changes: Any) -> Bench:
    """Return a monitor in shadow mode that was seen at noon of day 1 and lived through a story."""
    bench = set_up(store, mode="shadow", policy=SHADOW, **changes)
    report(bench)
    bench.live(story)
    return bench


def report(bench: Bench) -> int:
    return queue_digests(bench.parts, [bench.watch])


def report_at(bench: Bench, moment: datetime) -> int:
    bench.clock.move_to(moment)
    return report(bench)


def switch(bench: Bench, **changes: Any) -> Bench:
    return replace(bench, watch=replace(bench.watch, monitor=replace(bench.monitor, **changes)))


def bodies(bench: Bench) -> list[dict[str, Any]]:
    return [json.loads(row.body)["payload"]["data"] for row in bench.deliveries()]


def test_in_shadow_mode_nobody_is_told_and_everything_is_kept(database: Database) -> None:
    bench = shadow(database, "a.n.a", retrain=RetrainPolicy(trigger="ci", after=1))

    assert (bench.deliveries(), bench.retrains()) == ([], [])
    assert [(one.kind.value, one.paged, one.told_at) for one in bench.incidents()] == [
        ("drift", True, None),
        ("data", True, None),
        ("drift", True, None),
    ]
    assert bench.events(bench.incidents()[0]) == ["opened", "resolved"]


def test_the_words_of_an_incident_say_that_nobody_is_told(store: Database) -> None:
    bench = shadow(store, "a", retrain=RetrainPolicy(trigger="ci", after=1))

    (case,) = list_cases(store, [bench.monitor])

    assert "Nobody is told: the monitor is in shadow mode.\n" in case.text
    assert "Retraining is not started automatically." in case.text
    document = case.to_json()
    assert (document["paged"], document["told_at"]) == (True, None)


def test_late_rows_wake_nobody_either(store: Database) -> None:
    bench = set_up(store, mode="shadow", policy=Policy(freshness=Freshness(page_after=2 * HOUR)))
    bench.live("-")

    bench.tick_at(due(1) + 3 * HOUR)

    assert [one.kind for one in bench.incidents()] == [IncidentKind.FRESHNESS]
    assert bench.deliveries() == []


def test_what_is_open_is_told_once_when_the_monitor_goes_live(database: Database) -> None:
    bench = shadow(database, "aa")

    live = switch(bench, mode="live")
    live.live("aa", first=3)

    assert live.told() == ["opened"]
    (body,) = bodies(live)
    assert body["text"].startswith(
        "Already open since the window of 2013-02-01, which nobody had been told.\n"
    )


def test_what_people_know_of_is_not_told_again_after_a_time_in_shadow_mode(store: Database) -> None:
    bench = set_up(store)
    bench.live("a")

    switch(bench, mode="shadow").live("aa", first=2)
    bench.live("a", first=4)

    assert bench.told() == ["opened"]


def test_a_person_who_resolves_what_nobody_was_told_tells_nobody(store: Database) -> None:
    bench = set_up(store, mode="shadow")
    bench.live("a.")

    change_case(
        bench.parts,
        [bench.monitor],
        bench.incidents()[0].id or 0,
        lambda incident, now: resolve_by_hand(incident, "ann", "a price list", now),
    )

    assert bench.deliveries() == []


def test_the_digest_counts_what_would_have_been_told_at_once(database: Database) -> None:
    bench = shadow(database, "a.m")

    queued = [report_at(bench, moment) for moment in (due(3), MONDAY - HOUR, MONDAY, MONDAY + HOUR)]

    assert queued == [0, 0, 1, 0]
    (row,), (body,) = bench.deliveries(), bodies(bench)
    assert (row.type, row.channel, row.monitor_key, row.incident_id, row.seq) == (
        "digest",
        "oncall",
        "flights",
        None,
        None,
    )
    # The first incident, and both of the third day: its drift and its missing values.
    assert (body["would_have_paged"], body["since"], body["until"]) == (
        3,
        "2013-02-01T12:00:00Z",
        "2013-02-04T08:00:00Z",
    )
    assert body["open_incidents"] == [one.id for one in bench.incidents()[1:]]


def test_each_telling_is_reported_once_and_every_week_has_its_digest(store: Database) -> None:
    bench = shadow(store, "a")
    report_at(bench, MONDAY)
    bench.live("aaaa.a", first=4)

    report_at(bench, NEXT)
    report_at(bench, NEXT + timedelta(weeks=1))

    assert [body["would_have_paged"] for body in bodies(bench)] == [1, 1, 0]
    assert [body["tellings"][0]["at"] for body in bodies(bench) if body["tellings"]] == [
        "2013-02-02T00:30:00Z",
        "2013-02-10T00:30:00Z",
    ]


def test_what_is_judged_after_the_digest_for_a_day_before_it_is_in_the_next(store: Database) -> None:
    bench = shadow(store)
    report_at(bench, MONDAY)
    bench.live("a")

    report_at(bench, NEXT)

    assert [body["would_have_paged"] for body in bodies(bench)] == [0, 1]
    assert bodies(bench)[1]["tellings"][0]["at"] == "2013-02-02T00:30:00Z"


def test_a_further_step_of_an_incident_that_was_reported_is_reported(store: Database) -> None:
    bench = set_up(store, mode="shadow", policy=Policy(season=timedelta(days=1)))
    report(bench)
    bench.live("a")
    report_at(bench, MONDAY)
    # The cities are unlike themselves too: a column that joins when a season has passed is told.
    bench.source.rows[day(4)] = replace_cities(bench)
    bench.tick_at(due(4))

    report_at(bench, NEXT)

    assert [one["type"] for one in bodies(bench)[1]["tellings"]] == ["incident.updated"]


def replace_cities(bench: Bench) -> Any:
    rows = draw_rows(4, shift=1.0)
    return rows.set_column(rows.column_names.index("city"), "city", pa.array(["cork"] * rows.num_rows))


def test_a_daemon_that_was_down_reports_at_its_first_tick_afterwards(store: Database) -> None:
    bench = shadow(store)

    assert [report_at(bench, moment) for moment in (MONDAY + 30 * HOUR, NEXT - HOUR, NEXT)] == [1, 0, 1]


def test_weeks_that_were_missed_are_one_digest(store: Database) -> None:
    bench = shadow(store)

    assert report_at(bench, MONDAY + timedelta(weeks=3)) == 1
    assert report(bench) == 0


@pytest.mark.parametrize(("timezone", "hour"), [("UTC", 8), ("America/New_York", 13), ("Asia/Tokyo", -1)])
def test_it_is_eight_in_the_morning_where_the_monitor_is(timezone: str, hour: int, store: Database) -> None:
    bench = shadow(store, timezone=timezone)
    at = day(4).start + hour * HOUR

    assert [report_at(bench, moment) for moment in (at - timedelta(minutes=1), at)] == [0, 1]


def test_two_daemons_that_look_at_the_same_time_queue_one(database: Database) -> None:
    bench = shadow(database, "a")
    name = "digest:flights"
    before = database.read(lambda tx: read_meta(tx, name))
    assert before is not None
    report_at(bench, MONDAY)

    # Another daemon that had read what was there before is late.
    class Late:
        def __getattr__(self, attribute: str) -> Any:
            return getattr(database, attribute)

        def read(self, _: Any) -> Any:
            return before

    queued = queue_digests(replace(bench.parts, database=Late()), [bench.watch])  # type: ignore[arg-type]

    assert queued == 0
    assert len(bench.deliveries()) == 1


def test_every_channel_of_the_monitor_gets_it(store: Database) -> None:
    bench = shadow(store, notify=("oncall", "hook"))

    report_at(bench, MONDAY)

    assert [row.channel for row in bench.deliveries()] == ["oncall", "hook"]


def test_a_monitor_that_is_live_has_none_and_begins_anew_in_shadow_mode(store: Database) -> None:
    bench = shadow(store, "a")
    live = switch(bench, mode="live")

    queued = [report_at(live, MONDAY)]
    live.live("a.", first=4)
    back = switch(bench, mode="shadow")
    queued += [report_at(back, due(5)), report_at(back, NEXT)]

    assert queued == [0, 0, 1]
    digest = bodies(bench)[-1]
    # What was told live is no part of it.
    assert (digest["would_have_paged"], digest["since"]) == (0, "2013-02-06T00:30:00Z")


def test_what_another_release_remembered_begins_anew(store: Database) -> None:
    bench = shadow(store, "a")
    store.write(lambda tx: write_meta(tx, "digest:flights", json.dumps({"version": 99})))

    assert [report_at(bench, moment) for moment in (MONDAY, MONDAY + HOUR, NEXT)] == [0, 0, 1]
    assert bodies(bench)[0]["would_have_paged"] == 0


def test_a_monitor_whose_digest_fails_does_not_stop_the_others(
    store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    bench = shadow(store)
    broken = replace(bench.watch, monitor=replace(bench.monitor, id="broken", timezone="No/Where"))
    store.write(
        lambda tx: write_meta(
            tx,
            "digest:broken",
            json.dumps({"version": 1, "until": "2013-01-01T00:00:00Z", "newest": 0, "live": {}}),
        )
    )
    bench.clock.move_to(MONDAY)

    assert queue_digests(bench.parts, [broken, bench.watch]) == 1
    assert "digest failed monitor=broken" in caplog.text


def test_it_is_sent_like_any_notice(store: Database) -> None:
    bench = shadow(store, "a")
    report_at(bench, MONDAY)

    deliver_due(bench.parts)

    (message,) = bench.channel.sent
    assert (message.type, message.severity) == ("digest", "minor")
    assert message.title == "flights would have paged 1 time"
    assert message.payload["data"]["schema"] == "driftwatch.digest/v1"


def test_a_digest_that_cannot_be_delivered_goes_to_the_fallback_once(store: Database) -> None:
    rejected = Outcome(delivered=False, again=False, status=400, error="http_400")
    channels = {"oncall": FakeChannel(rejected, rejected, fallback="hook"), "hook": FakeChannel()}
    bench = shadow(store, "a", parts=[("channels", channels)])
    report_at(bench, MONDAY)

    deliver_due(bench.parts)
    report_at(bench, NEXT)
    deliver_due(bench.parts)

    assert [row.channel for row in bench.deliveries()] == ["oncall", "hook", "oncall", "hook"]


def test_a_replay_of_history_is_reported_as_what_would_have_been_told(store: Database) -> None:
    bench = set_up(store, now=due(3), mode="shadow", policy=SHADOW, source=make_source("a.a"))
    report(bench)

    bench.replay(1, 3, "all")
    report_at(bench, MONDAY)

    assert bodies(bench)[0]["would_have_paged"] == 2
    assert find_case(store, [bench.monitor], bench.incidents()[0].id or 0).incident.paged
