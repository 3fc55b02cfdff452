"""The weekly digest of an owner: queued once when it falls due, and of what was watched and what was not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from driftwatch.channels.webhook import Webhook
from driftwatch.incidents.by_hand import acknowledge
from driftwatch.incidents.incident import Label
from driftwatch.incidents.policy import Ages, Policy
from driftwatch.incidents.silences import Matchers, Silence
from driftwatch.jobs.cases import change_case, label_case
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.turns import Weekly
from driftwatch.jobs.week import read_week
from driftwatch.jobs.weekly import DigestPlan, queue_weeklies
from driftwatch.net.secrets import Secret
from driftwatch.store.database import Database
from driftwatch.store.meta import list_meta
from driftwatch.store.silences import add_silence
from tests.support.incidents import day
from tests.support.monitors import Bench, make_monitor, make_source, set_up
from tests.support.receiver import Receiver, answer

HOUR = timedelta(hours=1)
MONDAY = day(4).start + 8 * HOUR
NEXT = MONDAY + timedelta(weeks=1)
PLAN = DigestPlan(owner="data-platform", notify=("oncall",))


def watch(store: Database, story: str = "", **changes: Any) -> Bench:
    """Return a monitor of the owner that was seen at noon of day 1 and lived through a story."""
    bench = set_up(store, **{"owner": "data-platform", "title": "Flight delays", **changes})
    report(bench)
    bench.live(story)
    return bench


def report(bench: Bench, *plans: DigestPlan) -> int:
    return queue_weeklies(bench.parts, plans or (PLAN,), [bench.monitor])


def report_at(bench: Bench, moment: Any, *plans: DigestPlan) -> int:
    bench.clock.move_to(moment)
    return report(bench, *plans)


def digests(bench: Bench) -> list[dict[str, Any]]:
    return [json.loads(row.body) for row in bench.deliveries() if row.type == "digest"]


def test_it_is_queued_once_when_it_falls_due(database: Database) -> None:
    bench = watch(database, "..")

    queued = [report_at(bench, moment) for moment in (MONDAY - HOUR, MONDAY, MONDAY + HOUR, NEXT)]

    assert queued == [0, 1, 0, 1]
    first, second = (one["payload"]["data"] for one in digests(bench))
    assert (first["schema"], first["since"], first["until"]) == (
        "driftwatch.weekly/v1",
        "2013-02-01T12:00:00Z",
        "2013-02-04T08:00:00Z",
    )
    assert second["since"] == first["until"]


def test_weeks_that_were_missed_are_one_digest(store: Database) -> None:
    bench = watch(store)

    assert report_at(bench, MONDAY + timedelta(weeks=3, hours=5)) == 1
    assert report(bench) == 0


def test_two_daemons_that_look_at_the_same_time_queue_one(database: Database) -> None:
    bench = watch(database)
    before = database.read(lambda tx: list_meta(tx, "weekly:"))
    report_at(bench, MONDAY)

    # Another daemon that had read what was there before is late.
    class Late:
        def __getattr__(self, attribute: str) -> Any:
            return getattr(database, attribute)

        def read(self, _: Any) -> Any:
            return before

    late = replace(bench.parts, database=Late())  # type: ignore[arg-type]

    assert queue_weeklies(late, [PLAN], [bench.monitor]) == 0
    assert len(digests(bench)) == 1


def test_every_channel_gets_it_and_it_is_sent_like_any_notice(store: Database) -> None:
    bench = watch(store)
    report_at(bench, MONDAY, replace(PLAN, notify=("oncall", "hook")))

    deliver_due(bench.parts)

    assert [row.channel for row in bench.deliveries()] == ["oncall", "hook"]
    (message,) = bench.channel.sent
    assert (message.type, message.severity, message.payload["type"]) == ("digest", "minor", "digest")


def test_a_program_gets_it_as_signed_json(store: Database) -> None:
    with Receiver(answer(204)) as receiver:
        hook = Webhook(
            url=Secret.of_text(receiver.url),
            secret=Secret.of_text("whsec_Y2FuYXJ5LWhvb2stY2FuYXJ5LWhvb2st"),
        )
        bench = watch(store, "a", parts=[("channels", {"oncall": hook})])
        report_at(bench, MONDAY)
        deliver_due(bench.parts)

    body = json.loads(receiver.requests[-1].body)
    assert body["type"] == "digest"
    assert body["data"]["schema"] == "driftwatch.weekly/v1"
    assert body["data"]["text"].startswith(
        "From 2013-02-01 12:00 UTC to 2013-02-04 08:00 UTC: 1 incident is open"
    )
    assert "webhook-signature" in receiver.requests[-1].headers


def test_one_that_is_not_wanted_any_more_is_forgotten_and_begins_anew(store: Database) -> None:
    bench = watch(store)
    bench.clock.move_to(MONDAY)
    queue_weeklies(bench.parts, [], [bench.monitor])

    assert store.read(lambda tx: list_meta(tx, "weekly:")) == {}
    assert [report(bench), report_at(bench, NEXT)] == [0, 1]


@pytest.mark.parametrize(
    ("when", "hour"),
    [
        (Weekly(timezone="America/New_York"), 13),
        (Weekly(timezone="Asia/Tokyo"), -1),
        (Weekly(day=6), 8 - 24),
        (Weekly(day=1), 8 + 24),
    ],
)
def test_the_day_and_the_time_are_those_of_its_zone(when: Weekly, hour: int, store: Database) -> None:
    plan = replace(PLAN, when=when)
    bench = set_up(store, owner="data-platform")
    report(bench, plan)
    at = day(4).start + hour * HOUR

    assert [report_at(bench, moment, plan) for moment in (at - timedelta(minutes=1), at)] == [0, 1]


def test_one_poisoned_digest_does_not_stop_the_others(
    store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    bench = watch(store)
    broken = DigestPlan(owner="broken", notify=("oncall",), when=Weekly(timezone="No/Where"))
    bench.clock.move_to(MONDAY)
    queue_weeklies(bench.parts, (broken, PLAN), [bench.monitor])

    assert queue_weeklies(bench.parts, (broken, PLAN), [bench.monitor]) == 0
    assert "digest failed owner=broken" in caplog.text
    assert len(digests(bench)) == 1


def test_what_was_found_and_how_it_ended_is_said(store: Database) -> None:
    bench = watch(store, "..a...n")
    drift, faulty = (one.id or 0 for one in bench.incidents())
    label_case(bench.parts, [bench.monitor], drift, Label.EXPECTED, "Ana")
    change_case(bench.parts, [bench.monitor], faulty, lambda one, now: acknowledge(one, "Ben", now))

    report_at(bench, NEXT)

    digest = digests(bench)[-1]
    assert digest["title"] == "data-platform: 1 incident open, 1 monitor not watched all the time"
    lines = digest["text"].splitlines()
    assert lines[0] == (
        "From 2013-02-01 12:00 UTC to 2013-02-11 08:00 UTC: 1 incident is open now. 1 of 1 monitor was not "
        "watched "
        "all the time: what happened then is not known."
    )
    assert "What was watched: 1 monitor: 7 windows judged, with 2,100 rows." in lines
    assert any(
        line.startswith(
            f"- #{drift} (major) Flight delays: amount looks different; over after 3 days by itself, "
        )
        and line.endswith("Ana says it was expected.")
        for line in lines
    )
    assert any(line.startswith(f"- #{faulty} (major)") and line.endswith("Ben has it.") for line in lines)
    assert "- 2 pages sent: 1 for nothing, 0 right, 1 that nobody has labelled." in lines


def test_that_nothing_was_heard_of_a_monitor_is_not_called_well(store: Database) -> None:
    bench = watch(store, "..E")
    never = make_monitor(make_source(), id="rides", owner="data-platform")
    bench.clock.move_to(NEXT)

    queue_weeklies(bench.parts, [PLAN], [bench.monitor, never])

    text = digests(bench)[-1]["text"]
    assert "2 of 2 monitors were not watched all the time: what happened then is not known." in text
    assert "- rides: no window was judged." in text
    assert re.search(r"- Flight delays: .*windows are 7 days late\.", text)
    assert "nothing needs attention" not in digests(bench)[-1]["title"]


def test_all_well_is_said_only_where_everything_was_watched(store: Database) -> None:
    bench = watch(store, "...")

    report_at(bench, MONDAY)

    digest = digests(bench)[-1]
    assert digest["title"] == "data-platform: nothing needs attention"
    assert (
        digest["text"]
        .splitlines()[0]
        .endswith("nothing that people are told of is open now, and every window of 1 monitor was judged.")
    )


def test_what_grows_old_is_named_before_it_is_too_old(store: Database) -> None:
    bench = watch(store, "...", policy=Policy(ages=Ages(reference=timedelta(days=4))))
    now = bench.clock.now()
    quiet = Silence(
        matchers=Matchers(owner="data-platform"),
        starts_at=now,
        ends_at=now + 30 * HOUR,
        author="ana",
        reason="works",
        created_at=now,
    )
    other = replace(quiet, matchers=Matchers(owner="somebody else"))
    store.write(lambda tx: [add_silence(tx, one) for one in (quiet, other)])

    week = store.read(lambda tx: read_week(tx, [bench.monitor], "data-platform", day(1).start, MONDAY))

    assert [(one.monitor, one.age.of) for one in week.ageing] == [("Flight delays", "reference")]
    assert [one.author for one in week.silences] == ["ana"]


def test_only_the_monitors_of_the_owner_are_in_it(store: Database) -> None:
    bench = watch(store, "a", owner="somebody else")

    report_at(bench, MONDAY)

    digest = digests(bench)[-1]
    assert (digest["payload"]["data"]["monitors"], digest["payload"]["data"]["incidents"]) == (0, [])
    assert digest["title"] == "data-platform: nothing is watched"
