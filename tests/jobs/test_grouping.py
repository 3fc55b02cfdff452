from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from driftwatch.incidents.incident import NoticeType, Severity
from driftwatch.incidents.notice import Notice
from driftwatch.incidents.silences import Matchers, Silence
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.grouping import find_group
from driftwatch.jobs.maintenance import GateRules
from driftwatch.store.database import Database
from driftwatch.store.delivery import DeliveryState
from driftwatch.store.silences import add_silence
from tests.support.monitors import REFUSED, Bench, FakeChannel, due, set_up, tell_story

WAIT = timedelta(seconds=30)
FOUR = dict.fromkeys(("m1", "m2", "m3", "m4"), "one")


def set_up_several(database: Database, sources: Mapping[str, str], *outcomes: Any) -> list[Bench]:
    """Return a bench for each monitor of `sources`, all with the same clock and channel."""
    gate = GateRules(sources=sources, group_wait=WAIT)
    benches = [set_up(database, id=name) for name in sources]
    first = benches[0]
    parts = replace(first.parts, gate=gate, channels={"oncall": FakeChannel(*outcomes)})
    return [replace(bench, parts=parts, clock=first.clock) for bench in benches]


def live(benches: list[Bench], story: str, *, first: int = 1) -> None:
    for bench in benches:
        tell_story(bench.source, story, first=first)
    for number in range(first, first + len(story)):
        for bench in benches:
            bench.tick_at(due(number))


def wait_and_deliver(bench: Bench) -> int:
    bench.clock.advance(WAIT)
    return deliver_due(bench.parts)


def list_monitors(bench: Bench) -> list[list[str]]:
    """Return the monitors that each message named."""
    found = []
    for message in bench.channel.sent:
        data = message.payload["data"]
        listed = data.get("incidents")
        found.append([one["monitor"]["id"] for one in listed] if listed else [data["monitor"]["id"]])
    return found


def test_monitors_of_one_source_are_told_in_one_message_that_lists_each(database: Database) -> None:
    benches = set_up_several(database, FOUR)
    live(benches, "a")

    assert deliver_due(benches[0].parts) == 0
    assert wait_and_deliver(benches[0]) == 1

    rows = benches[0].deliveries()
    assert list_monitors(benches[0]) == [["m1", "m2", "m3", "m4"]]
    assert {row.state for row in rows} == {DeliveryState.DELIVERED}
    assert [row.told_with for row in rows] == [None, *[rows[0].id] * 3]


def test_two_sources_are_told_in_two_messages(store: Database) -> None:
    benches = set_up_several(store, {"m1": "one", "m2": "two", "m3": "one", "m4": "two"})
    live(benches, "a")
    wait_and_deliver(benches[0])

    assert list_monitors(benches[0]) == [["m1", "m3"], ["m2", "m4"]]


def test_a_source_of_one_monitor_waits_for_nobody(database: Database) -> None:
    benches = set_up_several(database, {"m1": "one"})
    live(benches, "a")

    assert deliver_due(benches[0].parts) == 1
    assert "incidents" not in benches[0].channel.sent[0].payload["data"]


def test_the_end_of_what_was_told_with_others_is_told(store: Database) -> None:
    benches = set_up_several(store, FOUR)
    live(benches, "a")
    wait_and_deliver(benches[0])
    live(benches, "...", first=2)
    wait_and_deliver(benches[0])

    types = [message.type for message in benches[0].channel.sent]
    assert types == ["incident.opened", *["incident.resolved"] * 4]


def test_a_message_that_is_tried_again_keeps_its_id_and_its_members(database: Database) -> None:
    benches = set_up_several(database, FOUR, REFUSED)
    live(benches[:2], "a")
    wait_and_deliver(benches[0])
    live(benches[2:], "a")
    benches[0].clock.advance(timedelta(minutes=5))
    deliver_due(benches[0].parts)

    told = zip([one.id for one in benches[0].channel.sent], list_monitors(benches[0]), strict=True)
    first, second, third = sorted(told)
    assert first == second
    assert (first[1], third[1]) == (["m1", "m2"], ["m3", "m4"])


def test_who_dies_while_sending_leaves_every_incident_to_be_told(database: Database) -> None:
    benches = set_up_several(database, FOUR, KeyboardInterrupt())
    live(benches, "a")
    with pytest.raises(KeyboardInterrupt):
        wait_and_deliver(benches[0])
    benches[0].clock.advance(benches[0].parts.lease + WAIT)
    deliver_due(benches[0].parts)

    assert list_monitors(benches[0])[-1] == ["m1", "m2", "m3", "m4"]
    assert {row.state for row in benches[0].deliveries()} == {DeliveryState.DELIVERED}


def test_a_silenced_incident_is_not_listed(database: Database) -> None:
    benches = set_up_several(database, FOUR)
    live(benches, "a")
    now = benches[0].clock.now()
    made = Silence(
        matchers=Matchers(monitor="m3"),
        starts_at=now,
        ends_at=now + timedelta(hours=5),
        author="ana",
        reason="known",
        created_at=now,
    )
    database.write(lambda tx: add_silence(tx, made))
    wait_and_deliver(benches[0])

    assert list_monitors(benches[0]) == [["m1", "m2", "m4"]]
    assert benches[0].deliveries()[2].state is DeliveryState.SUPPRESSED


def test_what_is_critical_or_no_opening_goes_out_by_itself() -> None:
    rules = GateRules(sources=FOUR, group_wait=WAIT)
    notice = Notice(
        type=NoticeType.OPENED,
        timestamp=due(1),
        severity=Severity.MAJOR,
        title="",
        text="",
        facts=(),
        incident={},
        monitor={"id": "m1"},
    )

    assert find_group(rules, notice, "oncall") is not None
    assert find_group(rules, notice, "oncall") != find_group(rules, notice, "mail")
    assert find_group(rules, replace(notice, severity=Severity.CRITICAL), "oncall") is None
    assert find_group(rules, replace(notice, type=NoticeType.RESOLVED), "oncall") is None
    assert find_group(replace(rules, group_wait=None), notice, "oncall") is None
