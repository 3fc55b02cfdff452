"""What the plan tick tells of an open incident because time passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from driftwatch.errors import UsageError
from driftwatch.incidents.by_hand import acknowledge, note, resolve_by_hand, snooze
from driftwatch.incidents.incident import Incident
from driftwatch.incidents.policy import EscalationStep, Policy
from driftwatch.incidents.silences import Matchers, Silence
from driftwatch.jobs.cases import change_case
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.live import plan_all
from driftwatch.jobs.reference import ensure_reference
from driftwatch.jobs.retelling import retell_due
from driftwatch.store.database import Database
from driftwatch.store.escalations import decide_step, list_steps
from driftwatch.store.silences import add_silence
from tests.support.incidents import day
from tests.support.monitors import (
    Bench,
    FakeChannel,
    attach,
    due,
    make_monitor,
    make_source,
    set_up,
    tell_story,
)

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
STEPS = (
    EscalationStep(after=30 * MINUTE, notify=("boss",)),
    EscalationStep(after=2 * HOUR, notify=("director",)),
)
ESCALATING = Policy(reminders=(), escalation=STEPS, resolve_after=1)


def set_up_open(store: Database, policy: Policy, **changes: Any) -> Bench:
    """Return a monitor of which people were told on day 2 that it drifted."""
    bench = set_up(store, policy=policy, **changes)
    channels = {name: FakeChannel() for name in ("oncall", "boss", "director")}
    bench = replace(bench, parts=replace(bench.parts, channels=channels))
    bench.live("a")
    deliver_due(bench.parts)
    return bench


def pass_time(bench: Bench, length: timedelta, *, each: timedelta = 10 * MINUTE) -> None:
    """Let the plan tick come, and send what it queues."""
    end = bench.clock.now() + length
    while bench.clock.now() < end:
        bench.clock.move_to(bench.clock.now() + each)
        bench.plan()
        deliver_due(bench.parts)


def list_sent(bench: Bench) -> list[tuple[str, str]]:
    """Return the channel and the type of what was queued after the first notice."""
    return [(row.channel, row.type.removeprefix("incident.")) for row in bench.deliveries()[1:]]


def find(bench: Bench) -> Incident:
    return bench.incidents()[0]


def number(bench: Bench) -> int:
    return find(bench).id or 0


def hide(bench: Bench, length: timedelta) -> None:
    now = bench.clock.now()
    silence = Silence(
        matchers=Matchers(monitor="*"),
        starts_at=now,
        ends_at=now + length,
        author="ana",
        reason="a move",
        created_at=now,
    )
    bench.parts.database.write(lambda tx: add_silence(tx, silence))


def test_people_are_reminded_of_what_is_still_open(store: Database) -> None:
    bench = set_up_open(store, Policy(reminders=(6 * HOUR, 8 * HOUR)))

    pass_time(bench, 20 * HOUR)

    assert list_sent(bench) == [("oncall", "reminder"), ("oncall", "reminder")]
    assert bench.events(find(bench)) == ["opened", "reminded", "reminded"]


def test_two_replicas_remind_once(store: Database) -> None:
    bench = set_up_open(store, Policy(reminders=(6 * HOUR,)))
    bench.clock.move_to(due(1) + 6 * HOUR)

    plan_all(bench.parts, [bench.watch, bench.watch])
    plan_all(replace(bench.parts, owner="another"), [bench.watch])

    assert list_sent(bench) == [("oncall", "reminder")]


def test_nobody_is_reminded_while_it_is_acknowledged_and_history_says_when_that_ran_out(
    store: Database,
) -> None:
    bench = set_up_open(store, Policy(reminders=(2 * DAY,)))
    change_case(bench.parts, [bench.monitor], number(bench), lambda one, now: acknowledge(one, "ana", now))
    for one in range(2, 9):
        bench.live("a", first=one)
    acknowledged = bench.told()

    bench.live("a", first=9)
    bench.plan()

    assert acknowledged == ["opened"]
    assert bench.told() == ["opened", "reminder"]
    assert bench.events(find(bench)) == ["opened", "acknowledged", "lapsed", "reminded"]


def test_a_silence_keeps_reminders_back_until_it_ends(store: Database) -> None:
    bench = set_up_open(store, Policy(reminders=(2 * HOUR,)))
    hide(bench, 5 * HOUR)

    pass_time(bench, 5 * HOUR - 10 * MINUTE)
    silenced = list_sent(bench)
    pass_time(bench, 10 * MINUTE)

    assert (silenced, list_sent(bench)) == ([], [("oncall", "reminder")])


def test_nobody_is_reminded_by_a_monitor_in_shadow_mode(store: Database) -> None:
    bench = set_up(store, policy=Policy(reminders=(HOUR,), escalation=STEPS), mode="shadow")
    bench.live("a")

    pass_time(bench, 6 * HOUR)

    assert bench.events(find(bench)) == ["opened"]
    assert bench.deliveries() == []


def test_others_are_told_step_by_step_while_nobody_takes_it_up(store: Database) -> None:
    bench = set_up_open(store, ESCALATING)

    pass_time(bench, 8 * HOUR)
    bench.live(".", first=2)

    assert list_sent(bench) == [
        ("boss", "escalated"),
        ("director", "escalated"),
        ("oncall", "resolved"),
        ("boss", "resolved"),
        ("director", "resolved"),
    ]
    steps = store.read(lambda tx: list_steps(tx, number(bench)))
    assert [(row.due_at - due(1), row.decision) for row in steps] == [
        (30 * MINUTE, "told boss"),
        (2 * HOUR, "told director"),
    ]


def test_two_replicas_take_a_step_once(store: Database) -> None:
    bench = set_up_open(store, ESCALATING)
    bench.clock.move_to(due(1) + HOUR)

    for owner in ("one", "two", "three"):
        plan_all(replace(bench.parts, owner=owner), [bench.watch])

    assert list_sent(bench) == [("boss", "escalated")]
    assert not store.write(lambda tx: decide_step(tx, number(bench), 1, "again", due(9)))


def test_a_step_waits_while_it_is_snoozed_and_the_next_one_too(store: Database) -> None:
    bench = set_up_open(store, ESCALATING)
    pass_time(bench, HOUR)
    change_case(
        bench.parts, [bench.monitor], number(bench), lambda one, now: snooze(one, "ana", now, length=6 * HOUR)
    )

    pass_time(bench, 6 * HOUR - 10 * MINUTE)
    snoozed = list_sent(bench)
    pass_time(bench, 10 * MINUTE)

    assert snoozed == [("boss", "escalated")]
    assert list_sent(bench) == [("boss", "escalated"), ("director", "escalated")]


def test_a_silence_holds_every_step(store: Database) -> None:
    bench = set_up_open(store, ESCALATING)
    hide(bench, 5 * HOUR)

    pass_time(bench, 5 * HOUR - 10 * MINUTE)
    silenced = list_sent(bench)
    pass_time(bench, HOUR)
    once_over = list_sent(bench)
    pass_time(bench, HOUR)

    assert (silenced, once_over) == ([], [("boss", "escalated")])
    assert list_sent(bench) == [("boss", "escalated"), ("director", "escalated")]


def test_the_end_of_an_incident_ends_its_escalation(store: Database) -> None:
    bench = set_up_open(store, ESCALATING)
    pass_time(bench, 20 * MINUTE)

    bench.live(".", first=2)
    pass_time(bench, 8 * HOUR)

    assert list_sent(bench) == [("oncall", "resolved")]
    decisions = {row.decision for row in store.read(lambda tx: list_steps(tx, number(bench)))}
    assert decisions == {"the incident is over"}


def test_steps_start_for_what_is_open_already_when_they_are_configured(store: Database) -> None:
    bench = set_up_open(store, Policy(reminders=()))
    pass_time(bench, 20 * MINUTE)
    watch = replace(bench.watch, monitor=replace(bench.monitor, policy=ESCALATING))

    pass_time(replace(bench, watch=watch), 30 * MINUTE)

    assert list_sent(bench) == [("boss", "escalated")]


def test_what_is_still_breached_is_not_resolved_by_hand_and_says_what_else_there_is(store: Database) -> None:
    bench = set_up_open(store, Policy())

    with pytest.raises(UsageError) as raised:
        change_case(
            bench.parts,
            [bench.monitor],
            number(bench),
            lambda one, now: resolve_by_hand(one, "ana", "enough", now),
        )

    one = number(bench)
    for words in (
        f"incident snooze {one} --for 2d",
        f"label {one} expected",
        f"reference accept --incident {one}",
    ):
        assert words in str(raised.value)


def test_a_note_stays_in_the_history_with_its_author(store: Database) -> None:
    bench = set_up_open(store, Policy())

    change_case(
        bench.parts, [bench.monitor], number(bench), lambda one, now: note(one, "looked at it", "ana", now)
    )

    assert bench.events(find(bench)) == ["opened", "noted"]
    assert find(bench).first_window == day(1)


def add_twin(bench: Bench, story: str) -> Bench:
    """Return another monitor, called rides, that reads the same source as far as the gate knows."""
    monitor = make_monitor(make_source(story), id="rides")
    row = attach(bench.parts.database, monitor, bench.clock.now())
    watch = ensure_reference(bench.parts.database, monitor, row, bench.clock.now())
    rules = replace(bench.parts.gate, sources={"flights": "one", "rides": "one"})
    return replace(bench, watch=watch, parts=replace(bench.parts, gate=rules))


@pytest.mark.parametrize("first", ["flights", "rides"])
def test_a_source_that_breaks_keeps_back_what_follows_from_it_until_it_works(
    store: Database, first: str
) -> None:
    """Whichever of the two monitors is looked at first."""
    bench = set_up(store, policy=Policy(resolve_after=1))
    twin = add_twin(bench, "n")
    tell_story(bench.source, "X.")
    bench = replace(bench, parts=twin.parts)
    for one in (bench, twin) if first == "flights" else (twin, bench):
        one.tick_at(due(1))
    deliver_due(twin.parts)
    broken = [message.payload["data"]["incident"]["kind"] for message in bench.channel.sent]

    bench.tick_at(due(2))
    retell_due(bench.parts, [bench.monitor, twin.monitor])
    deliver_due(twin.parts)

    assert broken == ["evaluation"]
    (kept,) = [row for row in bench.deliveries() if row.state == "suppressed"]
    assert (kept.decision or "").startswith("inhibited: incident")
    assert "of flights, with the same source, explains it" in (kept.decision or "")
    last = [message.payload["data"]["incident"]["kind"] for message in bench.channel.sent][1:]
    assert sorted(last) == ["data", "evaluation"]
    assert bench.channel.sent[-1].text.startswith("Kept back since")
