"""Values published for NannyML's car-loan data, or measured on its raw rows with scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from driftwatch.statistics import Statistic
from driftwatch.statistics.jensen_shannon import jensen_shannon
from driftwatch.statistics.ks import ks
from tests.support.columns import pair_categories, pair_numbers
from tests.support.shared_data import read_shared

EXACT = [0.01576, 0.01272, 0.01746, 0.01282, 0.01922, 0.00824, 0.01068, 0.01002, 0.01070, 0.00700]
LOW = [0.01574, 0.01266, 0.0173, 0.01274, 0.01906, 0.00816, 0.01058, 0.00988, 0.01068, 0.0068]
HIGH = [0.01596, 0.01288, 0.01752, 0.01296, 0.0193, 0.00838, 0.0108, 0.0101, 0.0109, 0.00702]
CAR_VALUE = {0: "0.0131", 4: "0.0112", 5: "0.43548", 6: "0.43032", 7: "0.43784", 8: "0.43606", 9: "0.43850"}
SALARY_RANGE = [
    0.006397,
    0.015376,
    0.010282,
    0.001677,
    0.006333,
    0.183143,
    0.174226,
    0.182913,
    0.177985,
    0.190350,
]
REPAID_LOAN = [
    0.008308,
    0.003192,
    0.011338,
    0.001076,
    0.004493,
    0.231198,
    0.229333,
    0.230161,
    0.213579,
    0.236408,
]


def test_ks_on_the_full_grid_is_exact_to_the_printed_digits() -> None:
    found = [chunk.value for chunk in _ks_by_chunk("debt_to_income_ratio", max_points=50_000)]

    assert [round(value or 0, 5) for value in found] == EXACT


def test_ks_on_4096_points_has_the_printed_interval() -> None:
    found = _ks_by_chunk("debt_to_income_ratio", max_points=4096)

    assert [round(chunk.low or 0, 5) for chunk in found] == LOW
    assert [round(chunk.high or 0, 5) for chunk in found] == HIGH


def test_ks_of_car_value_shows_the_change_in_the_sixth_chunk() -> None:
    found = _ks_by_chunk("car_value", max_points=50_000)

    for chunk, printed in CAR_VALUE.items():
        assert f"{found[chunk].value:.{len(printed) - 2}f}" == printed


@pytest.mark.parametrize(
    ("column", "expected"), [("salary_range", SALARY_RANGE), ("repaid_loan_on_prev_car", REPAID_LOAN)]
)
def test_jensen_shannon_to_base_two(column: str, expected: list[float]) -> None:
    reference = read_shared("car_loan_reference.csv.gz")[column].astype(str).tolist()
    current = read_shared("car_loan_analysis.csv.gz")[column].astype(str).tolist()

    found = [
        jensen_shannon(*pair_categories(reference, current[start : start + 5000])).value or 0
        for start in range(0, 50_000, 5000)
    ]

    assert [round(value / math.sqrt(math.log(2)), 6) for value in found] == expected


def _ks_by_chunk(column: str, *, max_points: int) -> list[Statistic]:
    reference, current = (_read_numbers(side, column) for side in ("reference", "analysis"))
    chunks = np.split(current, 10)
    return [ks(*pair_numbers(reference, chunk, max_points=max_points)) for chunk in chunks]


def _read_numbers(side: str, column: str) -> NDArray[np.float64]:
    return read_shared(f"car_loan_{side}.csv.gz")[column].to_numpy(dtype=np.float64)
