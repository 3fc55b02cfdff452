"""What derived columns see that the columns themselves do not: correlations that change."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.statistics.ks import ks
from tests.support.batches import build_days, count_day

COLUMNS, ROWS, BATCH, BATCHES = 10, 20_000, 2000, 20
DERIVED = ColumnOptions(derived=True)


def draw(rng: np.random.Generator, rows: int, correlation: float, *, others: float = 0.0) -> pa.Table:
    matrix = np.full((COLUMNS, COLUMNS), others)
    np.fill_diagonal(matrix, 1.0)
    matrix[0, 1] = matrix[1, 0] = correlation
    values: NDArray[np.float64] = rng.multivariate_normal(np.zeros(COLUMNS), matrix, rows)
    return pa.table({f"c{place}": values[:, place] for place in range(COLUMNS)})


@pytest.fixture(scope="module")
def reference() -> Reference:
    return build_days([draw(np.random.default_rng(1), ROWS, 0.6)], DERIVED)


def count_alarms(reference: Reference, *, correlation: float, others: float = 0.0) -> dict[str, float]:
    """Return the part of batches in which KS of a column is significant at 1 % over all columns."""
    rng = np.random.default_rng(2)
    alarms = dict.fromkeys(reference.grids, 0)
    for _ in range(BATCHES):
        batch = count_day(reference, draw(rng, BATCH, correlation, others=others), DERIVED)
        for name in significant(reference, batch):
            alarms[name] += 1
    return {name: hits / BATCHES for name, hits in alarms.items()}


def significant(reference: Reference, batch: Profile) -> list[str]:
    found = {name: ks(counts, batch.columns[name]) for name, counts in reference.total.columns.items()}
    return [name for name, one in found.items() if (one.p_value or 0.0) < 0.01 / len(found)]


def test_a_correlation_that_falls_from_6_to_3_tenths_is_seen_although_no_column_moves(
    reference: Reference,
) -> None:
    seen = count_alarms(reference, correlation=0.3)

    assert seen["c0 × c1"] >= 0.95
    assert seen["PCA residual"] >= 0.95
    assert seen["PCA last"] >= 0.95
    assert max(seen[f"c{place}"] for place in range(COLUMNS)) <= 0.05


def test_columns_that_all_begin_to_move_together_are_seen(reference: Reference) -> None:
    seen = count_alarms(reference, correlation=0.75, others=0.15)

    assert max(seen.values()) >= 0.75
    assert max(seen[f"c{place}"] for place in range(COLUMNS)) <= 0.05


def test_batches_like_the_reference_are_quiet(reference: Reference) -> None:
    seen = count_alarms(reference, correlation=0.6)

    assert list(reference.grids)[COLUMNS:] == ["c0 × c1", "PCA 1", "PCA last", "PCA residual"]
    # 1 % of 20 batches is none, and two are rarer than 1 in 50.
    assert sum(seen.values()) * BATCHES <= 1
