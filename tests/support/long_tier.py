"""The long tier of `driftwatch torture`: until so many kills, pauses, crashes and restarts, on each database.

Run it with `make torture`, or `make torture ARGS="--store postgresql --kills 200"`. Every round is a run of
the harness with a seed of its own on a new empty database; PostgreSQL and MariaDB are servers of its own,
which are brought down while they work, and SQLite files are locked by somebody else instead. It ends with 1
where anything that is promised did not hold, or not as much befell the daemons as was asked for.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.engine import make_url

from driftwatch.net.engines import open_engine
from driftwatch.torture.campaign import Run, Settings, run_campaign
from driftwatch.torture.report import summarise_run
from driftwatch.torture.troubles import IN_TURN, Plan
from tests.support.servers import Server, open_server

__all__ = ["OPENING", "main"]

KINDS = ("sqlite", "postgresql", "mariadb")
_LOCKED_SECONDS = 1.0
OPENING = tuple(
    f"{unit}.{edge}"
    for unit in ("app.claim_instance", "app.register", "reference.save")
    for edge in ("begun", "commit", "committed")
)
_MOST_ROUNDS, _MOST_TIMES = 60, 4
_SETTLE_SECONDS = 1200.0
"""A message that many crashes interrupted waits an hour of the hurried clock before it is tried again."""
_POINTS_SECONDS, _OPENING_SECONDS, _PATIENCE = 40.0, 4.0, 9.0
_ADMIN = {"postgresql": "postgres", "mariadb": "mysql"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How much must befall the daemons on each database; `each` is the crashes at every failpoint."""

    kills: int
    pauses: int
    restarts: int
    each: int


