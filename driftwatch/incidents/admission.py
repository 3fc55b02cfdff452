"""The gate for data: may the batch of a window be used, must it be held back, or is it too early to say.

It is about the batch, not about people: patience, silences, snoozes and acknowledgements decide who hears of
a window, and change nothing about what is in it. What cannot be known is never taken for health.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from driftwatch.incidents.axis import DATA_KINDS, JUDGED_WORDS
from driftwatch.incidents.finding import Finding, FindingKind, Verdict, VerdictWord
from driftwatch.incidents.incident import Incident, IncidentKind, Label
from driftwatch.incidents.why_not import UNJUDGED, Waits, say_reading
from driftwatch.incidents.words import say_duration, say_moment, say_window
from driftwatch.profiles.window import Window

__all__ = ["MAY_BE_ALLOWED", "Admission", "AdmissionWord", "Candidate", "Ground", "decide_admission"]

MAY_BE_ALLOWED: Final = tuple(word for word in VerdictWord if word not in {VerdictWord.OK, VerdictWord.ERROR})
"""The verdicts that a pipeline may let pass all the same."""

_SHORTEST_WAIT: Final = timedelta(seconds=30)
"""How soon it is worth asking again where nothing says when it will be known."""


class AdmissionWord(StrEnum):
    """What the gate says of a batch."""

    USE = "use"  # It may be used.
    HOLD = "hold"  # It should be held back, for the reasons given.
    WAIT = "wait"  # It is not judged yet, or not for the last time.


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One reason in words, with the number of the incident that is about it."""

    text: str
    incident: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What the gate says, and why. `retry_at` is when it is worth asking again, None unless it waits.

    `would_hold`: the monitor is in shadow mode, and the batch passes for that alone.
    """

    word: AdmissionWord
    grounds: tuple[Ground, ...]
    retry_at: datetime | None = None
    would_hold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A window whose batch is asked for, and everything that its use depends on.

    `verdict` is None where it was not judged; `not_evaluated` where it was given up. `waits` says that it
    will be read, or read again. `incidents` are those that it may be part of. `is_usually_empty`: it has no
    rows, and the reference has none at this time of the week either. `hidden` are the words of silences that
    hide an incident, `paused` those of who wants the monitor not judged now. `mode` is the monitor's.
    """

    monitor: str
    window: Window
    now: datetime
    due_at: datetime
    mode: str = "live"
    verdict: Verdict | None = None
    waits: Waits | None = None
    incidents: tuple[Incident, ...] = ()
    is_usually_empty: bool = False
    hidden: tuple[str, ...] = ()
    paused: str | None = None


def decide_admission(candidate: Candidate, allowed: Collection[VerdictWord] = ()) -> Admission:
    """Return whether the batch of a window may be used; `allowed` are verdicts that pass all the same.

    1. what is not judged, or is read again, waits; what was given up is held back;
    2. `ok` may be used, and so may `no_data` where the reference has no rows at this time either;
    3. `drift` and `data` are held back for each finding that is not minor, not part of an incident that a
       person labelled expected, and not allowed: with none left the batch may be used;
    4. every other verdict says too little, and holds the batch back unless it is allowed;
    5. in shadow mode nothing is held back, and what would have been is said.
    """
    verdict = candidate.verdict
    if verdict is None:
        return _decide_unjudged(candidate)
    if candidate.waits is not None and verdict.word not in JUDGED_WORDS:
        return _wait_again(candidate, verdict, candidate.waits)
    admission = _decide_judged(candidate, verdict, allowed)
    if admission.word is AdmissionWord.HOLD and candidate.mode == "shadow":
        shadow = Ground(text="the monitor is in shadow mode, which holds nothing back")
        return replace(
            admission, word=AdmissionWord.USE, grounds=(shadow, *admission.grounds), would_hold=True
        )
    return admission


def _decide_unjudged(candidate: Candidate) -> Admission:
    window, now = say_window(candidate.window), candidate.now
    if now < candidate.due_at:
        text = f"the window of {window} may be read from {say_moment(candidate.due_at)} on"
        return _wait(candidate, text, candidate.due_at)
    late = f", {say_duration(now - candidate.due_at)} after it fell due"
    if candidate.waits is not None:
        return _wait(
            candidate, f"the window of {window} {say_reading(candidate.waits)}{late}", candidate.waits.next_at
        )
    return _wait(candidate, f"the window of {window} is not planned yet{late}: is a daemon running?", now)


