"""Small references and windows of rows, a day each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from driftwatch.profiles.build import build_reference, count_rows
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window

__all__ = ["build_days", "count_day", "day", "draw_rows"]

_FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def day(number: int) -> Window:
    """Return day `number`, counted from 0."""
    return Window(start=_FIRST + timedelta(days=number), end=_FIRST + timedelta(days=number + 1))


def draw_rows(rng: np.random.Generator, rows: int, *, shift: float = 0.0, numbers: int = 2) -> pa.Table:
    """Return `rows` of independent normal columns n0, n1, … (mean `shift`), a category and a unique key."""
    columns: dict[str, Any] = {f"n{place}": rng.normal(shift, 1.0, rows) for place in range(numbers)}
    columns["city"] = rng.choice(["oslo", "rome", "cork"], rows, p=[0.6, 0.3, 0.1])
    columns["id"] = rng.permutation(rows)
    return pa.table(columns)


def build_days(tables: Sequence[pa.Table], options: ColumnOptions | None = None) -> Reference:
    """Return the reference whose blocks are `tables`, one a day from day 0 on."""
    parts = [(day(number), table) for number, table in enumerate(tables)]
    return build_reference(parts, options or ColumnOptions(key=("id",)))


def count_day(
    reference: Reference, rows: pa.Table | Mapping[str, Any], options: ColumnOptions | None = None
) -> Profile:
    """Return the profile of a day's rows on the grids of `reference`."""
    table = rows if isinstance(rows, pa.Table) else pa.table(dict(rows))
    return count_rows(reference.grids, table, options or ColumnOptions(key=("id",)), day(100))
