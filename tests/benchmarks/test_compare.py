"""The promise for `driftwatch compare` on big files: run with `pytest tests/benchmarks --benchmark-only`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from scipy.stats import ks_2samp

from tests.support.measuring import find_folder, measure_peak

REFERENCE_ROWS, CURRENT_ROWS, COLUMNS = 100_000, 1_000_000, 50
AT_MOST_SECONDS = 3.0
AT_MOST_MEGABYTES = 700
ROUNDS = 5


def draw_columns(rows: int, *, seed: int, moved: bool) -> pa.Table:
    """Return columns of several shapes, some of which moved."""
    columns = {}
    for place in range(COLUMNS):
        rng = np.random.default_rng([seed, place])
        values = (rng.normal(size=rows), rng.gamma(2, size=rows), rng.lognormal(size=rows))[place % 3]
        columns[f"c{place:02}"] = values * (1 + 0.02 * (place % 5) * moved) + 0.03 * (place % 4) * moved
    return pa.table(columns)


@pytest.fixture(scope="module")
def files() -> tuple[Path, Path]:
    folder = find_folder()
    paths = folder / "reference.parquet", folder / "current.parquet"
    for path, rows, seed in zip(paths, (REFERENCE_ROWS, CURRENT_ROWS), (1, 2), strict=True):
        if not path.exists():
            part = path.with_suffix(".part")
            pq.write_table(draw_columns(rows, seed=seed, moved=seed == 2), part)
            part.rename(path)
    return paths


def test_compare_a_million_rows_of_fifty_columns(
    files: tuple[Path, Path], tmp_path: Path, benchmark: BenchmarkFixture
) -> None:
    out, peaks = tmp_path / "out.json", []

    def run() -> None:
        peaks.append(measure_peak(["compare", *map(str, files), "-o", "json", "--exit-zero"], out))

    benchmark.pedantic(run, rounds=ROUNDS, warmup_rounds=1)  # type: ignore[no-untyped-call]  # the plugin has no types

    benchmark.extra_info["peak_megabytes"] = max(peaks)
    assert benchmark.stats is not None
    median = benchmark.stats.stats.median
    print(f"\nmedian {median:.2f} s, peak {max(peaks)} MB")
    assert_intervals_hold(json.loads(out.read_text()), files)
    assert median <= AT_MOST_SECONDS
    assert max(peaks) <= AT_MOST_MEGABYTES


def assert_intervals_hold(found: dict[str, Any], files: tuple[Path, Path]) -> None:
    reference, current = (pq.read_table(path) for path in files)
    assert len(found["columns"]) == COLUMNS
    for column in found["columns"]:
        name, ks = column["column"], column["statistics"]["ks"]
        ours, theirs = (np.asarray(side.column(name).to_numpy()) for side in (reference, current))
        exact = float(ks_2samp(ours, theirs, method="asymp").statistic)
        assert ks["low"] - 1e-12 <= exact <= ks["high"] + 1e-12, name
        assert ks["high"] - ks["low"] <= 1 / 4000, name
