"""Between the level that calms and the limit a window neither breaches nor calms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from driftwatch.incidents.advance import advance
from driftwatch.incidents.axis import read_axis
from driftwatch.incidents.compared import Compared
from driftwatch.incidents.finding import FindingKind, Near, Verdict
from driftwatch.incidents.incident import Incident, IncidentKind, IncidentState
from driftwatch.incidents.near import Measures, find_near
from driftwatch.incidents.pairs import Pair
from driftwatch.incidents.rules import Judging, Rule
from driftwatch.statistics.catalogue import Statistic
from tests.support.columns import pair_numbers
from tests.support.incidents import DELAY, day, make_policy, make_verdict, play

PSI = Rule(column="amount", statistic="psi", limit=0.25)


def find(value: float, rule: Rule, *, column: str = "amount") -> list[Near]:
    ours, theirs = pair_numbers(np.arange(10.0), np.arange(10.0))
    columns = {} if rule.statistic == "volume" else {rule.statistic: Statistic(value=value)}
    measures = Measures(compared=Compared(statistics={column: columns}), whole={"volume": value})
    pairs = [Pair(column=column, reference=ours, current=theirs)]
    judging = Judging(minimum_effect=None, rules=(rule,))
    return list(find_near(judging, pairs, measures, weighing=None, findings=()))


@pytest.mark.parametrize(
    ("value", "clear", "near"),
    [
        (0.26, None, False),
        (0.25, None, True),
        (0.23, None, True),
        (0.22, None, False),
        (0.23, 0.24, False),
        (0.02, 0.01, True),
        (0.25, 0.25, False),
    ],
)
def test_a_rule_is_calm_from_its_clear_level_down(value: float, clear: float | None, near: bool) -> None:
    found = find(value, replace(PSI, clear=clear))

    assert found == ([Near(column="amount", kind=FindingKind.DRIFT)] if near else [])


@pytest.mark.parametrize(
    ("statistic", "column", "kind"),
    [
        ("missing_share", "amount", FindingKind.MISSING),
        ("range_share", "amount", FindingKind.RANGE),
        ("ks", "amount", FindingKind.DRIFT),
        ("volume", None, FindingKind.VOLUME),
    ],
)
def test_it_is_near_the_finding_that_it_would_be(
    statistic: str, column: str | None, kind: FindingKind
) -> None:
    assert find(0.24, Rule(column="*", statistic=statistic, limit=0.25)) == [Near(column=column, kind=kind)]


def test_a_limit_on_a_p_value_has_no_such_level() -> None:
    assert find(0.24, Rule(column="amount", statistic="ks", p_value=0.01)) == []


def test_without_budget_and_rules_the_minimum_effect_is_the_limit() -> None:
    measures = Measures(compared=Compared(moved_shares={"a": 0.0181, "b": 0.0179, "c": 0.021}), whole={})

    found = find_near(Judging(minimum_effect=0.02), [], measures, weighing=None, findings=())

    assert found == (Near(column="a", kind=FindingKind.DRIFT),)


@pytest.mark.parametrize("clear", [-0.1, 0.26])
def test_the_clear_level_is_not_above_the_limit(clear: float) -> None:
    with pytest.raises(ValueError, match="clear"):
        replace(PSI, clear=clear)


def near_window(number: int, column: str, kind: FindingKind = FindingKind.DRIFT) -> Verdict:
    return replace(make_verdict(number, "."), near=(Near(column=column, kind=kind),))


def step(incident: Incident | None, verdict: Verdict) -> Incident | None:
    return advance(
        incident,
        verdict,
        make_policy(),
        kind=IncidentKind.DRIFT,
        monitor="flights",
        now=verdict.window.end + DELAY,
        telling=True,
    ).incident


@pytest.mark.parametrize(("story", "state"), [("a", IncidentState.OPEN), ("a .", IncidentState.RECOVERING)])
def test_a_window_near_the_limit_changes_nothing(story: str, state: IncidentState) -> None:
    incident = play(story, make_policy())[-1].incident
    assert incident is not None

    after = step(incident, near_window(9, "a"))

    assert after is not None
    # How often it opened lately is told to each step.
    assert after == replace(incident, seen_to=day(9), flips=after.flips)
    assert after.state is state


def test_a_window_near_the_limit_opens_nothing() -> None:
    assert step(None, near_window(1, "a")) is None


def test_another_column_near_its_limit_stands_in_nobodys_way() -> None:
    incident = play("a", make_policy())[-1].incident

    after = step(incident, near_window(9, "b"))

    assert after is not None
    assert after.state is IncidentState.RECOVERING


def test_what_is_near_on_one_axis_says_nothing_on_the_other() -> None:
    incident = play("a", make_policy())[-1].incident
    assert incident is not None

    sight = read_axis(near_window(9, "a", FindingKind.MISSING), IncidentKind.DRIFT, incident.members)

    assert sight is not None
    assert sight.calm == {("column", "a")}
