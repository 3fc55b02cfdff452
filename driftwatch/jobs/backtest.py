"""What this policy, or another, would have told of the windows in the store; no source is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

import sqlalchemy as sa

from driftwatch.calibration.backtest import Kept, Recall
from driftwatch.calibration.budget import Budget, FalsePages
from driftwatch.calibration.layout import Layout
from driftwatch.calibration.track import Track
from driftwatch.errors import UsageError
from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.backtest import (
    Outcome,
    Page,
    Past,
    PastWindow,
    Trial,
    replay_budget,
    replay_verdicts,
    set_apart,
)
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.holds import list_holds
from driftwatch.incidents.incident import Hold, Label
from driftwatch.incidents.other_rules import OtherRule, Values, find_limit, judge_by_rule, parse_rule
from driftwatch.incidents.rules import DEFAULT_MINIMUM_EFFECT
from driftwatch.jobs.inheritance import SET_ASIDE, read_scored
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.tracks import load_history, open_track
from driftwatch.jobs.windows import count_cycle, find_usual_length
from driftwatch.profiles.grid import get_recipe
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.evidence import load_profile, load_statistics
from driftwatch.store.incidents import list_incidents
from driftwatch.store.score_codec import decode_scores
from driftwatch.store.scores import ScoreRow, list_scores
from driftwatch.store.verdicts import Grain, VerdictRow, list_verdicts

__all__ = ["Against", "Asked", "Backtest", "Compared", "run_backtest"]

_LADDER = (0.25, 0.5, 2.0, 4.0)
"""Promises that are tried beside the one asked for, as multiples of it."""
_LEAST_ALLOWED = 3
"""Pages that a policy must allow in the time that is replayed before another one is proposed."""
_REMEMBERED = 16
_FOR_GOOD = frozenset({Label.DRIFT, Label.BAD_DATA})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be tried; None stands for what the configuration says. `against` is another tool's rule."""

    false_pages: FalsePages | None = None
    minimum_effect: float | None = None
    against: str | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One policy and what it comes to. `promise` is None where explicit rules judge alone."""

    promise: FalsePages | None
    minimum_effect: float | None
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """Another tool's rule and what it comes to.

    `fitted` is the smallest limit with which it would have told people no more often than they are ready for.
    """

    rule: str
    outcome: Outcome
    fitted: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What people would have been told of the windows from `start` to `end`.

    `today` is the policy of the configuration, `asked` the one to be tried, None where there is none.
    `others` are promises of fewer and of more pages than the one that is tried, `against` another tool's
    rule. `allowed` is how often people are ready to be told in that time, by the policy that is tried. Of
    `without_counts` of the windows the counts are no longer kept.
    """

    monitor: str
    start: datetime
    end: datetime
    windows: int
    today: Compared
    asked: Compared | None
    others: tuple[Compared, ...]
    against: Against | None
    allowed: float
    without_counts: int = 0

    @property
    def tried(self) -> Compared:
        """Return the policy that is tried: today's where no other was asked for."""
        return self.asked or self.today

    @property
    def is_long_enough(self) -> bool:
        """Return whether a promise can be told from another by so many windows."""
        return self.allowed >= _LEAST_ALLOWED

    @property
    def gained(self) -> tuple[Page, ...]:
        """Return the pages in windows in which today's policy has none."""
        return _list_without(self.tried, self.today)

    @property
    def lost(self) -> tuple[Page, ...]:
        """Return today's pages in windows in which the policy that is tried has none."""
        return _list_without(self.today, self.tried)

    def count_per_month(self, outcome: Outcome) -> float:
        """Return the pages in 30 days."""
        return len(outcome.pages) * (timedelta(days=30) / (self.end - self.start))

    @property
    def proposed(self) -> Compared | None:
        """Return the promise of most pages that told people no more often than they are ready for.

        None where no promise is tried, where every one tells more, or where there are too few windows. One
        with which half of the windows are above a limit tells little because its incidents do not end.
        """
        if not self.is_long_enough:
            return None
        known = [one for one in (self.tried, *self.others) if one.promise is not None]
        calm = [one for one in known if len(one.outcome.above) * 2 <= one.outcome.windows]
        fitting = [one for one in calm if len(one.outcome.pages) <= self.allowed]
        return max(fitting, key=_rate, default=None)


def _rate(compared: Compared) -> float:
    promise = compared.promise
    return 0.0 if promise is None else promise.at_most / (promise.per / timedelta(days=1))


def _list_without(left: Compared, right: Compared) -> tuple[Page, ...]:
    known = {page.window for page in right.outcome.pages}
    return tuple(page for page in left.outcome.pages if page.window not in known)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stored:
    """What the store has of a monitor's present history."""

    scores: Sequence[ScoreRow]
    verdicts: Sequence[VerdictRow]
    holds: Sequence[Hold]


