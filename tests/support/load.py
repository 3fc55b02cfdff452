"""Many monitors a minute on one machine: how late their windows are judged, and what they leave behind.

Run it with `make load`, or `make load ARGS="--monitors 100 --minutes 3 --store postgresql://…"`. It starts
the real daemon on a store of its own (an empty database where `--store` names one), with sources in a local
SQLite file whose rows have come already, and ends with 1 where the slowest twentieth of the windows was
judged 30 seconds late or later.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from driftwatch.net.engines import open_engine
from driftwatch.store.tables import slots, verdicts

__all__ = ["main"]

ALLOWED_SECONDS = 30.0
_TABLES = 10
_REFERENCE = 30
"""Minutes of the reference."""
_AHEAD = 45
"""Minutes from now on whose rows are there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The daemon at one moment: resident memory in MiB, open files."""

    memory: float
    files: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the daemon for a while, print what was measured, and return 1 where it is too late."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--monitors", type=int, default=500)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--rows", type=int, default=200, help="rows of every window")
    parser.add_argument("--minutes", type=float, default=10.0, help="minutes that are measured")
    parser.add_argument("--policy", choices=("rules", "budget"), default="budget")
    parser.add_argument("--store", default="", help="an empty database; a SQLite file of its own otherwise")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="driftwatch-load-") as name:
        folder = Path(name)
        store = chosen.store or f"sqlite:///{folder / 'store.db'}"
        begin = datetime.now(UTC).replace(second=0, microsecond=0)
        _fill_warehouse(folder / "warehouse.db", begin, chosen.columns, chosen.rows)
        config = folder / "driftwatch.yaml"
        config.write_text(_write_config(folder, store, begin, chosen.monitors, chosen.policy))
        log = folder / "log"
        with log.open("w") as stderr, _run_daemon(config, stderr.fileno()) as daemon:
            started = _wait_for_start(log, chosen.monitors, daemon)
            print(f"{chosen.monitors} monitors started within {started:.0f} s", flush=True)
            return _measure(daemon, store, chosen.minutes)


def _fill_warehouse(path: Path, begin: datetime, columns: int, rows: int) -> None:
    names = [f"c{number:02}" for number in range(columns)]
    rng = np.random.default_rng(7)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for table in range(_TABLES):
            connection.execute(f"CREATE TABLE t{table} (at TEXT, {', '.join(f'{n} REAL' for n in names)})")
            marks = ", ".join("?" * (columns + 1))
            for minute in range(-_REFERENCE, _AHEAD):
                start = begin + timedelta(minutes=minute)
                times = [
                    (start + timedelta(seconds=60.0 * row / rows)).strftime("%Y-%m-%d %H:%M:%S.%f")
                    for row in range(rows)
                ]
                values = rng.normal(size=(rows, columns)).round(4).tolist()
                data = ((at, *row) for at, row in zip(times, values, strict=True))
                connection.executemany(f"INSERT INTO t{table} VALUES ({marks})", data)
            connection.execute(f"CREATE INDEX t{table}_at ON t{table} (at)")
        connection.commit()


def _write_config(folder: Path, store: str, begin: datetime, monitors: int, policy: str) -> str:
    rules = ['    rules: [{column: "*", statistic: ks, limit: 0.25}]'] if policy == "rules" else []
    start = (begin - timedelta(minutes=_REFERENCE)).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = begin.strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = ["version: 1", f'store: {{url: "{store}"}}', "channels: {log: {kind: log}}", "monitors:"]
    for number in range(monitors):
        lines += [
            f"  - id: m{number:03}",
            f"    source: {{kind: sql, url: 'sqlite:///{folder / 'warehouse.db'}',",
            f"      table: t{number % _TABLES}, time_column: at}}",
            "    window: 1m",
            f'    reference: {{from: "{start}", to: "{end}"}}',
            "    notify: [log]",
            *rules,
        ]
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def _run_daemon(config: Path, stderr: int):  # type: ignore[no-untyped-def]
    command = [sys.executable, "-m", "driftwatch", "serve", "--no-web", "-c", str(config)]
    with subprocess.Popen(command, stderr=stderr) as daemon:
        try:
            yield daemon
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(timeout=60)


def _wait_for_start(log: Path, monitors: int, daemon: subprocess.Popen[bytes]) -> float:
    began = time.monotonic()
    while log.read_text().count("monitor started") < monitors:
        if daemon.poll() is not None:
            raise SystemExit(f"the daemon ended with {daemon.returncode}: {log.read_text()[-2000:]}")
        time.sleep(1)
    return time.monotonic() - began


def _measure(daemon: subprocess.Popen[bytes], store: str, minutes: float) -> int:
    # What was owed while references were built is judged first.
    time.sleep(60)
    since, before = datetime.now(UTC), _read_size(store)
    readings = []
    ends_at = time.monotonic() + 60 * minutes
    while time.monotonic() < ends_at:
        readings.append(_read_process(daemon.pid))
        time.sleep(10)
    by_moment, size = _read_lags(store, since), _read_size(store) - before
    lags = [lag for found in by_moment.values() for lag in found]
    p50, p95, worst = np.percentile(lags, [50, 95, 100])
    third = max(1, len(readings) // 3)
    first = max(one.memory for one in readings[:third])
    last = max(one.memory for one in readings[-third:])
    print(f"windows judged      {len(lags):,} ({len(lags) / minutes:,.0f} a minute)")
    print(f"lag                 median {p50:.1f} s, p95 {p95:.1f} s, worst {worst:.1f} s")
    slowest = " ".join(f"{max(found):.0f}" for _, found in sorted(by_moment.items()))
    print(f"slowest by minute   {slowest} s")
    print(f"memory              {first:.0f} MiB in the first third, {last:.0f} MiB in the last")
    print(f"open files          {readings[0].files} at first, {readings[-1].files} in the end")
    print(f"store               grew by {size / max(1, len(lags)) / 1024:.1f} KiB a window", flush=True)
    return 0 if p95 < ALLOWED_SECONDS else 1


def _read_process(pid: int) -> Reading:
    status = Path(f"/proc/{pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return Reading(memory=int(resident.split()[1]) / 1024, files=len(list(Path(f"/proc/{pid}/fd").iterdir())))


def _read_lags(store: str, since: datetime) -> dict[datetime, list[float]]:
    """Return how many seconds after they fell due windows were judged, by the moment, of those since then."""
    same = (slots.c[name] == verdicts.c[name] for name in ("monitor_id", "history", "window_start"))
    query = (
        sa.select(slots.c.due_at, sa.func.min(verdicts.c.finished_at, type_=verdicts.c.finished_at.type))
        .join(verdicts, sa.and_(*same))
        .where(slots.c.due_at >= since)
        .group_by(slots.c.monitor_id, slots.c.history, slots.c.window_start, slots.c.due_at)
    )
    waiting = sa.select(slots.c.due_at).where(slots.c.due_at >= since, slots.c.state.in_(["due", "claimed"]))
    engine = open_engine(store, purpose="store", read_only=True)
    with engine.connect() as connection:
        found = defaultdict(list)
        for due_at, finished_at in connection.execute(query):
            found[due_at].append((finished_at - due_at).total_seconds())
        now = datetime.now(UTC)
        for row in connection.execute(waiting):
            if row.due_at < now:
                # Those that wait are as late as they have waited so far.
                found[row.due_at].append((now - row.due_at).total_seconds())
    engine.dispose()
    return dict(found)


def _read_size(store: str) -> int:
    address = sa.make_url(store)
    if address.get_backend_name() == "sqlite":
        path = Path(str(address.database))
        return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
    engine = open_engine(store, purpose="store", read_only=True)
    questions = {
        "postgresql": "SELECT pg_database_size(current_database())",
        "mysql": "SELECT SUM(data_length + index_length) FROM information_schema.tables "
        "WHERE table_schema = DATABASE()",
    }
    with engine.connect() as connection:
        found = connection.exec_driver_sql(questions[address.get_backend_name()]).scalar_one()
    engine.dispose()
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
