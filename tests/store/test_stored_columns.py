from __future__ import annotations

import pyarrow as pa
import pytest

from driftwatch.errors import StoreError
from driftwatch.profiles.build import build_reference
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.store.codec import encode_counts
from driftwatch.store.stored_columns import StoredColumns

TABLE = pa.table({"amount": [1.0, 2.0, None], "city": ["oslo", "rome", "rome"]})
REFERENCE = build_reference([(None, TABLE)], ColumnOptions())
COUNTS = REFERENCE.total.columns
STORED = {name: encode_counts(counts) for name, counts in COUNTS.items()}


def test_what_is_looked_up_is_what_was_stored() -> None:
    columns = StoredColumns(STORED, REFERENCE.grids, what="block 1")

    assert (list(columns), len(columns)) == (["amount", "city"], 2)
    for name, counts in columns.items():
        assert counts.cells.tolist() == COUNTS[name].cells.tolist()
        assert (counts.missing, counts.sums) == (COUNTS[name].missing, COUNTS[name].sums)


def test_damaged_bytes_are_told_with_their_place() -> None:
    columns = StoredColumns({"amount": b"?"}, REFERENCE.grids, what="block 1")

    with pytest.raises(StoreError, match="block 1, column 'amount'"):
        columns["amount"]
    with pytest.raises(KeyError):
        columns["city"]
