from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import UsageError
from driftwatch.incidents.backtest import Outcome, Page
from driftwatch.incidents.incident import IncidentKind
from driftwatch.incidents.other_rules import OtherRule, Values, find_limit, judge_by_rule, parse_rule
from tests.support.incidents import day

COLUMNS = ("amount", "city", "a name with blanks", "any")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("any psi > 0.2", OtherRule(column=None, statistic="psi", limit=0.2)),
        ("any psi>=.2", OtherRule(column=None, statistic="psi", limit=0.2, or_at=True)),
        ("amount ks > 1e-1", OtherRule(column="amount", statistic="ks", limit=0.1)),
        ('"a name with blanks" ks > 0', OtherRule(column="a name with blanks", statistic="ks", limit=0.0)),
        ('"any" psi > 0.2', OtherRule(column="any", statistic="psi", limit=0.2)),
        (" share( psi > 0.1 ) >= 0.5", OtherRule(column=None, statistic="psi", limit=0.1, share=0.5)),
        (
            "share(psi>=0.1)>0.5",
            OtherRule(column=None, statistic="psi", limit=0.1, or_at=True, share=0.5, share_or_at=False),
        ),
    ],
)
def test_a_rule_is_read_as_it_is_meant(text: str, rule: OtherRule) -> None:
    assert parse_rule(text, COLUMNS) == rule


@pytest.mark.parametrize(
    ("text", "wanted", "place", "found"),
    [
        ("", "any, share(…) or a column", 1, "nothing"),
        ("price psi > 0.2", "any, share(…) or a column that is judged (amount, city", 1, "'price'"),
        ("any psy > 0.2", "a statistic (chi_square", 5, "'psy'"),
        ("any psi 0.2", "> or >=", 9, "'0.2'"),
        ("any psi < 0.2", "> or >=", 9, "'<'"),
        ("any psi > much", "a number", 11, "'much'"),
        ("any psi > -1", "a number from 0 on", 11, "'-1'"),
        ("any psi > nan", "a number from 0 on", 11, "'nan'"),
        ("any psi >", "a number", 10, "nothing"),
        ("any psi > 0.2 or so", "the end", 15, "'or'"),
        ("share(psi > 0.2", ")", 16, "nothing"),
        ("share(psi > 0.2) 0.5", "> or >=", 18, "'0.5'"),
        ('"amount psi > 0.2', "any, share(…) or a column", 1, "'\"amount psi > 0.2'"),
    ],
)
def test_a_rule_that_is_not_understood_is_refused_with_the_place(
    text: str, wanted: str, place: int, found: str
) -> None:
    with pytest.raises(UsageError) as refused:
        parse_rule(text, COLUMNS)

    said = str(refused.value)
    assert f"wants {wanted}" in said
    assert f"at place {place}, where it has {found}; write" in said


@given(st.text(alphabet='anyshrepi>=()0.2 "', max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert parse_rule(text, COLUMNS).limit >= 0


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        ("any psi > 0.2", ["c", "b"]),
        ("any psi >= 0.2", ["c", "b", "a"]),
        ("b psi > 0.2", ["b"]),
        ("a psi > 0.2", []),
        ("share(psi > 0.2) >= 0.5", ["c", "b"]),
        ("share(psi > 0.2) > 0.5", []),
        ("share(psi > 0.25) >= 0.5", []),
    ],
)
def test_the_columns_beyond_a_rule_are_its_findings_worst_first(text: str, beyond: list[str]) -> None:
    values = {"a": 0.2, "b": 0.25, "c": 0.4, "d": 0.0}

    verdict = judge_by_rule(parse_rule(text, values), day(1), values)

    assert [finding.column for finding in verdict.findings] == beyond
    assert verdict.word == ("drift" if beyond else "ok")


def test_a_share_of_no_columns_is_beyond_nothing() -> None:
    rule = OtherRule(column=None, statistic="psi", limit=0.1, share=0.0)

    assert judge_by_rule(rule, day(1), {}).findings == ()


def test_a_limit_is_fitted_from_above() -> None:
    past = [{"a": value} for value in (0.01, 0.02, 0.5, 0.02, 0.301, 0.01, 0.02, 0.9)]

    fitted = [
        find_limit(OtherRule(column=None, statistic="psi", limit=9.0), past, _play(past), at_most=most)
        for most in (0, 1, 2, 3)
    ]  # fmt: skip - one line a limit

    assert fitted == [0.9, 0.5, 0.31, 0.02]


def test_a_limit_that_half_of_the_windows_exceed_fits_nothing() -> None:
    past = [{"a": 0.3}, {"a": 0.4}, {"a": 0.4}, {}]

    assert find_limit(OtherRule(column=None, statistic="psi", limit=9.0), past, _play(past), at_most=9) == 0.3


def _play(past: Sequence[Values]) -> Callable[[OtherRule], Outcome]:
    """Return a replay in which every window above a limit is a page of its own."""

    def replay(rule: OtherRule) -> Outcome:
        above = [
            day(place) for place, values in enumerate(past) if max(values.values(), default=0) > rule.limit
        ]
        pages = [Page(window=one, kind=IncidentKind.DRIFT, joins=False, columns=("a",)) for one in above]
        return Outcome(windows=len(past), pages=tuple(pages), above=tuple(above))

    return replay
