from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from driftwatch.calibration.baseline import Settings, build_baseline, measure_blocks
from driftwatch.calibration.budget import Budget, FalsePages
from driftwatch.calibration.track import Track, begin_track
from driftwatch.incidents.backtest import (
    Outcome,
    Past,
    PastWindow,
    Trial,
    replay_budget,
    replay_verdicts,
    set_apart,
)
from driftwatch.incidents.finding import Finding, FindingKind
from driftwatch.incidents.incident import IncidentKind
from driftwatch.incidents.policy import Policy
from driftwatch.incidents.rules import Rule
from tests.support.incidents import day, drift, make_policy, make_verdict
from tests.support.promise import judge_world
from tests.support.world_specs import Shift, WorldSpec
from tests.support.worlds import World, draw_world

SPEC = WorldSpec(
    columns=6,
    categories=(5,),
    rows=500,
    reference=20,
    counted=60,
    wobbles=(0.0, 0.05, 0.1, 0.1),
    memory=0.6,
    # Shorter than an incident's first windows: `judge_world` knows of no further change.
    shifts=(Shift(sigmas=0.5, column=0, first=30, until=32), Shift(sigmas=0.3, column=1, first=45, until=47)),
)


@pytest.fixture(scope="module")
def world() -> World:
    drawn = draw_world(SPEC)
    return replace(drawn, windows=list(drawn.windows))


def replay(world: World, *, at_most: float = 1.0, minimum_effect: float = 0.02) -> Outcome:
    counts = dict(world.windows)
    past = Past(
        reference=world.reference,
        windows=[PastWindow(window=window) for window in counts],
    )
    trial = Trial(minimum_effect=minimum_effect, policy=Policy(season=timedelta(days=7)))
    return replay_budget(begin(world, at_most), past, trial, counts.get)


def begin(world: World, at_most: float) -> Track:
    baseline = build_baseline(world.reference, Settings())
    budget = Budget(promise=FalsePages(at_most=at_most))
    return begin_track(baseline, measure_blocks(baseline), budget)


def test_a_replay_tells_what_judging_the_world_told(world: World) -> None:
    story, windows = judge_world(world), [window for window, _ in world.windows]

    found = replay(world)

    told = [window for window, count in zip(windows, story.tellings, strict=True) for _ in range(count)]
    assert len(told) >= 2
    assert [page.window for page in found.pages] == told
    assert found.windows == len(windows)
    assert set(told) <= set(found.above)


def test_who_allows_fewer_pages_gets_no_more(world: World) -> None:
    counts = [len(replay(world, at_most=at_most).pages) for at_most in (0.1, 1.0, 6.0)]

    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_nothing_pages_when_all_rows_would_have_to_move(world: World) -> None:
    found = replay(world, at_most=6.0, minimum_effect=1.0)

    assert (found.pages, found.above) == ((), ())


def test_verdicts_page_as_incidents_open() -> None:
    words = ["a", "a", ".", ".", ".", "a", ".", "b", ".", ".", ".", "c"]
    verdicts = [make_verdict(number, word) for number, word in enumerate(words, start=1)]

    found = replay_verdicts(verdicts, make_policy(resolve_after=3), delay=timedelta(0))

    assert [(page.window, page.columns, page.joins) for page in found.pages] == [
        (day(1), ("a",), False),
        (day(6), ("a",), False),
        (day(12), ("c",), False),
    ]
    assert found.above == (day(1), day(2), day(6), day(8), day(12))
    assert found.windows == 12


def test_a_column_that_joins_late_pages_once_more() -> None:
    verdicts = [make_verdict(number, "ab" if number == 9 else "a") for number in range(1, 11)]

    found = replay_verdicts(verdicts, make_policy(), delay=timedelta(0))

    assert [(page.window, set(page.columns), page.joins) for page in found.pages] == [
        (day(1), {"a"}, False),
        (day(9), {"a", "b"}, True),
    ]


def test_patience_holds_pages_back() -> None:
    verdicts = [make_verdict(number, word) for number, word in enumerate(["a", ".", "a", "a"], start=1)]

    found = replay_verdicts(verdicts, make_policy(k=2), delay=timedelta(0))

    assert [page.window for page in found.pages] == [day(4)]


def test_both_axes_page_apart_and_minor_findings_never() -> None:
    verdicts = [make_verdict(1, ",a"), make_verdict(2, "?b"), make_verdict(3, "a")]

    found = replay_verdicts(verdicts, make_policy(), delay=timedelta(0))

    assert [(page.window, page.kind) for page in found.pages] == [
        (day(2), IncidentKind.DATA),
        (day(3), IncidentKind.DRIFT),
    ]
    assert found.above == (day(2), day(3))


def test_a_range_of_an_outcome_has_what_starts_in_it() -> None:
    outcome = replay_verdicts(
        [make_verdict(number, "." if number % 5 else "a") for number in range(1, 21)],
        make_policy(),
        delay=timedelta(0),
    )

    found = outcome.between(day(10).start, day(15).start, 5)

    assert (found.windows, found.above) == (5, (day(10),))
    assert [page.window for page in found.pages] == [day(10)]


@pytest.mark.parametrize(
    ("finding", "is_apart"),
    [
        (drift("a"), False),
        (replace(drift("a"), kind=FindingKind.COLUMN_MISSING), True),
        (replace(drift("a"), kind=FindingKind.TYPE_CHANGED), True),
        (replace(drift(""), column=None, kind=FindingKind.REPEATED_WINDOW), True),
        (replace(drift("a"), statistic="maximum", kind=FindingKind.RANGE), True),
        (replace(drift("a"), statistic="psi", limit=0.25), True),
        (replace(drift("a"), statistic="psi", limit=0.2), False),
        (replace(drift("b"), statistic="psi", limit=0.25), False),
        (replace(drift("b"), statistic="chi_square", limit=None), True),
    ],
)
def test_what_no_budget_decides_is_set_apart(finding: Finding, is_apart: bool) -> None:
    rules = (
        Rule(column="a", statistic="psi", limit=0.25),
        Rule(column="*", statistic="chi_square", p_value=0.001),
    )

    assert set_apart([finding], rules) == ((finding,) if is_apart else ())
