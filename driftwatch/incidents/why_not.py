"""Why nobody was told of a window, in one line each: what was judged, how near it came, what held it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from driftwatch.calibration.layout import Aspect
from driftwatch.calibration.weighing import Scale
from driftwatch.incidents.axis import DATA_KINDS, JUDGED_WORDS
from driftwatch.incidents.explaining import Allowed, Told, say_scores, say_told
from driftwatch.incidents.finding import Finding, FindingKind, Verdict, VerdictWord
from driftwatch.incidents.incident import Incident, IncidentKind, IncidentState
from driftwatch.incidents.policy import Patience
from driftwatch.incidents.readings import PartReading, Reading
from driftwatch.incidents.words import say_count, say_moment, say_number, say_percent, say_window
from driftwatch.profiles.window import Window

__all__ = [
    "ASPECT_WORDS",
    "UNJUDGED",
    "Looked",
    "Waits",
    "say_detached",
    "say_reading",
    "say_unstarted",
    "say_why_not",
]

UNJUDGED = {
    VerdictWord.ERROR: "could not be judged",
    VerdictWord.NO_DATA: "has no rows",
    VerdictWord.NOT_EVALUATED: "was given up without being read",
    VerdictWord.PARTIAL: "is not complete",
    VerdictWord.THIN: "has too few rows to be judged by itself",
}
"""What a window is that tells nothing, in words that follow it."""
ASPECT_WORDS = {
    Aspect.DRIFT: "how its values are distributed",
    Aspect.MISSING: "its missing values",
    Aspect.BEYOND: "its values that the reference never had",
    Aspect.VOLUME: "the number of rows",
    Aspect.REPEATED: "repeated keys",
}
"""What is looked at, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """A window that was planned and not judged yet: since when it may be read, and why it was put off."""

    next_at: datetime
    is_claimed: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looked:
    """Everything that a window's silence depends on.

    `due_at` is when it falls due, seen from `now`. `waits` is None where it was not planned or is over.
    `verdict` is None where nothing was judged, `reading` where it was not scored. `smallest` is the least
    share of moved rows that its rows could have shown. `incidents` are those that were live in it, after the
    last window they have seen; `opened` those that opened in it. `told` are the deliveries of this window.
    `mode` and `channels` are the monitor's; `special` says that the day is kept out of the null.
    """

    monitor: str
    window: Window
    now: datetime
    due_at: datetime
    allowed: Allowed
    patience: Patience
    channels: tuple[str, ...]
    mode: str = "live"
    waits: Waits | None = None
    verdict: Verdict | None = None
    reading: Reading | None = None
    smallest: float | None = None
    incidents: tuple[Incident, ...] = ()
    opened: frozenset[int] = frozenset()
    told: tuple[Told, ...] = ()
    special: bool = False


def say_why_not(looked: Looked) -> list[str]:
    """Return why nobody was told of a window, or who was, one reason a line."""
    return list(_say_lines(looked))


def say_detached(monitor: str) -> str:
    """Return why nothing is told of a monitor that the configuration does not name."""
    return f"{monitor} is detached: the configuration names it no more, so that no window of it is judged."


def say_unstarted(monitor: str) -> str:
    """Return why nothing is told of a monitor that has no reference yet."""
    return (
        f"{monitor} has judged nothing of this data: no reference was built yet; "
        f"`driftwatch check {monitor}` or `driftwatch serve` does."
    )


def _say_lines(looked: Looked) -> Iterator[str]:
    verdict = looked.verdict
    if verdict is None:
        yield _say_waiting(looked)
    elif verdict.word not in JUDGED_WORDS:
        yield from _say_unjudged(looked, verdict)
    else:
        yield from _say_judged(looked, verdict)
        yield from _say_findings(looked, verdict)
        yield from _say_held_back(looked, verdict)
    yield from (say_told(one) for one in looked.told)


def _say_waiting(looked: Looked) -> str:
    window = f"the window of {say_window(looked.window)}"
    if looked.now < looked.due_at:
        return f"Nothing is due: {window} may be read from {say_moment(looked.due_at)} on."
    waits = looked.waits
    if waits is None:
        return (
            f"Nothing was judged: {window} was never planned; a daemon plans windows after its first start, "
            f"`driftwatch check {looked.monitor}` judges any."
        )
    return f"Nothing is judged yet: {window} {say_reading(waits)}."


def say_reading(waits: Waits) -> str:
    """Return what a window that waits is waiting for, in words that follow it."""
    if waits.is_claimed:
        return "is being read just now"
    why = f" ({waits.reason})" if waits.reason else ""
    return f"waits to be read, from {say_moment(waits.next_at)} on{why}"