def _wait_again(candidate: Candidate, verdict: Verdict, waits: Waits) -> Admission:
    said = f"the window of {say_window(candidate.window)} {UNJUDGED[verdict.word]}, and {say_reading(waits)}"
    return _wait(candidate, said, waits.next_at)


def _wait(candidate: Candidate, text: str, until: datetime) -> Admission:
    retry_at = max(until, candidate.now + _SHORTEST_WAIT)
    grounds = [Ground(text=one) for one in (text, candidate.paused) if one is not None]
    return Admission(word=AdmissionWord.WAIT, grounds=tuple(grounds), retry_at=retry_at)


def _decide_judged(candidate: Candidate, verdict: Verdict, allowed: Collection[VerdictWord]) -> Admission:
    window = say_window(candidate.window)
    if verdict.word is VerdictWord.OK:
        return _use(f"the window of {window} looks like the reference")
    if verdict.word is VerdictWord.NO_DATA and candidate.is_usually_empty:
        return _use(f"the window of {window} has no rows, and the reference has none at this time either")
    if verdict.word in JUDGED_WORDS:
        return _decide_found(candidate, verdict.findings, allowed)
    why = f": {verdict.reason}" if verdict.reason else ""
    text = f"the window of {window} {UNJUDGED[verdict.word]}{why}"
    if verdict.word in MAY_BE_ALLOWED and verdict.word in allowed:
        return _use(f"{text}; {verdict.word} is allowed")
    return _hold(candidate, [Ground(text=text)])


def _decide_found(
    candidate: Candidate, findings: Iterable[Finding], allowed: Collection[VerdictWord]
) -> Admission:
    """Return what becomes of a batch in which something was found: each finding is looked at by itself."""
    passed, held = [], []
    for finding in findings:
        incident = _find_incident(candidate, finding)
        number = None if incident is None else incident.id
        excuse = _find_excuse(finding, incident, allowed)
        if excuse is None:
            held.append(Ground(text=finding.text, incident=number))
        else:
            passed.append(Ground(text=f"{finding.text} ({excuse})", incident=number))
    if held:
        return _hold(candidate, held)
    return Admission(word=AdmissionWord.USE, grounds=tuple(passed))


def _find_excuse(finding: Finding, incident: Incident | None, allowed: Collection[VerdictWord]) -> str | None:
    """Return why a finding holds nothing back; None where it does."""
    word = VerdictWord.DRIFT if finding.kind is FindingKind.DRIFT else VerdictWord.DATA
    if finding.minor:
        return "minor"
    if incident is not None and incident.label is Label.EXPECTED:
        return f"{incident.labelled_by} says that incident {incident.id} was expected"
    return f"{word} is allowed" if word in allowed else None


def _find_incident(candidate: Candidate, finding: Finding) -> Incident | None:
    """Return the incident that a finding of the window is part of; one that was expected comes first."""
    kind = IncidentKind.DATA if finding.kind in DATA_KINDS else IncidentKind.DRIFT
    holding = [
        one for one in candidate.incidents if one.kind is kind and _covers(one, candidate.window, finding)
    ]
    return min(holding, key=lambda one: (one.label is not Label.EXPECTED, -(one.id or 0)), default=None)


def _covers(incident: Incident, window: Window, finding: Finding) -> bool:
    """Return whether the finding's column was part of the incident in the window."""
    until = None if incident.is_live else incident.last_window.end
    stretches = (
        *((one.column, one.about, one.since, until) for one in incident.members),
        *((one.column, one.about, one.since, one.until) for one in incident.left),
    )
    return any(
        (column == finding.column if finding.column is not None else column is None and about == finding.kind)
        and since <= window.start
        and (end is None or window.start < end)
        for column, about, since, end in stretches
    )


def _use(text: str) -> Admission:
    return Admission(word=AdmissionWord.USE, grounds=(Ground(text=text),))


def _hold(candidate: Candidate, grounds: list[Ground]) -> Admission:
    quiet = [
        Ground(text=f"{words} (it keeps people from being told, and opens no gate)")
        for words in candidate.hidden
    ]
    return Admission(word=AdmissionWord.HOLD, grounds=(*grounds, *quiet))
