from __future__ import annotations

import pytest

from driftwatch.incidents.compared import compare_columns
from driftwatch.jobs.reference import read_reference
from driftwatch.profiles.build import count_rows
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.profile import Profile
from driftwatch.statistics.evaluate import evaluate
from driftwatch.statistics.moved_share import bound_moved_share
from tests.support.monitors import draw_rows, make_monitor, make_source

REFERENCE = read_reference(make_monitor(make_source()))


def read_day(number: int) -> Profile:
    return count_rows(REFERENCE.grids, draw_rows(number), ColumnOptions())


def test_every_column_is_evaluated_and_the_level_is_shared_by_all() -> None:
    usual, current = REFERENCE.total, read_day(1)

    found = compare_columns(usual, current, alpha=0.05)

    assert list(found.statistics) == list(found.moved_shares) == list(usual.columns)
    for name, counts in usual.columns.items():
        assert found.statistics[name] == evaluate(counts, current.columns[name])
        each = bound_moved_share(counts, current.columns[name], alpha=0.05 / len(usual.columns))
        assert found.moved_shares[name] == each


def test_counts_on_other_grids_are_refused() -> None:
    usual, current = REFERENCE.total, read_day(1)
    turned = dict(zip(current.columns, reversed(list(current.columns.values())), strict=True))

    with pytest.raises(ValueError, match="different grids"):
        compare_columns(usual, Profile(rows=current.rows, columns=turned), alpha=0.05)
