"""The oracle, held against stories worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from driftwatch.torture.oracle import expect, expect_part
from driftwatch.torture.script import WINDOW, Batch, Part, Script, draw_parts, draw_rows

FIRST = datetime(2031, 1, 1, tzinfo=UTC)
LETTERS = {
    ".": Batch.CALM,
    "m": Batch.MOVED,
    "g": Batch.GAPPY,
    "b": Batch.BOTH,
    " ": Batch.EMPTY,
    "?": Batch.UNREADABLE,
}


def tell(story: str, kind: str, *, k: int = 1, of: int = 1, resolve_after: int = 2) -> list[str]:
    batches = tuple(LETTERS[letter] for letter in story)
    part = Part(name="m", k=k, of=of, resolve_after=resolve_after, batches=batches)
    script = Script(seed=1, first=FIRST, channels=("hook",), parts=(part,))
    steps = [step for step in expect_part(script, part) if step.kind == kind]
    return [f"{(step.window - FIRST) // WINDOW}:{step.number}:{step.what}" for step in steps]


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("....", []),
        (".m..", ["1:0:opened", "2:0:recovering", "3:0:resolved"]),
        ("m.m..", ["0:0:opened", "1:0:recovering", "2:0:resumed", "3:0:recovering", "4:0:resolved"]),
        ("m. ?.", ["0:0:opened", "1:0:recovering", "4:0:resolved"]),
        ("m     ", ["0:0:opened"]),
        ("mgg", ["0:0:opened", "1:0:recovering", "2:0:resolved"]),
        ("m..m", ["0:0:opened", "1:0:recovering", "2:0:resolved", "3:1:opened"]),
    ],
)
def test_drift_opens_and_resolves_by_windows_that_show_something(story: str, expected: list[str]) -> None:
    assert tell(story, "drift") == expected


@pytest.mark.parametrize(
    ("story", "k", "of", "expected"),
    [
        ("m.m", 2, 2, ["0:0:pending", "1:0:dropped", "2:1:pending"]),
        ("m m", 2, 2, ["0:0:pending", "2:0:opened"]),
        ("m.m", 2, 3, ["0:0:pending", "2:0:opened"]),
        ("m..m", 2, 3, ["0:0:pending", "2:0:dropped", "3:1:pending"]),
    ],
)
def test_patience_waits_for_enough_breached_windows(story: str, k: int, of: int, expected: list[str]) -> None:
    assert tell(story, "drift", k=k, of=of) == expected


def test_missing_values_are_an_incident_of_their_own() -> None:
    assert tell("b.g..", "data", resolve_after=1) == [
        "0:0:opened",
        "1:0:resolved",
        "2:1:opened",
        "3:1:resolved",
    ]


def test_what_cannot_be_read_is_told_until_something_can() -> None:
    assert tell("?? ?.?", "evaluation") == ["0:0:opened", "4:0:resolved", "5:1:opened"]


def test_every_window_is_accounted_for() -> None:
    parts = draw_parts(7, monitors=5, windows=30)
    expected = expect(Script(seed=7, first=FIRST, channels=("hook",), parts=parts))

    assert len({(slot.monitor, slot.window) for slot in expected.slots}) == 150
    assert {slot.word for slot in expected.slots} == {"ok", "drift", "data", "no_data", "error"}
    assert {step.what for step in expected.steps} >= {"pending", "dropped", "opened", "resumed", "resolved"}


def test_a_seed_gives_the_same_script_and_another_seed_another() -> None:
    assert draw_parts(7, monitors=3, windows=9) == draw_parts(7, monitors=3, windows=9)
    assert draw_parts(7, monitors=3, windows=9) != draw_parts(8, monitors=3, windows=9)
    assert draw_rows([1, 2], Batch.MOVED) == draw_rows([1, 2], Batch.MOVED)
    assert draw_rows([1, 2], Batch.EMPTY) == []
