"""What a run is held against finds a violation of each kind in a store that somebody made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from driftwatch.torture.comparing import Evidence, compare
from driftwatch.torture.observed import Observed, SeenDelivery, SeenEvent, SeenIncident, SeenVerdict
from driftwatch.torture.oracle import expect
from driftwatch.torture.receiver import Call, Manner
from driftwatch.torture.script import WINDOW, Batch, Part, Script

FIRST = datetime(2031, 1, 1, tzinfo=UTC)
PART = Part(name="m", k=1, of=1, resolve_after=1, batches=(Batch.MOVED, Batch.EMPTY, Batch.CALM))
SCRIPT = Script(seed=1, first=FIRST, channels=("hook",), parts=(PART,))


def at(place: int) -> datetime:
    return FIRST + place * WINDOW


def verdict(place: int, word: str, *, revision: int = 1) -> SeenVerdict:
    finished = at(place + 1) + timedelta(seconds=5)
    return SeenVerdict(revision=revision, word=word, token=1, finished_at=finished)


def delivery(number: int, kind: str, state: str = "delivered") -> SeenDelivery:
    return SeenDelivery(
        id=f"id{number}", incident=1, seq=number, channel="hook", type=kind, state=state, decision=None
    )


def call(number: int, kind: str, moment: float, manner: Manner = Manner.GOOD) -> Call:
    return Call(at=moment, path="/hook", id=f"id{number}", body={"type": kind}, manner=manner)


def event(seq: int, what: str, place: int, notice: str | None) -> SeenEvent:
    return SeenEvent(incident=1, seq=seq, what=what, window=at(place), notice=notice)


OPENED, RESOLVED = "incident.opened", "incident.resolved"
SEEN = Observed(
    slots={("m", at(place)): "done" for place in range(3)},
    verdicts={
        ("m", at(0)): (verdict(0, "drift"),),
        ("m", at(1)): (verdict(1, "no_data"), verdict(1, "no_data", revision=2)),
        ("m", at(2)): (verdict(2, "ok"),),
    },
    incidents=(SeenIncident(id=1, monitor="m", kind="drift", state="resolved"),),
    events=(event(1, "opened", 0, OPENED), event(2, "resolved", 2, RESOLVED)),
    deliveries=(delivery(1, OPENED), delivery(2, RESOLVED)),
    retrains=(),
)
CALLS = (call(1, OPENED, 1.0, Manner.ERROR), call(1, OPENED, 2.0), call(2, RESOLVED, 3.0))


def list_violated(seen: Observed = SEEN, calls: tuple[Call, ...] = CALLS, **more: float) -> set[str]:
    evidence = Evidence(script=SCRIPT, expected=expect(SCRIPT), observed=seen, calls=calls, **more)
    return {finding.what for finding in compare(evidence) if finding.violations}


def test_a_store_that_is_as_it_must_be_has_no_violation() -> None:
    assert list_violated() == set()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"slots": {**SEEN.slots, ("m", at(1)): "due"}}, "windows unaccounted for"),
        ({"verdicts": {**SEEN.verdicts, ("m", at(2)): (verdict(2, "drift"),)}}, "wrong verdicts"),
        (
            {"verdicts": {**SEEN.verdicts, ("m", at(2)): (verdict(2, "ok"), verdict(2, "ok", revision=2))}},
            "windows judged twice",
        ),
        ({"events": (event(1, "opened", 0, OPENED),)}, "transitions lost or made up"),
        (
            {"events": (*SEEN.events, event(3, "opened", 2, None))},
            "transitions lost or made up",
        ),
        ({"deliveries": (delivery(1, OPENED),)}, "transitions not queued with the fact"),
        (
            {"events": (event(1, "opened", 0, None), SEEN.events[1])},
            "transitions not queued with the fact",
        ),
        (
            {"incidents": (replace(SEEN.incidents[0], state="open"),)},
            "incidents whose last telling disagrees",
        ),
        (
            {"deliveries": (delivery(1, OPENED), delivery(2, RESOLVED, "dead"))},
            "notices not delivered",
        ),
        (
            {"events": (SEEN.events[0], event(2, "resolved", 1, RESOLVED))},
            "resolved without enough clean windows",
        ),
    ],
)
def test_what_is_wrong_in_the_store_is_found(changes: dict[str, object], found: str) -> None:
    assert found in list_violated(replace(SEEN, **changes))  # type: ignore[arg-type]  # Fields by name.


@pytest.mark.parametrize(
    ("calls", "found"),
    [
        ((call(2, RESOLVED, 1.0), call(1, OPENED, 2.0)), "notices out of order"),
        ((*CALLS, call(7, OPENED, 4.0)), "ids beyond one per transition and channel"),
        ((*CALLS, call(1, RESOLVED, 4.0)), "ids beyond one per transition and channel"),
        (CALLS[:2], "notices not delivered"),
        ((*CALLS, replace(CALLS[0], path="/elsewhere")), "calls to addresses that nobody named"),
    ],
)
def test_what_is_wrong_at_the_receiver_is_found(calls: tuple[Call, ...], found: str) -> None:
    assert found in list_violated(calls=calls)


def test_a_call_after_a_silence_is_found() -> None:
    assert list_violated(quiet_from=1.5) == {"calls in spite of a silence"}
    assert list_violated(quiet_from=2.5) == set()
