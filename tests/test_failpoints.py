"""Named failpoints: nothing at all until they are armed, then exactly what was asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.failpoints import FailpointError, arm, name_work, reach, read_points
from driftwatch.store import migrations
from driftwatch.store.database import open_database
from driftwatch.store.meta import read_meta, write_meta


@pytest.fixture(autouse=True)
def _disarm() -> Iterator[None]:
    yield
    arm({})


def test_nothing_happens_where_nothing_is_armed() -> None:
    arm(read_points("deliver.sent:1:raise", seed=1))

    reach("deliver.send")

    with pytest.raises(FailpointError, match=r"deliver\.sent"):
        reach("deliver.sent")


def test_chance_is_that_of_the_seed() -> None:
    def count(seed: int) -> list[bool]:
        arm(read_points("x:0.5:raise", seed))
        happened = []
        for _ in range(40):
            try:
                reach("x")
                happened.append(False)
            except FailpointError:
                happened.append(True)
        return happened

    first = count(7)

    assert first == count(7) != count(8)
    assert 8 < sum(first) < 32


def test_a_place_can_take_its_time() -> None:
    arm(read_points("x:1:sleep=0.05", seed=1))
    started = time.monotonic()

    reach("x")

    assert time.monotonic() - started >= 0.05


def test_the_environment_arms_a_process_that_is_killed_there() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from driftwatch.failpoints import reach; reach('a'); reach('x')"],
        env={**os.environ, "DRIFTWATCH_FAILPOINT": "a:0,x:1", "DRIFTWATCH_FAILPOINT_SEED": "3"},
        check=False,
    )

    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("text", ["x", "x:2", "x:-1", "x:often", "x:1:burn", "x:1:sleep=a", "x:1:kill=1"])
def test_what_cannot_be_armed_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="DRIFTWATCH_FAILPOINT"):
        read_points(text, seed=1)


def test_units_of_work_are_named_by_what_they_do() -> None:
    assert name_work(partial(write_meta, name="a", value="b")) == "meta.write_meta"
    assert name_work(lambda tx: write_meta(tx, "a", "b")) == "test_failpoints.write_meta"


@pytest.mark.parametrize(("place", "is_kept"), [("begun", False), ("commit", False), ("committed", True)])
def test_a_transaction_can_end_before_and_after_its_commit(place: str, is_kept: bool, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    migrations.upgrade(url)
    database = open_database(url)

    def write(tx: sa.Connection) -> None:
        write_meta(tx, "seen", "yes")

    arm(read_points(f"test_failpoints.write.{place}:1:raise", seed=1))
    with pytest.raises(FailpointError):
        database.write(write)

    assert (database.read(lambda tx: read_meta(tx, "seen")) == "yes") is is_kept
    database.close()


def test_who_wants_to_know_is_told_right_before_it_happens() -> None:
    told: list[str] = []
    arm(read_points("x:1:raise,y:0:raise", seed=1, tell=told.append))

    reach("y")
    with pytest.raises(FailpointError):
        reach("x")

    assert told == ["x"]
