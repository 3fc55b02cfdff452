"""Verdicts and incidents in short hand, for tables of what a window shows and what follows.

A story is a row of windows, one word each, a day apart:

====== ==========================================================
.      judged, nothing found
a      column a drifted; `ab` both did; `A` at least half of a
,a     column a is unlike itself, by too little to wake anybody
*a     column a drifted, and has changed once more
-a     column a is not there: a data finding, and a is not judged
?a     60 % of column a is missing: a data finding, a is hardly judged
~a     5 % of column a is missing: a data finding
#      the number of rows is unusual: a data finding
=      the rows of an earlier window once more: a data finding
E N G P T   error, no data, given up, partial, thin: no evidence
====== ==========================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from driftwatch.incidents.advance import advance
from driftwatch.incidents.finding import Finding, FindingKind, Verdict, VerdictWord
from driftwatch.incidents.incident import (
    Advance,
    Incident,
    IncidentKind,
    IncidentState,
    Member,
    Severity,
    Transition,
)
from driftwatch.incidents.policy import Patience, Policy
from driftwatch.profiles.window import Window
from driftwatch.statistics.catalogue import Statistic

__all__ = ["COLUMNS", "DELAY", "day", "drift", "make_incident", "make_policy", "make_verdict", "play", "tell"]

COLUMNS = ("a", "b", "c")
DELAY = timedelta(minutes=30)
_FIRST = datetime(2013, 2, 1, tzinfo=UTC)
_NO_EVIDENCE = {
    "E": VerdictWord.ERROR,
    "N": VerdictWord.NO_DATA,
    "G": VerdictWord.NOT_EVALUATED,
    "P": VerdictWord.PARTIAL,
    "T": VerdictWord.THIN,
}


def day(number: int) -> Window:
    """The `number`-th day of February 2013, which may run into March."""
    start = _FIRST + timedelta(days=number - 1)
    return Window(start=start, end=start + timedelta(days=1))


def make_policy(*, k: int = 1, of: int | None = None, resolve_after: int = 3, season_days: int = 7) -> Policy:
    """A policy; `of` is `k` unless it is given."""
    return Policy(
        patience=Patience(k=k, of=of or k), resolve_after=resolve_after, season=timedelta(days=season_days)
    )


def drift(column: str, share: float = 0.07) -> Finding:
    """A drift finding: `share` of the rows of `column` moved."""
    return Finding(
        column=column,
        kind=FindingKind.DRIFT,
        statistic="moved_share",
        value=share,
        limit=0.02,
        text=f"at least {share:.0%} of rows moved",
        moved_share=share,
    )


def make_verdict(number: int, word: str) -> Verdict:
    """The verdict on the `number`-th day that `word` of a story stands for."""
    window = day(number)
    if word in _NO_EVIDENCE:
        return Verdict(window=window, word=_NO_EVIDENCE[word], rows=None, reason="the server did not answer")
    findings = tuple(_read_findings(word))
    gone = {finding.column for finding in findings if finding.kind is FindingKind.COLUMN_MISSING}
    drifted = any(finding.kind is FindingKind.DRIFT for finding in findings)
    quiet = VerdictWord.DATA if findings else VerdictWord.OK
    return Verdict(
        window=window,
        word=VerdictWord.DRIFT if drifted else quiet,
        rows=1000,
        findings=findings,
        statistics={name: {"ks": Statistic(value=0.01)} for name in COLUMNS if name not in gone},
    )


def _read_findings(word: str) -> Iterable[Finding]:
    if word == ".":
        return
    read = _READ.get(word[0])
    if read is not None:
        yield read(word)
        return
    for letter in word:
        yield drift(letter.lower(), 0.6 if letter.isupper() else 0.07)


def _fault(column: str | None, kind: FindingKind, statistic: str, value: float | None) -> Finding:
    text = f"{kind.value} in {column or 'the window'}"
    return Finding(column=column, kind=kind, statistic=statistic, value=value, limit=0.01, text=text)


_READ: Mapping[str, Callable[[str], Finding]] = {
    "#": lambda _: _fault(None, FindingKind.VOLUME, "volume", 0.9),
    "=": lambda _: _fault(None, FindingKind.REPEATED_WINDOW, "repeated_window", None),
    "-": lambda word: _fault(word[1], FindingKind.COLUMN_MISSING, "column_missing", None),
    "?": lambda word: _fault(word[1], FindingKind.MISSING, "missing_share", 0.6),
    "~": lambda word: _fault(word[1], FindingKind.MISSING, "missing_share", 0.05),
    ",": lambda word: replace(drift(word[1], 0.001), minor=True, text=f"{word[1]} is unlike itself"),
    "*": lambda word: replace(drift(word[1]), again=True),
}


def play(
    story: str | Iterable[str],
    policy: Policy,
    *,
    kind: IncidentKind = IncidentKind.DRIFT,
    silent: int = 0,
    incident: Incident | None = None,
    first: int = 1,
) -> list[Advance]:
    """Advance over a story, one step a word; the first `silent` windows tell nobody."""
    words = story.split() if isinstance(story, str) else list(story)
    steps = []
    for number, word in enumerate(words, start=first):
        verdict = make_verdict(number, word)
        step = advance(
            incident,
            verdict,
            policy,
            kind=kind,
            monitor="flights",
            now=verdict.window.end + DELAY,
            telling=number - first >= silent,
        )
        incident = step.incident
        steps.append(step)
    return steps


def tell(transitions: Iterable[Transition]) -> str:
    """Transitions in short: the kinds, with `!` and what is told where somebody is."""
    return " ".join(
        step.kind.value + (f"!{step.tells.value.removeprefix('incident.')}" if step.tells else "")
        for step in transitions
    )


def make_incident(kind: IncidentKind = IncidentKind.DRIFT, **changes: Any) -> Incident:
    """An open, major incident of one day with one column; `changes` replace its fields."""
    incident = Incident(
        monitor="flights",
        kind=kind,
        state=IncidentState.OPEN,
        severity=Severity.MAJOR,
        members=(
            Member(
                column="dep_delay",
                about="drift",
                since=day(8).start,
                statistic="moved_share",
                value=0.2,
                limit=0.02,
                text="at least 20 % of rows moved",
                moved_share=0.2,
            ),
        ),
        first_window=day(8),
        last_window=day(8),
        seen_to=day(8),
        opened_at=day(8).end + DELAY,
        windows_open=1,
        paged=True,
    )
    return replace(incident, **changes)
