"""A person asks for retraining: it goes the way of the daemon's requests, and is refused where it must be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from driftwatch.errors import UsageError
from driftwatch.jobs.retrain import request_due
from driftwatch.jobs.retrain_request import request_retraining
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from driftwatch.store.incidents import list_events
from tests.support.monitors import Bench, set_up

POLICY = RetrainPolicy(trigger="ci", after=9, cooldown=timedelta(days=2))


def open_incident(database: Database, story: str = "..a", **changes: Any) -> Bench:
    bench = set_up(database, **{"retrain": POLICY, **changes})
    bench.live(story)
    return bench


def ask(bench: Bench, why: str = "the fares rose") -> int:
    number = bench.incidents()[0].id or 0
    return request_retraining(bench.parts, bench.monitor, number, who="Ana", why=why)


def test_it_is_sent_to_the_trigger_with_who_asked_and_why(store: Database) -> None:
    bench = open_incident(store)

    number = ask(bench)
    request_due(bench.parts)

    (call,) = bench.trigger.calls
    assert call.body["data"]["reason"] == "Ana asks for it: the fares rose"
    assert call.body["data"]["retrain"]["id"] == number
    incident = bench.incidents()[0]
    events = store.read(lambda tx: list_events(tx, incident.id or 0))
    assert (events[-1].actor, events[-1].reason) == (
        "Ana",
        f"Ana: asked for retraining (request {number}): the fares rose",
    )


def test_another_one_waits_for_the_answer_and_the_cooldown_and_has_a_key_of_its_own(store: Database) -> None:
    bench = open_incident(store)
    first = ask(bench)

    with pytest.raises(UsageError, match=f"Request {first} is under way"):
        ask(bench)
    request_due(bench.parts)
    with pytest.raises(UsageError, match="cooldown after the last request lasts until"):
        ask(bench)
    bench.live("aa", first=4)
    second = ask(bench, "again")

    assert second != first
    assert len({row.key for row in bench.retrains()}) == 2
    assert [row.attempt for row in bench.retrains()] == [1, 2]


def test_what_was_asked_for_by_hand_is_not_asked_for_again_by_the_daemon(store: Database) -> None:
    policy = replace(POLICY, after=2, cooldown=timedelta(0))
    bench = open_incident(store, retrain=policy)
    ask(bench)

    bench.live("aaa", first=4)

    assert len(bench.retrains()) == 1


@pytest.mark.parametrize(
    ("changes", "story", "said"),
    [
        ({"retrain": None}, "..a", "has no trigger for retraining"),
        ({"mode": "shadow"}, "..a", "is in shadow mode"),
        ({}, "..a....", "It is resolved"),
        ({}, "..m", "would learn a fault"),
    ],
)
def test_what_may_not_start_is_refused_with_the_reason_and_leaves_no_trace(
    store: Database, changes: dict[str, Any], story: str, said: str
) -> None:
    bench = open_incident(store, story, **changes)
    before = [bench.events(one) for one in bench.incidents()]

    with pytest.raises(UsageError, match=said):
        ask(bench)

    assert bench.retrains() == []
    assert [bench.events(one) for one in bench.incidents()] == before


def test_nobody_asks_without_a_reason_or_for_another_monitors_incident(store: Database) -> None:
    bench = open_incident(store)

    with pytest.raises(UsageError, match="say why"):
        ask(bench, "  ")
    with pytest.raises(UsageError, match="has no incident 99"):
        request_retraining(bench.parts, bench.monitor, 99, who="Ana", why="x")