def _say_unjudged(looked: Looked, verdict: Verdict) -> Iterator[str]:
    why = f": {verdict.reason.rstrip('.')}" if verdict.reason else ""
    what = UNJUDGED[verdict.word]
    yield f"The window of {say_window(looked.window)} {what}{why}."
    if looked.waits is not None:
        yield f"It {say_reading(replace(looked.waits, reason=None))}."
    if verdict.word is VerdictWord.THIN and looked.smallest is not None:
        yield _say_smallest(looked.smallest, verdict.rows)
    if verdict.word is VerdictWord.ERROR:
        yield from _say_axis(looked, IncidentKind.EVALUATION)
    else:
        yield "Such a window opens no incident and calms none."


def _say_judged(looked: Looked, verdict: Verdict) -> Iterator[str]:
    rows = "" if verdict.rows is None else f", with {say_count(verdict.rows, 'row')}"
    yield f"The window of {say_window(looked.window)} was judged{rows}: {verdict.word}."
    reading = looked.reading
    if reading is not None:
        yield from say_scores(reading, looked.allowed)
        if reading.parts:
            yield _say_nearest(reading.parts[0])
    elif looked.allowed.promise is not None and verdict.score is not None:
        score, limit = say_number(verdict.score), say_number(verdict.limit)
        yield f"Score {score} against a limit of {limit}; what they rest on is not kept any more."
    else:
        yield "It was judged by explicit rules alone: no false-alarm budget is at work."
    if looked.smallest is not None:
        yield _say_smallest(looked.smallest, verdict.rows)


def _say_nearest(part: PartReading) -> str:
    over = "" if part.scale is Scale.SHORT else ", over all windows of a season cycle"
    what = ASPECT_WORDS[part.aspect]
    name = what if part.column is None else f"{part.column}, by {what}"
    return f"Nearest to the limit came {name}: score {say_number(part.score)}{over}."


def _say_smallest(smallest: float, rows: int | None) -> str:
    if smallest >= 1:
        return "So few rows could have shown no change at all."
    return (
        f"{say_count(rows or 0, 'row')} can be relied on to show a change of {say_percent(smallest)} of the "
        "rows of one column; a smaller one may go unseen."
    )


def _say_findings(looked: Looked, verdict: Verdict) -> Iterator[str]:
    if not verdict.findings:
        yield "Nothing was above its limit."
    for finding in verdict.findings:
        text = finding.text.rstrip(".")
        yield f"Minor, recorded and sent to nobody: {text}." if finding.minor else f"Found: {text}."
    if looked.special:
        yield "It is a special day: what a budget finds in it is minor, and it is no part of what is usual."


def _say_held_back(looked: Looked, verdict: Verdict) -> Iterator[str]:
    serious = [finding for finding in verdict.findings if not finding.minor]
    for kind in (IncidentKind.DRIFT, IncidentKind.DATA):
        if any(_is_of(finding, kind) for finding in serious):
            yield from _say_axis(looked, kind)
    if serious and looked.mode == "shadow":
        yield "The monitor is in shadow mode: it judges and remembers, and sends nothing but a digest."
    elif serious and not looked.channels:
        yield "`notify` names no channel, so that nobody can be told."


def _is_of(finding: Finding, kind: IncidentKind) -> bool:
    if kind is IncidentKind.DRIFT:
        return finding.kind is FindingKind.DRIFT
    return finding.kind in DATA_KINDS


def _say_axis(looked: Looked, kind: IncidentKind) -> Iterator[str]:
    """Yield what became of the incident that a window's findings belong to."""
    incident = next((one for one in looked.incidents if one.kind is kind), None)
    if incident is None:
        yield f"It was judged out of turn, after a later window: no {kind} incident was touched by it."
        return
    name = f"Incident {incident.id} ({kind})"
    if incident.opened_at is None:
        wanted = f"{looked.patience.k} of {looked.patience.of}"
        counted = sum(incident.recent) if incident.state is IncidentState.PENDING else "too few"
        yield f"{name} did not open: {wanted} windows are needed, {counted} showed it."
    elif incident.id in looked.opened:
        yield f"{name} opened in this window."
    else:
        since = say_window(incident.first_window)
        yield f"{name} was open already, since the window of {since}: people are told of it once."
    if (
        incident.opened_at is not None
        and incident.told_at is None
        and looked.mode == "live"
        and not looked.told
    ):
        yield f"{name} was told to nobody: it is minor, or its windows were judged in a replay or as history."
