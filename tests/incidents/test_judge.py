from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.incidents.finding import Finding, FindingKind, Verdict, VerdictWord
from driftwatch.incidents.judge import judge, judge_columns
from driftwatch.incidents.rules import Judging, Rule
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.statistics import evaluate
from driftwatch.statistics.moved_share import bound_moved_share
from tests.support.batches import build_days, count_day, day, draw_rows

DEFAULT = Judging()
RULES_ALONE = Judging(minimum_effect=None)


@pytest.fixture(scope="module")
def reference() -> Reference:
    rng = np.random.default_rng(1)
    return build_days([draw_rows(rng, 1000) for _ in range(8)])


def see(reference: Reference, rows: pa.Table, judging: Judging = DEFAULT, *, final: bool = True) -> Verdict:
    return judge(reference, count_day(reference, rows), window=day(100), judging=judging, final=final)


def kinds_of(verdict: Verdict) -> set[tuple[str | None, str]]:
    return {(finding.column, finding.kind.value) for finding in verdict.findings}


def find(verdict: Verdict, kind: FindingKind) -> Finding:
    (found,) = [finding for finding in verdict.findings if finding.kind is kind]
    return found


def usual(rows: int = 1000, shift: float = 0.0, seed: int = 7) -> pa.Table:
    return draw_rows(np.random.default_rng(seed), rows, shift=shift)


def replace_column(table: pa.Table, name: str, values: object) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values))


def test_a_window_like_the_reference_is_ok_and_has_every_statistic(reference: Reference) -> None:
    verdict = see(reference, usual())

    assert verdict.word is VerdictWord.OK
    assert verdict.findings == ()
    assert set(verdict.statistics) == {"n0", "n1", "city"}
    assert {"ks", "psi", "missing_share"} <= set(verdict.statistics["n0"])


def test_no_rows_are_no_data(reference: Reference) -> None:
    verdict = see(reference, usual(0))

    assert (verdict.word, verdict.rows, verdict.findings) == (VerdictWord.NO_DATA, 0, ())


def test_drift_is_a_lower_bound_shared_over_the_columns(reference: Reference) -> None:
    rows = usual(shift=0.5)

    verdict = see(reference, rows)

    total, profile = reference.total, count_day(reference, rows)
    expected = bound_moved_share(total.columns["n0"], profile.columns["n0"], alpha=0.01 / 3)
    (drifted,) = [finding for finding in verdict.findings if finding.column == "n0"]
    assert verdict.word is VerdictWord.DRIFT
    assert (drifted.kind, drifted.statistic, drifted.limit) == (FindingKind.DRIFT, "moved_share", 0.02)
    assert drifted.value == drifted.moved_share == expected


def test_a_drift_says_how_many_rows_moved_and_what_changed(reference: Reference) -> None:
    city = ["rome"] * 500 + ["oslo"] * 500

    verdict = see(reference, replace_column(usual(), "city", city))

    text = find(verdict, FindingKind.DRIFT).text
    assert text.startswith("at least 1")
    assert "of the rows moved in city: `rome` went from 29 % to 50 % of the values" in text


def test_what_moved_less_than_the_minimum_effect_is_not_told(reference: Reference) -> None:
    rows = usual(shift=0.5)

    assert see(reference, rows, Judging(minimum_effect=0.05)).word is VerdictWord.DRIFT
    assert see(reference, rows, Judging(minimum_effect=0.30)).word is VerdictWord.OK


@pytest.mark.parametrize("judging", [DEFAULT, RULES_ALONE])
def test_a_vanished_column_is_found_with_any_limits_and_the_others_are_judged(
    reference: Reference, judging: Judging
) -> None:
    verdict = see(reference, usual().drop_columns(["n0"]), judging)

    assert verdict.word is VerdictWord.DATA
    assert kinds_of(verdict) == {("n0", "column_missing")}
    assert set(verdict.statistics) == {"n1", "city"}


def test_a_vanished_key_is_found(reference: Reference) -> None:
    assert kinds_of(see(reference, usual().drop_columns(["id"]))) == {("id", "column_missing")}


@pytest.mark.parametrize("judging", [DEFAULT, RULES_ALONE])
@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda table: replace_column(table, "n0", ["x"] * 1000), "type_changed"),
        (lambda table: replace_column(table, "n0", pa.nulls(1000, pa.float64())), "missing"),
    ],
)
def test_a_column_without_usable_values_is_found_and_the_others_are_judged(
    reference: Reference, judging: Judging, spoil: Callable[[pa.Table], pa.Table], kind: str
) -> None:
    verdict = see(reference, spoil(usual()), judging)

    assert kinds_of(verdict) == {("n0", kind)}
    assert verdict.statistics["n1"]["ks"].value is not None


