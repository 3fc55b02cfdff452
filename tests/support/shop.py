"""A small shop whose rows are watched: a data file, a configuration, and a store with a history.

Rows come every half hour from 1 to 30 January 2024. The reference is 1 to 10 January; on the 15th and 16th,
and from the 25th on, everything is dear. Judged are the days from the 11th to the 20th, so that one drift
incident has opened, was told, asked for retraining and is resolved; nothing is open.
"""

from __future__ import annotations

import csv
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.support.commands import run_here

__all__ = [
    "CONFIG",
    "JUDGED",
    "build_rows",
    "judge_history",
    "judged_shop",
    "read_store",
    "shop",
    "write_rows",
    "write_shop",
]

JUDGED = ("--from", "2024-01-11", "--to", "2024-01-21")
"""The options that mean the days which are judged."""

CONFIG = """\
version: 1
store: {url: "sqlite:///driftwatch.db"}
channels:
  log: {kind: log}
  hook:
    kind: webhook
    url: "${HOOK_URL:-http://127.0.0.1:9/hook}"
    secret: "${file:hook.secret}"
triggers:
  retrain: {kind: http, url: "${RETRAIN_URL:-http://127.0.0.1:9/retrain}"}
monitors:
  - id: shop
    title: Corner shop
    owner: sales
    source: {kind: files, path: rows.csv, time_column: at}
    window: 1d
    must_see: 0.5                                  # 48 rows show no less
    reference: {from: 2024-01-01, to: 2024-01-11}
    columns: {exclude: [id]}
    model: {name: basket, version: "7"}
    notify: [log]
    retrain: {trigger: retrain, when: [drift], after: 2, cooldown: 7d}
"""

# What is kept for ever; the ledger of windows and the heartbeat are the daemon's own business.
_TABLES = (
    *("reference_versions", "reference_columns", "reference_blocks", "reference_counts"),
    *("verdicts", "findings", "column_statistics", "profiles", "incidents", "events"),
    *("deliveries", "attempts", "retrains"),
)


def build_rows(a_day: int = 48) -> list[dict[str, object]]:
    """Return the rows of the shop, the same ones every time."""
    random, start = Random(7), datetime(2024, 1, 1)
    rows: list[dict[str, object]] = []
    for number in range(30 * a_day):
        at = start + timedelta(days=1) / a_day * number
        is_dear = at.day in {15, 16} or at.day >= 25
        amount = round(random.gauss(118, 2) if is_dear else random.gauss(100, 10), 3)
        rows.append({"at": at.isoformat(), "id": number, "amount": amount, "kind": random.choice("abc")})
    return rows


def write_rows(path: Path, a_day: int = 48) -> None:
    """Write the rows of the shop as CSV."""
    rows = build_rows(a_day)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_shop(folder: Path) -> Path:
    """Write the rows and the configuration of the shop into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "rows.csv")
    (folder / "driftwatch.yaml").write_text(CONFIG, encoding="utf-8")
    secret = folder / "hook.secret"
    secret.touch(mode=0o600)
    secret.write_text("whsec_Y2FuYXJ5LWhvb2stY2FuYXJ5LWhvb2st", encoding="ascii")
    return folder


def judge_history(folder: Path) -> None:
    """Judge the shop's history and tell of it."""
    ran = run_here("check", "shop", *JUDGED, "--notify", "all", folder=folder)
    assert ran.status == 1, ran.stderr


@pytest.fixture(scope="session")
def judged_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with a history, judged once for all tests of a process; not to be changed."""
    folder = write_shop(tmp_path_factory.mktemp("judged") / "shop")
    judge_history(folder)
    return folder


@pytest.fixture
def shop(judged_shop: Path, tmp_path: Path) -> Path:
    """A folder with the shop's configuration, rows and judged store, to change at will."""
    return Path(shutil.copytree(judged_shop, tmp_path / "shop"))


def read_store(path: Path) -> dict[str, set[tuple[Any, ...]]]:
    """Return every row of what a store keeps for ever, by table, read without driftwatch."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        found = {table: set(connection.execute(f"SELECT * FROM {table}")) for table in _TABLES}
        # Which configuration was the last to try is no history; everything else of a monitor is.
        monitors = "SELECT id, monitor_key, identity, history, first_started_at, detached_at FROM monitors"
        return {**found, "monitors": set(connection.execute(monitors))}
