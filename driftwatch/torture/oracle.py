"""What must come of a script, worked out a second time: no word of this is shared with what it judges.

The rules are those of README: a breached window among enough others opens an incident, clean complete
windows in a row resolve it, a window that proves nothing changes nothing. Drift, the state of the data and
windows that cannot be read are three incidents that know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from driftwatch.torture.script import Batch, Part, Script

__all__ = ["Expected", "Slot", "Step", "expect", "expect_part"]

_WORDS = {
    Batch.CALM: "ok",
    Batch.MOVED: "drift",
    Batch.GAPPY: "data",
    Batch.BOTH: "drift",
    Batch.EMPTY: "no_data",
    Batch.UNREADABLE: "error",
}
_SHOWS_NOTHING = frozenset({Batch.EMPTY, Batch.UNREADABLE})
_BREACHES = {"drift": frozenset({Batch.MOVED, Batch.BOTH}), "data": frozenset({Batch.GAPPY, Batch.BOTH})}
_NOTICES = {"opened": "incident.opened", "resolved": "incident.resolved"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A window that must be accounted for, and its verdict."""

    monitor: str
    window: datetime
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A transition that must be there: of the `number`th incident of its kind, counted from 0.

    `notice` is what is told of it where the window was judged in its time, None where nothing is.
    """

    monitor: str
    kind: str
    number: int
    window: datetime
    what: str
    notice: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Everything that must come of a script, monitor by monitor and in order."""

    slots: tuple[Slot, ...]
    steps: tuple[Step, ...]


def expect(script: Script) -> Expected:
    """Return what must come of `script`."""
    slots = [
        Slot(monitor=part.name, window=script.find_start(place), word=_WORDS[batch])
        for part in script.parts
        for place, batch in enumerate(part.batches)
    ]
    steps = [step for part in script.parts for step in expect_part(script, part)]
    return Expected(slots=tuple(slots), steps=tuple(steps))


def expect_part(script: Script, part: Part) -> Iterator[Step]:
    """Yield the transitions of one monitor, kind by kind."""
    stories = {
        "drift": _tell_axis(part, "drift"),
        "data": _tell_axis(part, "data"),
        "evaluation": _tell_failures(part.batches),
    }
    for kind, story in stories.items():
        number = -1
        for place, what in story:
            number += what in {"pending", "opened"} and not _continues(what, part, kind)
            yield Step(
                monitor=part.name,
                kind=kind,
                number=number,
                window=script.find_start(place),
                what=what,
                notice=_NOTICES.get(what),
            )


def _continues(what: str, part: Part, kind: str) -> bool:
    """Return whether the incident was there before: one that is patient has been pending."""
    return what == "opened" and kind != "evaluation" and part.k > 1


def _tell_axis(part: Part, axis: str) -> Iterator[tuple[int, str]]:
    story = _Story(part)
    for place, batch in enumerate(part.batches):
        if batch not in _SHOWS_NOTHING:
            what = story.see(batch in _BREACHES[axis])
            if what is not None:
                yield place, what


class _Story:
    """The life of the incidents of one monitor on one axis, by windows that show something."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._state = "none"
        self._last: list[bool] = []
        self._clean = 0

    def see(self, breached: bool) -> str | None:
        """Return what a window does, None where it does nothing."""
        if self._state in {"none", "pending"}:
            return self._wait(breached)
        return self._suffer() if breached else self._mend()

    def _wait(self, breached: bool) -> str | None:
        was_pending = self._state == "pending"
        self._last = [*self._last, breached][-self._part.of :] if was_pending else [breached]
        if sum(self._last) >= self._part.k:
            self._state, self._clean = "open", 0
            return "opened"
        if not was_pending:
            self._state = "pending" if breached else "none"
            return "pending" if breached else None
        if any(self._last[1:] if len(self._last) == self._part.of else self._last):
            return None
        self._state = "none"
        return "dropped"

    def _suffer(self) -> str | None:
        was_recovering = self._state == "recovering"
        self._state, self._clean = "open", 0
        return "resumed" if was_recovering else None

    def _mend(self) -> str | None:
        self._clean += 1
        if self._clean == self._part.resolve_after:
            self._state = "none"
            return "resolved"
        was_open = self._state == "open"
        self._state = "recovering"
        return "recovering" if was_open else None


def _tell_failures(batches: Sequence[Batch]) -> Iterator[tuple[int, str]]:
    is_open = False
    for place, batch in enumerate(batches):
        if batch is Batch.UNREADABLE and not is_open:
            is_open = True
            yield place, "opened"
        elif batch not in _SHOWS_NOTHING and is_open:
            is_open = False
            yield place, "resolved"
