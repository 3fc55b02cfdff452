"""Derived columns on the scales of the false-alarm budget."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.calibration.baseline import Baseline, Settings, build_baseline
from driftwatch.calibration.evidence import Evidence
from driftwatch.calibration.layout import Aspect, Part
from driftwatch.calibration.tally import tally_profile
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.reference import Reference
from tests.support.batches import build_days, count_day, day

DERIVED = ColumnOptions(derived=True)
PRODUCT = "amount × balance"


def draw(seed: int, *, correlation: float = 0.8) -> pa.Table:
    rng = np.random.default_rng(seed)
    amount = rng.normal(size=1000)
    balance = correlation * amount + np.sqrt(1 - correlation**2) * rng.normal(size=1000)
    return pa.table({"amount": amount, "balance": balance})


@pytest.fixture(scope="module")
def reference() -> Reference:
    return build_days([draw(seed) for seed in range(14)], DERIVED)


@pytest.fixture(scope="module")
def baseline(reference: Reference) -> Baseline:
    return build_baseline(reference, Settings())


def measure(reference: Reference, baseline: Baseline, rows: pa.Table) -> Evidence:
    profile = count_day(reference, rows, DERIVED)
    return baseline.measure_short(day(100), tally_profile(baseline.layout, profile))


def read(baseline: Baseline, evidence: Evidence, column: str, aspect: Aspect) -> float:
    return float(evidence.distance[baseline.layout.place[Part(column=column, aspect=aspect)]])


def test_only_the_drift_of_a_derived_column_is_measured(reference: Reference, baseline: Baseline) -> None:
    rows = draw(100, correlation=0.3)
    nulls = [None if place % 2 else value for place, value in enumerate(rows["amount"].to_pylist())]

    found = measure(reference, baseline, rows.set_column(0, "amount", [nulls]))

    assert baseline.layout.is_derived.tolist() == [False, False, True, True, True]
    assert read(baseline, found, PRODUCT, Aspect.DRIFT) > 0.01
    assert read(baseline, found, "amount", Aspect.MISSING) > 0
    for column in (PRODUCT, "PCA 1", "PCA last"):
        assert np.isnan(read(baseline, found, column, Aspect.MISSING))
        assert np.isnan(read(baseline, found, column, Aspect.BEYOND))


def test_what_an_absent_column_carries_is_not_measured_at_all(
    reference: Reference, baseline: Baseline
) -> None:
    found = measure(reference, baseline, draw(100).drop_columns(["balance"]))

    assert np.isfinite(read(baseline, found, "amount", Aspect.DRIFT))
    assert all(np.isnan(read(baseline, found, name, Aspect.DRIFT)) for name in (PRODUCT, "PCA 1", "PCA last"))