def test_a_few_unreadable_values_are_found_by_their_share_of_the_values() -> None:
    options = ColumnOptions(kinds={"flag": "boolean"})
    flags = ["true", "false"] * 500
    reference = build_days([pa.table({"flag": flags})], options)

    def share_found(bad: int) -> list[float | None]:
        rows = pa.table({"flag": ["maybe"] * bad + flags[bad:]})
        profile = count_day(reference, rows, options)
        return [found.value for found in judge_columns(reference.total, profile, RULES_ALONE).findings]

    assert share_found(20) == []
    assert share_found(60) == [0.06]


def test_missing_values_are_found_beyond_the_minimum_effect(reference: Reference) -> None:
    values = [None] * 50 + [0.1] * 950
    few = [None] * 15 + usual().column("n0").to_pylist()[15:]
    many = [None] * 50 + usual().column("n0").to_pylist()[50:]

    assert see(reference, replace_column(usual(), "n0", few)).word is VerdictWord.OK
    assert kinds_of(see(reference, replace_column(usual(), "n0", many))) == {("n0", "missing")}
    assert ("n0", "missing") in kinds_of(see(reference, replace_column(usual(), "n0", values)))


def test_values_that_are_missing_in_the_reference_too_are_no_finding() -> None:
    rng = np.random.default_rng(2)

    def draw(share: float, rows: int = 1000) -> pa.Table:
        values = rng.normal(size=rows)
        return pa.table({"x": pa.array(values, mask=rng.random(rows) < share), "id": np.arange(rows)})

    reference = build_days([draw(0.3) for _ in range(4)])

    assert see(reference, draw(0.3)).word is VerdictWord.OK
    assert kinds_of(see(reference, draw(0.45))) == {("x", "missing")}


def test_unseen_names_are_judged_against_what_the_reference_predicts() -> None:
    rng = np.random.default_rng(3)

    def draw(rows: int) -> pa.Table:
        return pa.table({"name": [f"n{rank}" for rank in rng.zipf(1.3, rows)], "id": np.arange(rows)})

    reference = build_days([draw(250) for _ in range(4)])
    fresh = draw(1000)
    known = int(reference.total.columns["name"].grid.cells) - 2
    unseen_share = evaluate(reference.total.columns["name"], count_day(reference, fresh).columns["name"])[
        "unseen_share"
    ].value

    assert known > 50
    assert unseen_share is not None
    assert unseen_share > 0.1
    assert kinds_of(see(reference, fresh)) == set()
    replaced = replace_column(fresh, "name", [f"new{place % 40}" for place in range(1000)])
    assert ("name", "unseen") in kinds_of(see(reference, replaced))


def test_values_out_of_range_are_found(reference: Reference) -> None:
    values = usual().column("n0").to_numpy().copy()
    values[:40] = 1e9

    verdict = see(reference, replace_column(usual(), "n0", values))

    found = find(verdict, FindingKind.RANGE)
    assert found.column == "n0"
    assert found.value == pytest.approx(0.04, abs=0.003)
    assert found.text.startswith("4 % of the values in n0 lie outside the reference's -")


