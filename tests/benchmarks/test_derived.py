"""What derived columns cost beside counting without them: 20 number columns, 100,000 rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from driftwatch.profiles.build import count_rows
from driftwatch.profiles.columns import ColumnOptions, mark_text
from driftwatch.profiles.reference import Reference
from tests.support.batches import build_days

COLUMNS, ROWS = 20, 100_000
DERIVED = ColumnOptions(derived=True)
WITHOUT = ColumnOptions()


def draw(seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(ROWS, 3))
    loadings: NDArray[np.float64] = np.random.default_rng(0).normal(size=(3, COLUMNS))
    values = common @ loadings + rng.normal(size=(ROWS, COLUMNS))
    return pa.table({f"x{place}": values[:, place] for place in range(COLUMNS)})


def spell(table: pa.Table) -> pa.Table:
    texts = {name: table[name].cast(pa.string()) for name in table.column_names}
    return mark_text(pa.table(texts), "parse")


@pytest.fixture(scope="module", params=[WITHOUT, DERIVED], ids=["without", "with"])
def options(request: pytest.FixtureRequest) -> ColumnOptions:
    assert isinstance(request.param, ColumnOptions)
    return request.param


@pytest.fixture(scope="module")
def reference(options: ColumnOptions) -> Reference:
    return build_days([draw(1)], options)


def test_count_numbers(reference: Reference, options: ColumnOptions, benchmark: BenchmarkFixture) -> None:
    benchmark.group = "typed columns"
    batch = draw(2)

    profile = benchmark(count_rows, reference.grids, batch, options)

    assert len(profile.columns) == (COLUMNS + 25 if options.derived else COLUMNS)


def test_count_texts(reference: Reference, options: ColumnOptions, benchmark: BenchmarkFixture) -> None:
    benchmark.group = "columns of a text format"
    batch = spell(draw(2))

    assert benchmark(count_rows, reference.grids, batch, options).rows == ROWS


def test_build_a_reference(options: ColumnOptions, benchmark: BenchmarkFixture) -> None:
    benchmark.group = "a reference"
    rows = draw(1)

    assert benchmark(build_days, [rows], options).total.rows == ROWS
