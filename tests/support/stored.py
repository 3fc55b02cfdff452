"""Small monitors, windows, counts and references for tests of the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import sqlalchemy as sa

from driftwatch.incidents.finding import Finding, FindingKind, Verdict, VerdictWord
from driftwatch.profiles.counts import Counts, count_names, count_numbers, empty_counts
from driftwatch.profiles.grid import Grid, build_category_grid, build_number_grid
from driftwatch.profiles.keys import sample_keys
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Block, Reference, Skipped
from driftwatch.profiles.window import Window
from driftwatch.statistics.catalogue import Statistic
from driftwatch.store.database import Database
from driftwatch.store.monitors import MonitorRow, register_monitor
from driftwatch.store.slots import plan_slots
from driftwatch.store.verdicts import Judgement, record_verdict

__all__ = [
    "DAY",
    "NOW",
    "build_reference",
    "build_verdict",
    "count_rows",
    "day",
    "make_ids",
    "record",
    "register",
    "same_counts",
]

DAY = timedelta(days=1)
NOW = datetime(2013, 3, 1, 0, 30, 0, 123456, tzinfo=UTC)


def day(number: int) -> Window:
    """Window number 0 is 2013-03-01."""
    start = datetime(2013, 3, 1, tzinfo=UTC) + number * DAY
    return Window(start=start, end=start + DAY)


def register(database: Database, key: str = "flights", identity: str = "i1") -> MonitorRow:
    def work(connection: sa.Connection) -> MonitorRow:
        return register_monitor(connection, key, identity=identity, config_fingerprint="c1", now=NOW)

    return database.write(work)


def record(
    database: Database,
    monitor: MonitorRow,
    verdict: Verdict,
    profile: Profile | None = None,
    *,
    fingerprint: str | None = None,
) -> int:
    """Keep `verdict` with its slot, as judged at NOW on reference version 1; return the revision."""
    judgement = Judgement(
        finished_at=NOW, seconds=0.25, token=3, reference_version=1, counts_fingerprint=fingerprint
    )

    def work(connection: sa.Connection) -> int:
        plan_slots(connection, monitor, [(verdict.window, NOW)])
        return record_verdict(connection, monitor, verdict, profile, judgement)

    return database.write(work)


def make_ids(prefix: str = "id") -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers):04}"


def count_rows(grids: dict[str, Grid], seed: int, rows: int) -> Profile:
    """A profile of `rows` random rows in two columns, with missing values and keys."""
    generator = np.random.default_rng(seed)
    delay = count_numbers(
        grids["delay"],  # type: ignore[arg-type]  # A number grid: see below.
        np.append(generator.normal(size=rows - 3), [np.inf, np.nan, 0.1]),
        missing=2,
    )
    names, counts = np.unique(generator.choice(["ABQ", "naïve 🛫", "", "z"], size=rows), return_counts=True)
    origin = count_names(grids["origin "], names.tolist(), counts, unreadable=1)  # type: ignore[arg-type]  # Names.
    keys = sample_keys(generator.integers(0, rows, size=rows).astype(np.uint64))
    return Profile(
        rows=rows,
        columns={"delay": delay, "origin ": origin},
        absent=frozenset({"gate"}),
        extra=frozenset({"Tür\0"}),
        keys=keys,
    )


def build_reference(seed: int = 1, blocks: int = 3) -> Reference:
    """A reference of daily blocks, the second of which is empty."""
    generator = np.random.default_rng(seed)
    grids: dict[str, Grid] = {
        "delay": build_number_grid(generator.normal(size=500), max_points=64),
        "origin ": build_category_grid(["ABQ", "naïve 🛫", "\ud800half"], np.array([5, 3, 1]), max_names=2),
    }
    empty = Profile(rows=0, columns={name: empty_counts(grid) for name, grid in grids.items()})
    return Reference(
        grids=grids,
        blocks=tuple(
            Block(
                window=day(number - 100),
                profile=empty if number == 1 else count_rows(grids, seed + number, 200 + number),
            )
            for number in range(blocks)
        ),
        skipped=(Skipped(column="id", why="all values differ"),),
    )


def build_verdict(number: int, word: VerdictWord = VerdictWord.OK, rows: int | None = 100) -> Verdict:
    """A verdict on day `number`, with one finding when it is drift."""
    finding = Finding(
        column="origin ",
        kind=FindingKind.DRIFT,
        statistic="psi",
        value=1 / 3,
        limit=0.1,
        text="naïve 🛫 moved",
        moved_share=float("nan"),
    )
    return Verdict(
        window=day(number),
        word=word,
        rows=rows,
        findings=(finding,) if word is VerdictWord.DRIFT else (),
        statistics={
            "delay": {"ks": Statistic(value=0.1, low=0.05, high=float("inf"), p_value=float("nan"))},
            "origin ": {"psi": Statistic(value=None), "chi_square": Statistic(value=np.float64(2.5))},
        },
        score=float("nan"),
    )


def same_counts(left: Counts, right: Counts) -> bool:
    """Whether two counts are equal in every cell, sum and number, on equal grids."""
    names = ("missing", "nan", "positive_infinite", "negative_infinite", "unreadable", "sums")
    return (
        left.grid.fingerprint == right.grid.fingerprint
        and left.cells.dtype == right.cells.dtype
        and np.array_equal(left.cells, right.cells)
        and all(getattr(left, name) == getattr(right, name) for name in names)
    )
