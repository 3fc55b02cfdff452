from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from driftwatch.incidents.advance import advance
from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.codec import decode_incident, encode_incident
from driftwatch.incidents.describe import describe_incident
from driftwatch.incidents.finding import Verdict
from driftwatch.incidents.flapping import Flaps, count_flaps, settle
from driftwatch.incidents.incident import Advance, Incident, IncidentKind, NoticeType, Severity
from driftwatch.incidents.notice import MonitorFacts
from tests.support.incidents import DELAY, day, make_incident, make_policy, make_verdict, tell


@dataclass
class Axis:
    """One axis over many windows; every incident there was, the last one the present one."""

    incidents: list[Incident] = field(default_factory=list)
    judged: list[Verdict] = field(default_factory=list)
    windows: int = 0

    def play(self, story: str, *, resolve_after: int = 1) -> list[str]:
        """Advance over the words of a story and return what was told in each window, "-" for nothing."""
        return [self._step(word, resolve_after) for word in story.split()]

    def _step(self, word: str, resolve_after: int) -> str:
        self.windows += 1
        verdict = make_verdict(self.windows, word)
        if verdict.word in JUDGED_WORDS:
            self.judged.append(verdict)
        last = self.incidents[-1] if self.incidents else None
        flaps = count_flaps(last, [one.window.start for one in self.judged[-20:]])
        live = last if last is not None and last.is_live else None
        now = verdict.window.end + DELAY
        step = advance(
            live,
            verdict,
            make_policy(resolve_after=resolve_after),
            kind=IncidentKind.DRIFT,
            monitor="flights",
            now=now,
            telling=True,
            flaps=flaps,
        )
        if step.incident is None and last is not None and flaps.flapping and flaps.is_stable:
            step = settle(Advance(incident=last), window=verdict.window, now=now, telling=True)
        if step.incident is not None:
            self._keep(live if live or not step.transitions else None, last, step)
        return step.told.tells.removeprefix("incident.") if step.told and step.told.tells else "-"

    def _keep(self, live: Incident | None, last: Incident | None, step: Advance) -> None:
        kept = decode_incident(encode_incident(step.incident), id=None) if step.incident else None
        assert kept is not None
        if last is not None and (live is not None or kept.first_window == last.first_window):
            self.incidents[-1] = kept
        else:
            self.incidents.append(kept)


def test_the_fourth_opening_or_end_is_told_and_further_ones_are_not() -> None:
    axis = Axis()

    told = axis.play("a . a . a . a . a")

    assert told == ["opened", "resolved", "opened", "resolved", "-", "-", "-", "-", "-"]
    assert [one.flapping for one in axis.incidents] == [False, True, True, True, True]


def test_it_says_that_it_flaps() -> None:
    axis = Axis()
    axis.play("a . a .")

    _, text = describe_incident(axis.incidents[-1], MonitorFacts(id="flights"))

    assert "It is flapping: that it opens or resolves is not told until it was stable for 10 windows" in text


def test_what_is_open_after_ten_stable_windows_is_told_once() -> None:
    axis = Axis()
    axis.play("a . a .")

    told = axis.play("a " + "a " * 13)

    assert told == [*["-"] * 10, "opened", "-", "-", "-"]
    assert not axis.incidents[-1].flapping


def test_what_was_told_as_over_and_stays_so_is_not_told_again() -> None:
    axis = Axis()
    axis.play("a . a .")

    assert axis.play(". " * 12) == ["-"] * 12
    assert not axis.incidents[-1].flapping
    assert axis.play("a") == ["opened"]


def test_an_end_that_was_kept_back_is_told_when_it_is_stable() -> None:
    axis = Axis()
    # The fourth is an opening: people know of it as open.
    started = axis.play("a " * 21 + ". a . a")

    told = axis.play(". " * 12)

    assert started[21:] == ["resolved", "opened", "resolved", "opened"]
    assert told == [*["-"] * 10, "resolved", "-"]


def test_windows_that_show_nothing_make_nothing_stable() -> None:
    axis = Axis()
    axis.play("a . a . a")

    assert set(axis.play("N E T P " * 10)) == {"-"}
    assert axis.incidents[-1].flapping


def test_what_is_critical_is_told_all_the_same() -> None:
    axis = Axis()
    axis.play("a . a . a .")

    assert axis.play("A") == ["opened"]


@pytest.mark.parametrize("pause", [17, 30])
def test_a_change_now_and_then_is_no_flapping(pause: int) -> None:
    axis = Axis()

    told = axis.play(("a . " + ". " * pause) * 4)

    assert [one for one in told if one != "-"] == ["opened", "resolved"] * 4


def test_a_settled_incident_that_is_known_to_be_open_is_told_as_still_open() -> None:
    known = make_incident(
        told_at=day(8).end, told_as=NoticeType.OPENED, told_severity=Severity.MAJOR, flapping=True
    )

    step = settle(Advance(incident=known), window=day(20), now=day(21).start, telling=True)
    silent = settle(Advance(incident=known), window=day(20), now=day(21).start, telling=False)

    assert tell(step.transitions) == "settled!updated"
    assert tell(silent.transitions) == "settled"


def test_flips_that_are_long_past_are_forgotten() -> None:
    last = replace(make_incident(), flips=(day(1).start, day(5).start))

    flaps = count_flaps(last, [day(number).start for number in range(3, 23)])

    assert flaps == Flaps(flips=(day(5).start,), ages=(17,), flapping=False)
    assert count_flaps(None, []) == Flaps()
