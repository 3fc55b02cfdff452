from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.incidents.finding import Finding, FindingKind
from driftwatch.incidents.judge import judge_columns
from driftwatch.incidents.limits import Effect, find_rates
from driftwatch.incidents.pairs import Pair, pair_columns
from driftwatch.incidents.rules import Judging, Rule
from driftwatch.incidents.structure import find_all_missing
from driftwatch.incidents.weighed import find_extreme
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from tests.support.batches import build_days, count_day

DERIVED = ColumnOptions(derived=True)
ROWS = 4000
PRODUCT = "amount × balance"


def draw(seed: int, *, shift: float = 0.0, correlation: float = 0.8) -> pa.Table:
    rng = np.random.default_rng(seed)
    amount = rng.normal(size=ROWS)
    balance = correlation * amount + np.sqrt(1 - correlation**2) * rng.normal(size=ROWS)
    return pa.table({"amount": amount + shift, "balance": balance, "age": rng.normal(size=ROWS)})


@pytest.fixture(scope="module")
def reference() -> Reference:
    return build_days([draw(1)], DERIVED)


def find(reference: Reference, rows: pa.Table, judging: Judging | None = None) -> list[Finding]:
    batch = count_day(reference, rows, DERIVED)
    return list(judge_columns(reference.total, batch, judging or Judging()).findings)


def pair_up(reference: Reference, batch: Profile) -> dict[str, Pair]:
    return {pair.column: pair for pair in pair_columns(reference.total, batch)}


def test_a_column_that_moves_is_told_of_and_what_is_derived_from_it_is_minor(reference: Reference) -> None:
    findings = find(reference, draw(2, shift=1.5))

    serious = [finding.column for finding in findings if not finding.minor]
    minor = [finding for finding in findings if finding.minor]
    assert set(serious) == {"amount"}
    assert PRODUCT in {finding.column for finding in minor}
    assert all(finding.text.endswith("; it follows from what was found in amount") for finding in minor)
    assert findings[0].column == "amount"


def test_a_relation_that_breaks_although_no_column_moved_is_told_of(reference: Reference) -> None:
    findings = find(reference, draw(2, correlation=0.3))

    assert {finding.column for finding in findings} >= {PRODUCT, "PCA last"}
    assert not any(finding.minor for finding in findings)


def test_a_column_that_a_rule_names_is_told_of_in_any_case(reference: Reference) -> None:
    rule = Rule(column=PRODUCT, statistic="ks", limit=0.05)

    findings = find(reference, draw(2, shift=1.5), Judging(rules=(rule,)))

    by_rule = next(finding for finding in findings if finding.column == PRODUCT)
    assert (by_rule.statistic, by_rule.minor) == ("ks", False)


def test_a_derived_column_is_judged_by_its_drift_alone(reference: Reference) -> None:
    rows = draw(2, shift=1e6)
    nulls = [None if place % 2 else value for place, value in enumerate(rows["balance"].to_pylist())]
    pairs = pair_up(reference, count_day(reference, rows.set_column(1, "balance", [nulls]), DERIVED))

    assert (pairs["amount"].is_derived, pairs[PRODUCT].is_derived) == (False, True)
    effect = Effect(minimum=0.0, alpha=1.0)
    assert [found.kind for found in find_rates(pairs["amount"], effect)] == [FindingKind.RANGE]
    assert FindingKind.MISSING in {found.kind for found in find_rates(pairs["balance"], effect)}
    assert find_extreme(pairs["amount"]) is not None
    for name, pair in pairs.items():
        if pair.is_derived:
            assert list(find_rates(pair, effect)) == [], name
            assert (find_extreme(pair), find_all_missing(pair, alpha=1.0)) == (None, None)


def test_what_an_absent_column_carries_makes_no_pair(reference: Reference) -> None:
    batch = count_day(reference, draw(2).drop_columns(["age"]), DERIVED)

    assert list(pair_up(reference, batch)) == ["amount", "balance", PRODUCT]
