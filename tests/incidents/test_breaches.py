from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

from driftwatch.incidents.breaches import find_breaches, find_key_breach, find_volume_breach
from driftwatch.incidents.finding import Finding
from driftwatch.incidents.pairs import Pair
from driftwatch.incidents.rules import Rule
from driftwatch.profiles.keys import KeySample
from driftwatch.statistics import evaluate
from tests.support.columns import pair_categories, pair_numbers


def pair(reference: ArrayLike, current: ArrayLike, column: str = "flag") -> Pair:
    ours, theirs = pair_numbers(reference, current)
    return Pair(column=column, reference=ours, current=theirs)


def find(rule: Rule, rows: Pair) -> list[Finding]:
    return list(find_breaches([rule], rows, evaluate(rows.reference, rows.current), 0.0))


ONES = np.repeat([0.0, 1.0], [3500, 1500])


def test_a_p_value_finds_what_the_table_of_ks_is_blind_for() -> None:
    rows = pair(ONES, np.repeat([0.0, 1.0], [314, 186]))
    tabled = evaluate(rows.reference, rows.current)["ks"].p_value
    assert tabled is not None
    assert tabled > 0.01

    (found,) = find(Rule(column="*", statistic="ks", p_value=0.01), rows)

    assert (found.kind, found.statistic, found.limit) == ("drift", "ks", None)
    assert found.value == pytest.approx(0.072)
    assert found.text.startswith("ks of flag is 0.072, as large by chance alone in about 1 in ")
    assert found.text.endswith(", the limit is 0.01)")


@pytest.mark.parametrize("statistic", ["ks", "psi", "total_variation"])
def test_the_same_counts_have_the_same_verdict_every_time(statistic: str) -> None:
    rule = Rule(column="flag", statistic=statistic, p_value=0.05)
    texts = {
        tuple(finding.text for finding in find(rule, pair(ONES, np.repeat([0.0, 1.0], [330, 170]))))
        for _ in range(3)
    }

    assert len(texts) == 1


def test_a_p_value_above_the_limit_is_no_finding() -> None:
    rows = pair(ONES, np.repeat([0.0, 1.0], [349, 151]))

    assert find(Rule(column="flag", statistic="ks", p_value=0.2), rows) == []


def test_a_p_value_that_cannot_be_written_is_put_in_words() -> None:
    rows = pair(np.arange(5000.0), np.arange(5000.0) + 5000)

    (found,) = find(Rule(column="flag", statistic="ks", p_value=0.001), rows)

    assert "in fewer than 1 in a million batches" in found.text


def test_a_batch_without_values_breaks_no_p_value() -> None:
    rows = pair([1.0, 2.0], [np.nan, np.nan])

    assert find(Rule(column="flag", statistic="ks", p_value=0.5), rows) == []
    assert find(Rule(column="flag", statistic="ks", limit=0.0), rows) == []


def test_names_have_p_values_too_and_other_columns_are_let_be() -> None:
    ours, theirs = pair_categories(["a"] * 50 + ["b"] * 50 + ["c"], ["a"] * 10 + ["b"] * 40 + ["c"] * 3)
    rows = Pair(column="city", reference=ours, current=theirs)

    assert len(find(Rule(column="*", statistic="chi_square", p_value=0.01), rows)) == 1
    assert find(Rule(column="town", statistic="chi_square", p_value=0.01), rows) == []
    assert find(Rule(column="city", statistic="ks", p_value=0.01), rows) == []


def test_a_p_value_on_a_window_as_a_whole_finds_nothing() -> None:
    sample = KeySample(level=0, rows=10, distinct=1)
    rules = [Rule(column="*", statistic=name, p_value=0.5) for name in ("volume", "repeated_share")]

    assert find_volume_breach(rules, [100, 100, 100], 1) is None
    assert find_key_breach(rules, [], sample) is None


@pytest.mark.parametrize("both", [{}, {"limit": 0.1, "p_value": 0.1}])
def test_a_rule_has_either_a_limit_or_a_p_value(both: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a limit or a p_value"):
        Rule(column="a", statistic="ks", **both)
