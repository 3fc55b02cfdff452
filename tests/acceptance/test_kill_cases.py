"""Traps that other drift tools fall into, each by its number in the list that this project keeps of them.

Thirteen (no rows) and fourteen (a crash before the notice is sent) concern the daemon and are tested there.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

import driftwatch
from driftwatch.incidents.finding import VerdictWord
from driftwatch.jobs.comparison import Comparison
from tests.support.shared_data import find_shared_data, read_shared

Numbers = NDArray[np.float64]


def draw(seed: int, rows: int, *, shift: float = 0.0) -> Numbers:
    return np.random.default_rng(seed).normal(shift, 1.0, rows)


def compare_numbers(reference: Numbers, current: Numbers) -> Comparison:
    return driftwatch.compare(pa.table({"x": reference}), pa.table({"x": current}))


def kinds_of(result: Comparison, column: str) -> set[str]:
    return {finding.kind.value for finding in result.columns[column].findings}


@pytest.mark.parametrize("sentinel", [1e9, -999999.0, math.inf, -math.inf])
@pytest.mark.parametrize("side", ["reference", "current"])
def test_kill_1_a_sentinel_does_not_move_the_verdict_of_a_two_sigma_shift(sentinel: float, side: str) -> None:
    reference, current = draw(1, 20_000), draw(2, 5000, shift=2.0)
    clean = compare_numbers(reference, current).columns["x"]
    (reference if side == "reference" else current)[0] = sentinel

    column = compare_numbers(reference, current).columns["x"]

    assert column.verdict is VerdictWord.DRIFT
    assert column.moved_share == pytest.approx(clean.moved_share, abs=0.001)
    assert column.psi == pytest.approx(clean.psi, abs=0.05)
    assert column.ks == pytest.approx(clean.ks, abs=0.001)


@pytest.mark.parametrize("shift", [0.0, 2.0])
@pytest.mark.parametrize("side", ["reference", "current"])
def test_kill_2_one_nan_does_not_change_the_verdict(shift: float, side: str) -> None:
    reference, current = draw(3, 20_000), draw(4, 5000, shift=shift)
    clean = compare_numbers(reference, current)
    (reference if side == "reference" else current)[0] = math.nan

    spoiled = compare_numbers(reference, current)

    assert spoiled.verdict is clean.verdict
    assert spoiled.columns["x"].moved_share == pytest.approx(clean.columns["x"].moved_share, abs=0.001)


@pytest.mark.parametrize(
    ("spoiled", "kind"),
    [
        ({"x": pa.nulls(2000, pa.float64())}, "missing"),
        ({"x": np.full(2000, math.nan)}, "missing"),
        ({"x": pa.nulls(2000)}, "missing"),
        ({}, "column_missing"),
    ],
)
def test_kill_3_a_column_without_values_is_found_and_the_others_are_judged(
    spoiled: dict[str, pa.Array], kind: str
) -> None:
    reference = pa.table({"x": draw(5, 10_000), "y": draw(6, 10_000)})

    result = driftwatch.compare(reference, pa.table({**spoiled, "y": draw(7, 2000, shift=1.0)}))

    assert kinds_of(result, "x") == {kind}
    assert result.columns["x"].verdict is VerdictWord.DATA
    assert result.columns["y"].verdict is VerdictWord.DRIFT


def test_kill_3_an_empty_text_column_is_found(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("x,y\n" + "\n".join(f"{v:.4f},1.5" for v in draw(8, 500)))
    (tmp_path / "new.csv").write_text("x,y\n" + ",1.5\n" * 500)

    result = driftwatch.compare(tmp_path / "old.csv", tmp_path / "new.csv")

    assert kinds_of(result, "x") == {"missing"}
    assert result.columns["y"].verdict is VerdictWord.OK


def test_kill_4_a_jump_of_missing_values_is_found() -> None:
    current = draw(10, 5000)
    current[:3000] = math.nan

    result = compare_numbers(draw(9, 10_000), current)

    assert result.verdict is VerdictWord.DATA
    assert kinds_of(result, "x") == {"missing"}
    assert result.findings[0].value == 0.6


def test_kill_5_fifty_rows_of_the_reference_are_quiet() -> None:
    rng = np.random.default_rng(11)
    values, names = rng.gamma(2.0, size=20_000), rng.choice([f"c{n}" for n in range(40)], 20_000)
    reference = pa.table({"x": values, "name": names})

    words = []
    for _ in range(40):
        rows = rng.choice(20_000, 50, replace=False)
        words.append(driftwatch.compare(reference, reference.take(pa.array(rows))).verdict)

    # At most 1 % of clean comparisons may be told by chance: three of 40 happen once in a hundred times.
    assert words.count(VerdictWord.OK) >= 38


def test_kill_6_a_tenth_of_the_rows_without_drift_is_no_drift() -> None:
    result = compare_numbers(draw(12, 20_000), draw(13, 2000))

    assert result.verdict is VerdictWord.OK


@pytest.mark.parametrize(("unseen", "word"), [(1, VerdictWord.OK), (30_000, VerdictWord.DRIFT)])
def test_kill_7_one_unseen_row_is_quiet_and_three_in_ten_are_told(unseen: int, word: VerdictWord) -> None:
    rng = np.random.default_rng(14)
    reference = rng.choice(["a", "b", "c"], 100_000, p=[0.5, 0.3, 0.2])
    current = rng.choice(["a", "b", "c"], 100_000, p=[0.5, 0.3, 0.2])
    current[:unseen] = "z"

    result = driftwatch.compare(pa.table({"x": reference}), pa.table({"x": current}))

    assert result.verdict is word
    assert ("unseen" in kinds_of(result, "x")) == (unseen > 1)


def test_kill_8_a_tiny_shift_of_a_million_rows_is_significant_and_negligible() -> None:
    result = compare_numbers(draw(15, 1_000_000), draw(16, 1_000_000, shift=0.02))

    assert result.columns["x"].statistics["ks"].p_value == pytest.approx(0, abs=1e-6)
    assert result.verdict is VerdictWord.OK


def test_kill_9_extreme_drift_is_at_least_as_red_as_mild_drift() -> None:
    reference = draw(17, 20_000)

    columns = [
        compare_numbers(reference, draw(18, 5000, shift=shift)).columns["x"]
        for shift in (0.3, 1.0, 3.0, 10.0, 1e6)
    ]

    assert all(column.verdict is VerdictWord.DRIFT for column in columns)
    for statistic in ("ks", "psi", "total_variation", "jensen_shannon", "hellinger", "wasserstein"):
        values: list[float] = [getattr(column, statistic) for column in columns]
        assert values == sorted(values), statistic
    assert columns[-1].moved_share == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("constant", [0.0, 7.5, -1e300])
def test_kill_10_a_constant_stays_the_same_or_moves_whole(constant: float) -> None:
    reference = np.full(1000, constant)

    same = compare_numbers(reference, np.full(400, constant)).columns["x"]
    other = compare_numbers(reference, np.full(400, constant / 2 + 1)).columns["x"]

    assert same.verdict is VerdictWord.OK
    assert (same.ks, same.total_variation, same.wasserstein, same.moved_share) == (0, 0, 0, 0)
    assert same.psi == pytest.approx(0)
    assert other.verdict is VerdictWord.DRIFT
    assert (other.ks, other.total_variation) == (1, 1)


def test_kill_10_a_constant_name_stays_the_same_or_moves_whole() -> None:
    reference = pa.table({"x": ["a"] * 1000})

    same = driftwatch.compare(reference, pa.table({"x": ["a"] * 400})).columns["x"]
    other = driftwatch.compare(reference, pa.table({"x": ["b"] * 400})).columns["x"]

    assert (same.verdict, same.total_variation, same.chi_square) == (VerdictWord.OK, 0, 0)
    assert (other.verdict, other.total_variation) == (VerdictWord.DRIFT, 1)


@pytest.mark.parametrize("ratio", [1, 3, 10, 100])
def test_kill_11_psi_of_equal_shares_is_nothing_at_any_volume(ratio: int) -> None:
    reference = np.tile(draw(19, 500), ratio)

    column = compare_numbers(reference, reference[:500]).columns["x"]

    assert column.psi is not None
    assert column.psi < 9 * (1 / 500 + 1 / (500 * ratio))
    assert column.psi == pytest.approx(0, abs=1e-12) or ratio > 1


def test_kill_11_psi_is_symmetric_in_the_shares_of_its_bins() -> None:
    heads = pa.table({"x": ["a"] * 5000 + ["b"] * 5000})
    tails = pa.table({"x": ["a"] * 6000 + ["b"] * 4000})

    there, back = driftwatch.compare(heads, tails), driftwatch.compare(tails, heads)

    assert there.columns["x"].psi == pytest.approx(back.columns["x"].psi)
    assert there.columns["x"].psi == pytest.approx(0.040546511, rel=0.01)


def test_kill_12_two_hundred_clean_columns_are_quiet_for_thirty_days() -> None:
    """At 1 % a comparison for drift and 1 % for rates, three of 30 by chance are rarer than 1 in 40."""
    rng = np.random.default_rng(20)

    def draw_table(rows: int) -> pa.Table:
        numbers = {f"n{place}": rng.normal(size=rows) for place in range(150)}
        names = {f"c{place}": rng.choice(list("abcdefgh"), rows) for place in range(50)}
        return pa.table({**numbers, **names})

    reference = draw_table(2000)

    found = [driftwatch.compare(reference, draw_table(500)).findings for _ in range(30)]

    assert sum(bool(findings) for findings in found) <= 2


def test_kill_15_the_same_rows_in_any_order_and_any_pieces_give_the_same_verdict() -> None:
    rng = np.random.default_rng(21)
    rows = pa.table({"x": rng.normal(0.1, 1, 5000), "name": rng.choice(list("abcd"), 5000)})
    reference = pa.table({"x": rng.normal(size=20_000), "name": rng.choice(list("abcd"), 20_000)})
    shuffled = rows.take(pa.array(rng.permutation(5000)))
    pieces = pa.concat_tables([shuffled.slice(at, 700) for at in range(0, 5000, 700)])

    results = [driftwatch.compare(reference, batch).to_dict() for batch in (rows, rows, shuffled, pieces)]

    assert results[0] == results[1]
    for other in results[2:]:
        assert other["verdict"] == results[0]["verdict"]
        for ours, theirs in zip(results[0]["columns"], other["columns"], strict=True):
            assert ours["moved_share_at_least"] == theirs["moved_share_at_least"]
            assert ours["statistics"]["psi"] == theirs["statistics"]["psi"]


def test_metro_traffic_has_seven_thousand_repeated_stamps() -> None:
    path = find_shared_data("metro_interstate_traffic.csv.gz")

    result = driftwatch.compare(path, path, key="date_time")

    assert result.verdict is VerdictWord.OK
    assert result.keys is not None
    assert result.keys.current is not None
    assert (result.keys.current.repeated_rows, result.keys.current.is_exact) == (7629, True)


def test_repeated_stamps_are_found_where_the_reference_has_none() -> None:
    metro = read_shared("metro_interstate_traffic.csv.gz")

    result = driftwatch.compare(metro.drop_duplicates("date_time"), metro, key="date_time")

    (repeated,) = [finding for finding in result.findings if finding.kind.value == "repeated_keys"]
    assert repeated.value == pytest.approx(7629 / 48_204)
    assert repeated.text.startswith("15 % of the rows repeat the key of an earlier row, against none")


DRIFTING = {"car_value", "loan_length", "repaid_loan_on_prev_car", "salary_range", "y_pred_proba"}
STEADY = {"debt_to_income_ratio", "driver_tenure", "size_of_downpayment"}


def test_the_car_loan_columns_that_drift_are_found_and_no_others() -> None:
    reference = find_shared_data("car_loan_reference.csv.gz")
    analysis = read_shared("car_loan_analysis.csv.gz")

    after = driftwatch.compare(reference, analysis[25_000:])
    before = driftwatch.compare(reference, analysis[:25_000])

    assert {name for name, column in after.columns.items() if column.verdict is VerdictWord.DRIFT} == DRIFTING
    assert {name for name, column in before.columns.items() if column.findings} <= {"repaid"}
    assert all(before.columns[name].verdict is after.columns[name].verdict for name in STEADY)
    assert {skipped.column for skipped in after.skipped} == {"id", "timestamp"}
