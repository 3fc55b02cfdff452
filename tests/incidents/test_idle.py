from __future__ import annotations

import pyarrow as pa
import pytest

from driftwatch.incidents.idle import find_idle_rules, find_idle_weights
from driftwatch.incidents.rules import Rule
from driftwatch.profiles.build import build_reference
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.reference import Reference


@pytest.fixture
def reference() -> Reference:
    rows = pa.table({"amount": [1.0, 2.0, 2.0], "plan": ["a", "a", "b"], "id": [7, 8, 9]})
    return build_reference([(None, rows)], ColumnOptions())


@pytest.mark.parametrize(
    ("column", "statistic", "why"),
    [
        ("amuont", "ks", "the reference has no such column"),
        ("plan", "ks", "ks is not defined for a column of kind category"),
        ("id", "ks", "all values differ"),
    ],
)
def test_a_rule_that_can_never_fire_is_named_with_the_reason(
    reference: Reference, column: str, statistic: str, why: str
) -> None:
    rules = [Rule(column=column, statistic=statistic, limit=0.1)]

    found = list(find_idle_rules(rules, reference))

    assert len(found) == 1
    assert why in found[0]
    assert repr(column) in found[0]


@pytest.mark.parametrize(
    ("column", "statistic"),
    [("amount", "ks"), ("plan", "psi"), ("*", "ks"), ("*", "volume"), ("*", "repeated_share")],
)
def test_a_rule_that_can_fire_is_not_idle(reference: Reference, column: str, statistic: str) -> None:
    rules = [Rule(column=column, statistic=statistic, limit=0.1)]

    assert not list(find_idle_rules(rules, reference))


def test_a_weight_of_a_column_that_is_not_judged_is_named_with_the_reason(reference: Reference) -> None:
    found = list(find_idle_weights(["amount", "amuont", "id"], reference))

    assert len(found) == 2
    assert found[0] == "the importance of 'amuont' changes nothing: the reference has no such column"
    assert "'id'" in found[1]
    assert "all values differ" in found[1]