def run_backtest(database: Database, watch: Watch, asked: Asked) -> Backtest:
    """Return what people would have been told of the windows in the store.

    Every policy is tried from the first window of the history on, as if it had held from then: incidents and
    limits of the range are those that it would have had there.

    Raises UsageError where nothing was judged in the range, or what is asked for is not understood.
    """
    stored = database.read(lambda tx: _read(tx, watch))
    judged = [row for row in stored.verdicts if row.verdict.word in JUDGED_WORDS]
    inside = [row.window for row in judged if _is_inside(row.window, asked)]
    if not inside:
        raise UsageError(
            f"{watch.monitor.id}: no window was judged in that range; `driftwatch window list "
            f"{watch.monitor.id}` shows what was, `driftwatch check` judges history"
        )
    rule = None if asked.against is None else parse_rule(asked.against, list(watch.reference.grids))
    up_to = [row for row in stored.verdicts if row.window <= inside[-1]]
    stored = replace(stored, verdicts=up_to)
    runner = _Runner(database=database, watch=watch, stored=stored, inside=tuple(inside))
    tried = _choose_promise(watch, asked)
    start, end = inside[0].start, inside[-1].end
    allowed = (end - start) / tried[0].promise.per * tried[0].promise.at_most * tried[0].share
    return Backtest(
        monitor=watch.monitor.id,
        start=start,
        end=end,
        windows=len(inside),
        today=runner.try_today(),
        asked=runner.try_budget(*tried) if _differs(watch, tried, asked) else None,
        others=tuple(runner.try_budget(*one) for one in _list_others(watch, tried)),
        against=None if rule is None else runner.try_rule(rule, asked.against or "", at_most=allowed),
        allowed=allowed,
        without_counts=sum(row.grain is Grain.GONE for row in judged if _is_inside(row.window, asked)),
    )


def _is_inside(window: Window, asked: Asked) -> bool:
    is_after = asked.start is None or window.start >= asked.start
    return is_after and (asked.end is None or window.end <= asked.end)


_Promise = tuple[Budget, float]


def _choose_promise(watch: Watch, asked: Asked) -> _Promise:
    """Return the budget and the minimum effect that are to be tried."""
    judging = watch.monitor.judging
    budget = judging.budget or _begin_budget(watch)
    if asked.false_pages is not None:
        budget = replace(budget, promise=asked.false_pages, share=1.0)
    effect = asked.minimum_effect
    return budget, (judging.minimum_effect or DEFAULT_MINIMUM_EFFECT) if effect is None else effect


def _begin_budget(watch: Watch) -> Budget:
    schedule = watch.monitor.schedule
    length = find_usual_length(schedule)
    return Budget(window=length, cycle=count_cycle(schedule))


def _differs(watch: Watch, tried: _Promise, asked: Asked) -> bool:
    judging = watch.monitor.judging
    if judging.budget is None:
        return asked.false_pages is not None or asked.minimum_effect is not None
    return tried != (judging.budget, judging.minimum_effect or DEFAULT_MINIMUM_EFFECT)


def _list_others(watch: Watch, tried: _Promise) -> Iterator[_Promise]:
    """Yield promises of fewer and of more pages, for a monitor that has one."""
    budget, effect = tried
    promise = budget.promise
    for factor in _LADDER if watch.monitor.judging.budget is not None else ():
        yield replace(budget, promise=replace(promise, at_most=promise.at_most * factor)), effect


def _read(tx: sa.Connection, watch: Watch) -> _Stored:
    verdicts = list_verdicts(tx, watch.row)
    return _Stored(
        scores=list_scores(tx, watch.row, before=verdicts[-1].window.end) if verdicts else [],
        verdicts=verdicts,
        holds=_list_labelled(tx, watch),
    )