@dataclass(slots=True, kw_only=True)
class Tally:
    """What befell the daemons on one database so far, and what was found."""

    seeds: list[int] = field(default_factory=list)
    kills: int = 0
    pauses: int = 0
    restarts: int = 0
    reached: set[str] = field(default_factory=set)
    crashes: Counter[str] = field(default_factory=Counter)
    looked_at: Counter[tuple[str, str]] = field(default_factory=Counter)
    violations: Counter[tuple[str, str]] = field(default_factory=Counter)
    bad_seeds: list[int] = field(default_factory=list)

    def add(self, run: Run, restarts: int) -> None:
        """Add what came of one round."""
        self.seeds.append(run.seed)
        self.kills += run.counts.kills
        self.pauses += run.counts.pauses
        self.restarts += restarts
        self.reached |= set(run.reached)
        self.crashes += run.counts.crashes
        for one in run.findings:
            self.looked_at[one.invariant, one.what] += one.looked_at
            self.violations[one.invariant, one.what] += len(one.violations)
        self.reached |= set(OPENING)
        if not run.is_good:
            self.bad_seeds.append(run.seed)

    def list_rare(self, each: int) -> list[str]:
        """Return the failpoints that ended fewer than `each` daemons."""
        return sorted(point for point in self.reached if self.crashes[point] < each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where rounds run: `make_url` returns a new empty database, `trouble` befalls the database itself."""

    make_url: Callable[[], str]
    trouble: Callable[[], None]
    count: Callable[[], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every round on every database, print what came of it, and return 0 where all held."""
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--store", action="append", choices=KINDS, help="one database; all three by default")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--pauses", type=int, default=200)
    parser.add_argument("--restarts", type=int, default=50, help="of the server, where there is one")
    parser.add_argument("--each", type=int, default=5, help="crashes at every failpoint")
    parser.add_argument("--seconds", type=float, default=150.0, help="how long a round brings trouble")
    parser.add_argument("--monitors", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    wanted = Wanted(kills=chosen.kills, pauses=chosen.pauses, restarts=chosen.restarts, each=chosen.each)
    settings = Settings(
        seed=chosen.seed, seconds=chosen.seconds, monitors=chosen.monitors, settle_seconds=_SETTLE_SECONDS
    )
    good = [_torture(kind, wanted, settings) for kind in chosen.store or KINDS]
    return 0 if all(good) else 1


def _torture(kind: str, wanted: Wanted, settings: Settings) -> bool:
    tally, began = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"driftwatch-{kind}-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with _open_place(kind, folder) as place, contextlib.suppress(KeyboardInterrupt):
            idle = 0
            for number in range(_MOST_ROUNDS):
                plan = _choose_plan(tally, wanted, place, has_server=kind != "sqlite")
                if plan is None:
                    break
                seconds = settings.seconds if plan.kill_share else min(settings.seconds, _POINTS_SECONDS)
                if plan.opening and not plan.points and tally.reached - set(OPENING):
                    # Only what new stores pass is wanting: it is passed before anything falls due.
                    seconds = _OPENING_SECONDS
                seed, url = settings.seed + number, place.make_url()
                # What few monitors pass seldom, more of them pass sooner.
                monitors = settings.monitors * min(_MOST_TIMES, 1 + idle)
                round_settings = replace(
                    settings, seed=seed, seconds=seconds, store_url=url, plan=plan, monitors=monitors
                )
                before = tally.crashes.total()
                _run_round(kind, round_settings, folder / f"round{number}", place, tally)
                idle += tally.crashes.total() == before
    return _report(kind, tally, wanted, time.monotonic() - began)


def _choose_plan(tally: Tally, wanted: Wanted, place: Place, *, has_server: bool) -> Plan | None:
    """Return what befalls the daemons in the next round, None once there was enough of everything."""
    restarts = wanted.restarts if has_server else 0
    if tally.kills < wanted.kills or tally.pauses < wanted.pauses or tally.restarts < restarts:
        return Plan(pause_share=0.2, kill_share=0.8, hazards=(place.trouble,), hazard_every=7.0)
    rare = tally.list_rare(wanted.each)
    if tally.reached and not rare:
        return None
    # What is passed but once in the life of a store is met by the first daemons of each round.
    opening = tuple(point for point in OPENING if tally.crashes[point] < wanted.each)
    points = tuple(point for point in rare if point not in opening)
    return replace(
        IN_TURN,
        replicas=3,
        points=points,
        each=wanted.each,
        opening=opening,
        # What is passed seldom is met by every daemon that passes it, and needs daemons that live longer.
        together=True,
        armed_seconds=_PATIENCE,
    )


def _run_round(kind: str, settings: Settings, folder: Path, place: Place, tally: Tally) -> None:
    folder.mkdir()
    before = place.count()
    run = run_campaign(settings, folder)
    tally.add(run, place.count() - before)
    print(kind, *summarise_run(run), f"rare so far: {tally.list_rare(5)}", sep="\n  ", flush=True)
    if not run.is_good:
        kept = Path(tempfile.mkdtemp(prefix=f"driftwatch-{kind}-{run.seed}-")) / "daemons.log"
        kept.write_bytes(run.log.read_bytes())
        print(f"  the log of this round is kept in {kept}", flush=True)


def _report(kind: str, tally: Tally, wanted: Wanted, seconds: float) -> bool:
    rare = tally.list_rare(wanted.each)
    fewest = min((tally.crashes[point] for point in tally.reached), default=0)
    print(
        f"\n{kind}: {len(tally.seeds)} rounds in {seconds / 60:.0f} minutes, seeds {tally.seeds[0]} to "
        f"{tally.seeds[-1]}: {tally.kills} kills, {tally.pauses} pauses, {tally.restarts} restarts of the "
        f"server, {sum(tally.crashes.values())} crashes at {len(tally.reached)} failpoints, at each "
        f"{fewest} or more"
    )
    for (invariant, what), count in tally.looked_at.items():
        print(f"  {invariant}  {what:<45} {tally.violations[invariant, what]} of {count:,}")
    for name, missing in (("rare failpoints", rare), ("bad seeds", tally.bad_seeds)):
        if missing:
            print(f"  {name}: {missing}")
    enough = tally.kills >= wanted.kills and tally.pauses >= wanted.pauses and not rare
    enough = enough and (kind == "sqlite" or tally.restarts >= wanted.restarts)
    print(f"  {'All held.' if enough and not tally.bad_seeds else 'NOT all held.'}\n", flush=True)
    return enough and not tally.bad_seeds


@contextlib.contextmanager
def _open_place(kind: str, folder: Path) -> Iterator[Place]:
    if kind == "sqlite":
        files: list[Path] = []

        def choose_file() -> str:
            files.append(folder / f"store{len(files)}.db")
            return f"sqlite:///{files[-1]}"

        yield Place(make_url=choose_file, trouble=lambda: _lock(files[-1]), count=lambda: 0)
        return
    with open_server(kind, folder / "server") as server:
        numbers = iter(range(_MOST_ROUNDS))
        yield Place(
            make_url=lambda: _create_database(kind, server, f"round{next(numbers)}"),
            trouble=server.crash,
            count=lambda: server.crashes,
        )


def _create_database(kind: str, server: Server, name: str) -> str:
    address = make_url(server.url(_ADMIN[kind]))
    engine = open_engine(address.render_as_string(hide_password=False), purpose="store")
    options = " CHARACTER SET utf8mb4" if kind == "mariadb" else ""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}{options}")
    engine.dispose()
    return server.url(name)


def _lock(file: Path) -> None:
    """Hold the only right to write for a while, as a copy or a curious person would."""

    def hold() -> None:
        connection = sqlite3.connect(file, timeout=5.0, isolation_level=None)
        with contextlib.closing(connection), contextlib.suppress(sqlite3.OperationalError):
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(_LOCKED_SECONDS)
            connection.execute("ROLLBACK")

    threading.Thread(target=hold, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
