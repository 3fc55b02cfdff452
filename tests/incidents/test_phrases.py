from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.incidents.judge import judge_columns
from driftwatch.incidents.rules import Judging
from driftwatch.profiles.build import build_reference, count_rows
from driftwatch.profiles.columns import ColumnOptions


def test_a_middle_beyond_the_reference_is_told_as_it_is_and_not_as_the_edge() -> None:
    rng = np.random.default_rng(4)
    reference = build_reference([(None, pa.table({"x": rng.normal(100, 10, 2000)}))], ColumnOptions())
    batch = count_rows(reference.grids, pa.table({"x": rng.normal(200, 10, 2000)}), ColumnOptions())

    found = judge_columns(reference.total, batch, Judging())

    drift = next(finding for finding in found.findings if finding.kind == "drift")
    told = re.search(r"(?:middle value went|typical values moved) from ([\d.]+) to ([\d.]+)", drift.text)
    assert told is not None
    assert float(told[1]) == pytest.approx(100, abs=1)
    assert float(told[2]) == pytest.approx(200, abs=1)