def test_repeated_keys_are_judged_against_the_blocks_of_the_reference(reference: Reference) -> None:
    doubled = replace_column(usual(), "id", np.arange(1000) // 2)

    found = find(see(reference, doubled), FindingKind.REPEATED_KEYS)

    assert (found.column, found.value) == (None, 0.5)
    assert found.text == "50 % of the rows repeat the key of an earlier row, against none in the reference"


def test_keys_that_come_again_on_another_day_are_no_repeats() -> None:
    rng = np.random.default_rng(4)
    reference = build_days([draw_rows(rng, 500) for _ in range(5)])

    assert reference.total.keys is not None
    assert reference.total.keys.repeated_share > 0.7
    assert FindingKind.REPEATED_KEYS in {
        found.kind
        for found in see(reference, replace_column(usual(500), "id", np.zeros(500, dtype=np.int64))).findings
    }


def test_fewer_rows_than_half_the_smallest_block_are_a_shortfall(reference: Reference) -> None:
    assert see(reference, usual(500)).word is VerdictWord.OK

    found = find(see(reference, usual(499)), FindingKind.VOLUME)

    assert found.column is None
    assert found.value is not None
    assert found.limit is not None
    assert found.value > found.limit == 0.5
    assert found.text == "499 rows came where about 1,000 are usual"


def test_with_fewer_than_three_blocks_nothing_is_known_of_the_volume() -> None:
    rng = np.random.default_rng(5)

    assert see(build_days([draw_rows(rng, 1000) for _ in range(2)]), usual(60)).word is VerdictWord.OK


def test_a_shortfall_or_an_unreadable_column_is_partial_until_it_is_final(reference: Reference) -> None:
    unreadable = replace_column(usual(), "n0", ["x"] * 1000)

    early = [see(reference, rows, final=False) for rows in (usual(100), unreadable)]
    late = [see(reference, rows, final=True) for rows in (usual(100), unreadable)]

    assert [verdict.word for verdict in early] == [VerdictWord.PARTIAL, VerdictWord.PARTIAL]
    assert early[0].reason == "100 rows came where about 1,000 are usual"
    assert early[1].reason == "no value in n0 can be read"
    assert [verdict.word for verdict in late] == [VerdictWord.DATA, VerdictWord.DATA]
    assert see(reference, usual(), final=False).word is VerdictWord.OK


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(column="n0", statistic="psi", limit=0.1), {("n0", "drift")}),
        (Rule(column="*", statistic="ks", limit=0.1), {("n0", "drift"), ("n1", "drift")}),
        (Rule(column="n0", statistic="ks", limit=0.9), set()),
        (Rule(column="city", statistic="ks", limit=0.0), set()),
        (Rule(column="*", statistic="range_share", limit=-1.0), {("n0", "range"), ("n1", "range")}),
        (Rule(column="n1", statistic="missing_share", limit=-1.0), {("n1", "missing")}),
        (Rule(column="*", statistic="unseen_share", limit=-1.0), {("city", "unseen")}),
        (Rule(column="*", statistic="volume", limit=0.1), {(None, "volume")}),
        (Rule(column="*", statistic="volume", limit=0.3), set()),
        (Rule(column="*", statistic="repeated_share", limit=-1.0), {(None, "repeated_keys")}),
    ],
)
def test_rules_alone_find_what_they_name(
    reference: Reference, rule: Rule, expected: set[tuple[str | None, str]]
) -> None:
    verdict = see(reference, usual(800, shift=0.6), Judging(minimum_effect=None, rules=(rule,)))

    assert kinds_of(verdict) == expected
    assert all(finding.limit == rule.limit for finding in verdict.findings)


def test_without_rules_and_minimum_effect_nothing_drifts(reference: Reference) -> None:
    assert see(reference, usual(shift=3.0), RULES_ALONE).word is VerdictWord.OK


def test_a_rule_is_kept_where_the_default_finds_the_same(reference: Reference) -> None:
    judging = Judging(rules=(Rule(column="n0", statistic="psi", limit=0.1),))

    verdict = see(reference, usual(shift=0.6), judging)

    drifts = {finding.column: finding.statistic for finding in verdict.findings}
    assert drifts == {"n0": "psi", "n1": "moved_share"}
    assert "the limit is 0.1" in next(f.text for f in verdict.findings if f.column == "n0")


def test_a_rule_on_ks_reads_the_end_that_is_certain() -> None:
    rng = np.random.default_rng(6)
    reference = build_days([draw_rows(rng, 6000)])
    rows = usual(4000, shift=0.1)
    ks = see(reference, rows).statistics["n0"]["ks"]
    assert ks.low is not None
    assert ks.high is not None
    between = (ks.low + ks.high) / 2

    judging = Judging(minimum_effect=None, rules=(Rule(column="n0", statistic="ks", limit=between),))

    assert ks.low < between
    assert see(reference, rows, judging).word is VerdictWord.OK


def test_identical_counts_are_a_repeated_window_where_chance_hardly_does_that(reference: Reference) -> None:
    profile = count_day(reference, usual())

    verdict = judge(reference, profile, window=day(100), judging=DEFAULT, repeats=day(99))

    found = find(verdict, FindingKind.REPEATED_WINDOW)
    assert (verdict.word, found.column) == (VerdictWord.DATA, None)
    assert "2024-04-09" in found.text


def test_identical_counts_prove_nothing_where_they_are_likely() -> None:
    reference = build_days([pa.table({"flag": [True] * 990 + [False] * 10})] * 3, ColumnOptions())
    profile = count_day(reference, {"flag": [True] * 990 + [False] * 10}, ColumnOptions())

    verdict = judge(reference, profile, window=day(100), judging=DEFAULT, repeats=day(99))

    assert verdict.word is VerdictWord.OK


def test_what_makes_predictions_meaningless_comes_first(reference: Reference) -> None:
    rows = replace_column(usual(shift=0.4), "city", ["oslo"] * 930 + [None] * 70).drop_columns(["n1"])

    verdict = see(reference, rows)

    assert verdict.findings[0].kind.value == "column_missing"
    shares = [finding.moved_share or 0 for finding in verdict.findings[1:]]
    assert shares == sorted(shares, reverse=True)
    assert verdict.word is VerdictWord.DRIFT


def test_the_same_counts_give_the_same_verdict(reference: Reference) -> None:
    profile = count_day(reference, usual(shift=0.4))
    merged = profile + Profile(rows=0, columns={})

    first, second = (
        judge(reference, batch, window=day(100), judging=DEFAULT).findings for batch in (profile, merged)
    )

    assert first == second