def _list_labelled(tx: sa.Connection, watch: Watch) -> list[Hold]:
    """Return the stretches that people said were drift or bad data."""
    rows = list_incidents(tx, include_resolved=True, monitor=watch.row)
    of_history = (row for row in rows if row.history == watch.row.history)
    incidents = (decode_incident(dict(row.document), id=row.id) for row in of_history)
    return [hold for one in incidents if one.label in _FOR_GOOD for hold in list_holds(one)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Runner:
    """Tries policies on what was stored."""

    database: Database
    watch: Watch
    stored: _Stored
    inside: tuple[Window, ...]

    def try_today(self) -> Compared:
        """Return what the configuration comes to: its budget, or the verdicts of its rules alone."""
        judging = self.watch.monitor.judging
        if judging.budget is not None:
            effect = judging.minimum_effect or DEFAULT_MINIMUM_EFFECT
            return self.try_budget(judging.budget, effect)
        verdicts = (self._complete(row.verdict) for row in self._list_judged())
        outcome = self._replay(verdicts)
        return Compared(promise=None, minimum_effect=judging.minimum_effect, outcome=outcome)

    def try_budget(self, budget: Budget, minimum_effect: float) -> Compared:
        """Return what a budget comes to, with the rules of the configuration as they were found."""
        monitor = self.watch.monitor
        judging = replace(monitor.judging, budget=budget)
        watch = replace(self.watch, monitor=replace(monitor, judging=judging))
        first = self.stored.verdicts[0].window
        track = open_track(self.database, watch, first)
        if track is None:
            raise RuntimeError("a monitor with a budget has a track")
        track = load_history(self.database, watch, track, first)
        past = Past(
            reference=watch.reference,
            windows=list(self._list_past(track.baseline.layout)),
            holds=self.stored.holds,
            delay=monitor.delay,
        )
        trial = Trial(minimum_effect=minimum_effect, policy=monitor.policy)
        outcome = replay_budget(_begin_again(track), past, trial, self._build_recall())
        return Compared(
            promise=replace(budget.promise, at_most=budget.promise.at_most * budget.share),
            minimum_effect=minimum_effect,
            outcome=self._cut(outcome),
        )

    def try_rule(self, rule: OtherRule, said: str, *, at_most: float) -> Against:
        """Return what another tool's rule comes to under this monitor's patience.

        Its limit is fitted to `at_most` pages, too.
        """
        past = [(row.window, self._load_values(row.window, rule)) for row in self._list_judged()]

        def replay(tried: OtherRule) -> Outcome:
            return self._replay(judge_by_rule(tried, window, values) for window, values in past)

        known = [values for _, values in past]
        fitted = find_limit(rule, known, replay, at_most=at_most) if at_most >= _LEAST_ALLOWED else None
        return Against(rule=said, outcome=replay(rule), fitted=fitted)

    def _replay(self, verdicts: Iterator[Verdict]) -> Outcome:
        monitor = self.watch.monitor
        return self._cut(replay_verdicts(verdicts, monitor.policy, delay=monitor.delay))

    def _cut(self, outcome: Outcome) -> Outcome:
        return outcome.between(self.inside[0].start, self.inside[-1].end, len(self.inside))

    def _list_judged(self) -> list[VerdictRow]:
        return [row for row in self.stored.verdicts if row.verdict.word in JUDGED_WORDS]

    def _complete(self, verdict: Verdict) -> Verdict:
        """Return a stored verdict with its statistics: they say which columns it is about."""
        window = verdict.window
        found = self.database.read(lambda tx: load_statistics(tx, self.watch.row, window))
        return replace(verdict, statistics=found)

    def _load_values(self, window: Window, rule: OtherRule) -> Values:
        """Return the statistic that a rule is about by column: "any" means the columns that are delivered."""
        found = self.database.read(lambda tx: load_statistics(tx, self.watch.row, window))
        grids = self.watch.reference.grids
        named = {rule.column} if rule.column else {n for n, g in grids.items() if get_recipe(g) is None}
        values = (
            (name, every[rule.statistic].value)
            for name, every in found.items()
            if name in named and rule.statistic in every
        )
        return {name: value for name, value in values if value is not None}

    def _list_past(self, layout: Layout) -> Iterator[PastWindow]:
        scores, rules = {row.window: row for row in self.stored.scores}, self.watch.monitor.judging.rules
        for row in self.stored.verdicts:
            word, found = row.verdict.word, row.verdict.findings
            if word is VerdictWord.THIN:
                yield PastWindow(window=row.window, is_thin=True)
            elif word in JUDGED_WORDS:
                kept = self._keep(layout, scores.get(row.window))
                yield PastWindow(window=row.window, kept=kept, found=found, apart=set_apart(found, rules))

    def _keep(self, layout: Layout, row: ScoreRow | None) -> Kept | None:
        if row is None:
            return None
        stored = decode_scores(row.document, what=f"{self.watch.monitor.id}: scores of {row.window}")
        scored = read_scored(layout, row.window, stored)
        counts = stored.scheme != SET_ASIDE
        return Kept(window=row.window, short=scored.short, long=scored.long, counts=counts)

    def _build_recall(self) -> Recall:
        @lru_cache(maxsize=_REMEMBERED)
        def recall(window: Window) -> Profile | None:
            return self.database.read(
                lambda tx: load_profile(tx, self.watch.row, window, self.watch.reference)
            )

        return recall


def _begin_again(track: Track) -> Track:
    """Return the track with nothing spent yet, and its calibration to be made."""
    return replace(
        track,
        level=track.budget.level,
        calibration=None,
        calibrated_in=None,
        recent=(),
        waiting=(),
        history=(),
    )
