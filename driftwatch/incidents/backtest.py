"""What people would have been told of windows that were judged before, under this policy or another.

Everything from the limits to the incidents is the code that judges live. What was measured then is taken as
it was kept; counts are asked for only where something is above a limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import add

import numpy as np

from driftwatch.calibration.backtest import Kept, Recall, recall_recent, restore_measured
from driftwatch.calibration.effects import ALPHA, bound_numbers_moved
from driftwatch.calibration.layout import Aspect, Part
from driftwatch.calibration.tally import Tally, tally_profile
from driftwatch.calibration.track import (
    Measured,
    Track,
    add_thin,
    add_window,
    join_waiting,
    measure_window,
    recalibrate,
    weigh_window,
)
from driftwatch.calibration.weighing import Weighed
from driftwatch.incidents.advance import advance
from driftwatch.incidents.finding import Finding, FindingKind, Verdict
from driftwatch.incidents.holds import hold_out, list_holds
from driftwatch.incidents.incident import (
    Hold,
    Incident,
    IncidentKind,
    Member,
    NoticeType,
    rank_members,
)
from driftwatch.incidents.judge import choose_word
from driftwatch.incidents.naming import name_member
from driftwatch.incidents.pairs import pair_columns
from driftwatch.incidents.policy import Policy
from driftwatch.incidents.rules import Rule
from driftwatch.incidents.weighed import Weighing, find_above
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window

__all__ = [
    "WHATEVER_THE_BUDGET",
    "Outcome",
    "Page",
    "Past",
    "PastWindow",
    "Trial",
    "find_broken_rule",
    "replay_budget",
    "replay_verdicts",
    "set_apart",
]

_AXES = (IncidentKind.DRIFT, IncidentKind.DATA)
_TELLS = frozenset({NoticeType.OPENED, NoticeType.UPDATED})
WHATEVER_THE_BUDGET = frozenset(
    {FindingKind.COLUMN_MISSING, FindingKind.TYPE_CHANGED, FindingKind.REPEATED_WINDOW}
)
"""What is told of whatever was promised: it is no matter of chance."""
_EXTREMES = frozenset({"maximum", "minimum"})
_KINDS = {
    Aspect.DRIFT: frozenset({FindingKind.DRIFT}),
    Aspect.MISSING: frozenset({FindingKind.MISSING}),
    Aspect.BEYOND: frozenset({FindingKind.RANGE, FindingKind.UNSEEN}),
    Aspect.VOLUME: frozenset({FindingKind.VOLUME}),
    Aspect.REPEATED: frozenset({FindingKind.REPEATED_KEYS}),
}

_Incidents = Mapping[IncidentKind, Incident]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PastWindow:
    """A window of the past.

    `kept` is its evidence, None where there is none yet. `is_thin`: it had too few rows, and waits for the
    next. `found` is what was found then, `apart` the part of it that no budget decides.
    """

    window: Window
    kept: Kept | None = None
    is_thin: bool = False
    found: tuple[Finding, ...] = ()
    apart: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """What is judged again: the windows in order, and all that a verdict depends on beside the policy.

    `holds` are stretches that people have labelled as drift or bad data: they are out of the null for good.
    `delay` is how long after its end a window was judged.
    """

    reference: Reference
    windows: Sequence[PastWindow]
    holds: Sequence[Hold] = ()
    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A policy that is tried; the budget is that of the track."""

    minimum_effect: float
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """People are told at once. `joins`: of something new in an incident that they knew of.

    `columns` are those above their limits in that window, or what is wrong with the window as a whole.
    """

    window: Window
    kind: IncidentKind
    joins: bool
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a policy comes to: how many windows were judged, and when people would have been told.

    `above` are the windows in which something was found that is not minor.
    """

    windows: int
    pages: tuple[Page, ...]
    above: tuple[Window, ...]

    def between(self, start: datetime, end: datetime, windows: int) -> Outcome:
        """Return the outcome of the `windows` that start in a range, `end` exclusive."""
        return Outcome(
            windows=windows,
            pages=tuple(page for page in self.pages if start <= page.window.start < end),
            above=tuple(window for window in self.above if start <= window.start < end),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stage:
    """Where a replay stands: the track, the incidents, and the windows that were judged."""

    track: Track
    incidents: _Incidents = field(default_factory=dict)
    judged: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Weighed:
    track: Track
    measured: Measured
    weighed: Weighed
    findings: tuple[Finding, ...]


def set_apart(found: Iterable[Finding], rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """Return the findings that no budget decides: columns that are gone, repeated windows, explicit rules."""
    return tuple(
        one
        for one in found
        if one.kind in WHATEVER_THE_BUDGET
        or one.statistic in _EXTREMES
        or find_broken_rule(rules, column=one.column, statistic=one.statistic, limit=one.limit)
    )


def find_broken_rule(
    rules: Sequence[Rule], *, column: str | None, statistic: str, limit: float | None
) -> Rule | None:
    """Return the explicit rule that a finding with this column, statistic and limit is from."""
    for rule in rules:
        if rule.column in {column, "*"} and rule.statistic == statistic and rule.limit == limit:
            return rule
    return None


def replay_budget(track: Track, past: Past, trial: Trial, recall: Recall) -> Outcome:
    """Return what people would have been told of the windows of `past`.

    Parameters
    ----------
    track
        Where the monitor stood before the first of them, with the budget that is tried.
    past, trial
        The windows, and the policy beside the budget.
    recall
        Finds the counts of a window. Where they are gone, how much of a number column moved is worked out
        from its distance, and anything else is told if it was then.
    """
    stage, pages, above = _Stage(track=track), list[Page](), list[Window]()
    for one in past.windows:
        stage, told, is_above = _step(stage, one, past, trial, recall)
        pages += told
        above += [one.window] if is_above else []
    return Outcome(windows=len(stage.judged), pages=tuple(pages), above=tuple(above))


def replay_verdicts(verdicts: Iterable[Verdict], policy: Policy, *, delay: timedelta) -> Outcome:
    """Return what people would have been told of windows with these verdicts, oldest first."""
    incidents: _Incidents = {}
    pages, above, windows = list[Page](), list[Window](), 0
    for verdict in verdicts:
        incidents, told = _advance(incidents, verdict, policy, verdict.window.end + delay)
        pages += told
        above += [verdict.window] if _is_serious(verdict.findings) else []
        windows += 1
    return Outcome(windows=windows, pages=tuple(pages), above=tuple(above))


def _step(
    stage: _Stage, one: PastWindow, past: Past, trial: Trial, recall: Recall
) -> tuple[_Stage, list[Page], bool]:
    holds = [*past.holds, *(hold for held in stage.incidents.values() for hold in list_holds(held))]
    layout = stage.track.baseline.layout
    stage = replace(
        stage, track=recalibrate(stage.track, one.window, lambda scored: hold_out(layout, scored, holds))
    )
    if one.is_thin:
        return _wait(stage, one.window, recall), [], False
    found = _weigh(stage, one, past, trial, recall)
    if found is None:
        return stage, [], False
    counts = one.kept is None or one.kept.counts
    by_budget = found.findings if counts else [replace(finding, minor=True) for finding in found.findings]
    findings = _keep_first([*one.apart, *by_budget])
    verdict = Verdict(
        window=one.window,
        word=choose_word(findings),
        rows=None,
        findings=findings,
        statistics={name: {} for name in _list_measured(found.track, found.measured)},
    )
    before = _find_paged(stage.incidents)
    incidents, pages = _advance(stage.incidents, verdict, trial.policy, one.window.end + past.delay)
    after = _find_paged(incidents)
    track = add_window(
        found.track,
        found.measured,
        found.weighed,
        counts=counts,
        # While people know of an incident the ledger stands still.
        paged=None if before and after <= before else bool(after - before),
    )
    after_it = _Stage(track=track, incidents=incidents, judged=(*stage.judged, one.window))
    return after_it, pages, _is_serious(findings)


def _wait(stage: _Stage, window: Window, recall: Recall) -> _Stage:
    profile = recall(window)
    return stage if profile is None else replace(stage, track=add_thin(stage.track, window, profile))


def _weigh(stage: _Stage, one: PastWindow, past: Past, trial: Trial, recall: Recall) -> _Weighed | None:
    """Return how a window is weighed and what is found by it; None where nothing is known of it any more."""
    track = stage.track
    if one.kept is not None:
        measured = restore_measured(track, one.kept)
        weighed = weigh_window(track, measured)
        if not weighed.above.any():
            return _Weighed(track=track, measured=measured, weighed=weighed, findings=())
    counted = _weigh_counts(stage, one, past, trial, recall)
    if counted is not None or one.kept is None:
        return counted
    found = tuple(_estimate(track, measured, weighed, one, trial.minimum_effect))
    return _Weighed(track=track, measured=measured, weighed=weighed, findings=found)


def _weigh_counts(
    stage: _Stage, one: PastWindow, past: Past, trial: Trial, recall: Recall
) -> _Weighed | None:
    profile = recall(one.window)
    if profile is None:
        return None
    track = recall_recent(stage.track, recall)
    joined = join_waiting(track, one.window, profile)
    measured = measure_window(track, one.window, profile, joined)
    weighed = weigh_window(track, measured)
    if track.calibration is None:
        raise RuntimeError("a track has a calibration once it was calibrated")
    weighing = Weighing(
        baseline=track.baseline,
        calibration=track.calibration,
        measured=measured,
        weighed=weighed,
        bases=_sum_bases(stage, trial.policy.resolve_after, recall),
    )
    pairs = {pair.column: pair for pair in pair_columns(past.reference.total, joined)}
    findings = find_above(weighing, pairs, trial.minimum_effect)
    return _Weighed(track=track, measured=measured, weighed=weighed, findings=tuple(findings))


def _sum_bases(stage: _Stage, needed: int, recall: Recall) -> dict[str, Tally]:
    """Return, for each column of an open drift incident, the counts of its first windows in it."""
    incident = stage.incidents.get(IncidentKind.DRIFT)
    members = incident.members if incident is not None and incident.is_open else ()
    sums = {start: _sum_first(stage, start, needed, recall) for start in {_find_base(one) for one in members}}
    bases = ((one.column, sums[_find_base(one)]) for one in members)
    return {column: base for column, base in bases if column is not None and base is not None}


def _find_base(member: Member) -> datetime:
    return member.base or member.since


def _sum_first(stage: _Stage, start: datetime, needed: int, recall: Recall) -> Tally | None:
    windows = [window for window in stage.judged if window.start >= start][:needed]
    profiles = [profile for profile in map(recall, windows) if profile is not None]
    if len(profiles) < needed:
        return None
    return tally_profile(stage.track.baseline.layout, reduce(add, profiles))


def _estimate(
    track: Track, measured: Measured, weighed: Weighed, one: PastWindow, minimum_effect: float
) -> Iterator[Finding]:
    """Yield what is above a limit in a window whose counts are gone."""
    layout = track.baseline.layout
    places = np.flatnonzero(weighed.above).tolist()
    alpha = ALPHA / max(1, len(places))
    for place in places:
        part = layout.parts[place]
        then = next((f for f in one.found if _is_of_part(f, part)), None)
        is_number = part.aspect is Aspect.DRIFT and bool(layout.is_number[place])
        moved = None if then is None else then.moved_share
        if is_number:
            moved = _bound_moved(measured, weighed, place, alpha)
        minor = then is None or then.minor
        yield Finding(
            column=part.column or None,
            kind=then.kind if then else min(_KINDS[part.aspect]),
            statistic="ks" if is_number else part.aspect.value,
            value=None,
            limit=None,
            text="",
            moved_share=moved,
            minor=not (moved or 0.0) > minimum_effect if is_number else minor,
        )


def _bound_moved(measured: Measured, weighed: Weighed, place: int, alpha: float) -> float:
    scales = (
        (measured.short, weighed.short, weighed.short_limit),
        (measured.long, weighed.long, weighed.long_limit),
    )
    above = (evidence for evidence, scores, limit in scales if scores[place] > limit)
    return max(
        bound_numbers_moved(math.sqrt(float(found.distance[place])), float(found.chance[place]), alpha=alpha)
        for found in above
    )


def _is_of_part(found: Finding, part: Part) -> bool:
    return found.kind in _KINDS[part.aspect] and (found.column or "") == part.column


def _list_measured(track: Track, measured: Measured) -> list[str]:
    columns = track.baseline.layout.columns
    known = np.isfinite(measured.short.distance[: len(columns)])
    return [name for name, is_known in zip(columns, known.tolist(), strict=True) if is_known]


def _keep_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    kept: dict[tuple[str | None, FindingKind], Finding] = {}
    for finding in findings:
        kept.setdefault((finding.column, finding.kind), finding)
    return tuple(kept.values())


def _is_serious(findings: Iterable[Finding]) -> bool:
    return any(not finding.minor for finding in findings)


def _advance(
    incidents: _Incidents, verdict: Verdict, policy: Policy, now: datetime
) -> tuple[_Incidents, list[Page]]:
    after, pages = dict(incidents), []
    for kind in _AXES:
        before = incidents.get(kind)
        step = advance(before, verdict, policy, kind=kind, monitor="", now=now, telling=True)
        if step.incident is None:
            continue
        after[kind] = step.incident
        if step.told is not None and step.told.tells in _TELLS:
            joins = step.told.tells is NoticeType.UPDATED
            columns = _name_breached(step.incident, verdict.window)
            pages.append(Page(window=verdict.window, kind=kind, joins=joins, columns=columns))
    return after, pages


def _name_breached(incident: Incident, window: Window) -> tuple[str, ...]:
    """Return who is beyond a limit in the incident's last window, those with the biggest change first."""
    if incident.last_window != window:
        return ()
    members = (one for one in rank_members(incident.members) if one.clean == 0 and not one.minor)
    return tuple(name_member(one) for one in members)


def _find_paged(incidents: _Incidents) -> frozenset[IncidentKind]:
    return frozenset(kind for kind, one in incidents.items() if one.is_live and one.paged)
