"""The promise for a replay over one big file: run with `pytest tests/benchmarks --benchmark-only`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.support.measuring import find_folder, measure_peak

ROWS, DAYS, NUMBERS, CATEGORIES = 1_400_000, 750, 16, 4
WINDOWS = 690
AT_MOST_SECONDS = 40.0
AT_MOST_MEGABYTES = 500

CONFIG = """\
version: 1
store: {{url: "sqlite:///{store}"}}
monitors:
  - id: big
    source: {{kind: files, path: "{file}", time_column: t}}
    window: 1d
    reference: {{from: 2020-01-01, to: 2020-03-01}}
"""


@pytest.fixture(scope="module")
def file() -> Path:
    path = find_folder() / "check.parquet"
    if not path.exists():
        rng = np.random.default_rng(7)
        start = 1_577_836_800_000_000  # 2020-01-01 UTC in microseconds.
        times = np.sort(rng.integers(0, DAYS * 86_400_000_000, ROWS)) + start
        columns = {"t": pa.array(times, pa.timestamp("us", "UTC"))}
        columns |= {f"x{place}": pa.array(rng.normal(size=ROWS)) for place in range(NUMBERS)}
        names = np.array([f"v{name}" for name in range(20)])
        columns |= {f"c{place}": pa.array(rng.choice(names, ROWS)) for place in range(CATEGORIES)}
        part = path.with_suffix(".part")
        pq.write_table(pa.table(columns), part)
        part.rename(path)
    return path


def test_check_690_daily_windows_of_one_file(file: Path, tmp_path: Path, benchmark: BenchmarkFixture) -> None:
    out, store, peaks = tmp_path / "out.json", tmp_path / "store.db", []
    config = tmp_path / "driftwatch.yaml"
    config.write_text(CONFIG.format(store=store, file=file), encoding="utf-8")
    words = ["check", "big", "--from", "2020-03-01", "--to", "2022-01-20", "-o", "json", "--exit-zero"]

    def start_afresh() -> None:
        for path in tmp_path.glob("store.db*"):
            path.unlink()

    def run() -> None:
        peaks.append(measure_peak([*words, "-c", str(config)], out))

    benchmark.pedantic(run, setup=start_afresh, rounds=3)  # type: ignore[no-untyped-call]  # the plugin has no types

    assert benchmark.stats is not None
    median = benchmark.stats.stats.median
    print(f"\nmedian {median:.1f} s, peak {max(peaks)} MB")
    windows = json.loads(out.read_text(encoding="utf-8"))["windows"]
    assert len(windows) == WINDOWS
    assert sum(window["rows"] for window in windows) > 1_200_000
    benchmark.extra_info["peak_megabytes"] = max(peaks)
    assert max(peaks) <= AT_MOST_MEGABYTES
    assert median <= AT_MOST_SECONDS
