"""The demo from beginning to end: build, replay, tell, ask for retraining, sum up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from driftwatch.app import App, open_app
from driftwatch.config.loading import load_config
from driftwatch.demo.flights import build_warehouse
from driftwatch.demo.receiver import Receiver
from driftwatch.incidents.finding import VerdictWord
from driftwatch.jobs.cases import Case, list_cases
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.replay import Seen, choose_windows, replay_windows
from driftwatch.jobs.retrain import request_due
from driftwatch.jobs.slices import search_due
from driftwatch.jobs.windows import due_at
from driftwatch.net.signing import generate_secret
from driftwatch.profiles.reference import Skipped

__all__ = ["FIRST_DAY", "LAST_DAY", "Told", "count_words", "play"]

MONITOR = "flight-delays"
FIRST_DAY, LAST_DAY = date(2013, 2, 1), date(2013, 12, 31)
"""The days that can be judged: those after the reference."""

CONFIG = """\
# The configuration of the demo. Change it, then: driftwatch validate -c {folder}/driftwatch.yaml
version: 1
store: {{url: "sqlite:///{folder}/driftwatch.db"}}
channels:
  receiver: {{kind: webhook, url: "{receiver}/notices", secret: "${{file:receiver.secret}}"}}
triggers:
  retrain: {{kind: http, url: "{receiver}/retrain", secret: "${{file:receiver.secret}}"}}
monitors:
  - id: {monitor}
    title: Flight delays
    owner: data-platform
    source:
      kind: sql
      url: "sqlite:///{folder}/warehouse.db"
      table: flights
      time_column: time_hour
    window: 1d
    timezone: America/New_York
    reference: {{from: 2013-01-01, to: 2013-02-01}}
    false_pages: {{at_most: 1, per: 30d}}   # no limit is set by hand: this is the promise
    resolve_after: 3
    model: {{name: delay, version: "2013.1", trained_at: 2013-01-31}}
    notify: [receiver]
    retrain: {{trigger: retrain, when: [drift], after: 3, cooldown: 30d}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the demo found and told, for its summary; `ended_at` is when its last window was looked at."""

    seen: Sequence[Seen]
    cases: Sequence[Case]
    skipped: Sequence[Skipped]
    notices: int
    retrains: int
    refused: int
    seconds: float
    ended_at: datetime


def play(
    folder: Path,
    say: Callable[[str], None],
    follow: Callable[[Iterable[Seen], int], Iterable[Seen]],
    *,
    until: date = LAST_DAY,
) -> tuple[Told, Receiver]:
    """Play the demo in `folder`, whose earlier demo is replaced; return what happened and the receiver.

    `say` prints a line, `follow` shows the progress of what it passes on. `until` is the last day that is
    judged, one from FIRST_DAY to LAST_DAY. The receiver goes on listening.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("driftwatch.db", "warehouse.db"):
        for ending in ("", "-wal", "-shm", ".lock"):
            (folder / f"{name}{ending}").unlink(missing_ok=True)
    say("Loading the flights of 2013 into a SQLite warehouse …")
    rows = build_warehouse(folder / "warehouse.db")
    secret = generate_secret()
    secret_file = folder / "receiver.secret"
    secret_file.unlink(missing_ok=True)
    secret_file.touch(mode=0o600)
    secret_file.write_text(secret, encoding="ascii")
    receiver = Receiver(secret, say)
    config = folder / "driftwatch.yaml"
    config.write_text(
        CONFIG.format(folder=folder.absolute(), receiver=receiver.url, monitor=MONITOR), encoding="utf-8"
    )
    days = "the other days" if until == LAST_DAY else f"the days until {until}"
    say(f"{rows:,} flights. Reference: January. Judging {days}, one window a day …")
    app = open_app(load_config(config))
    try:
        return _replay(app, receiver, follow, until), receiver
    finally:
        app.close()


def _replay(
    app: App, receiver: Receiver, follow: Callable[[Iterable[Seen], int], Iterable[Seen]], until: date
) -> Told:
    started = time.monotonic()
    monitor = app.find_monitor(MONITOR)
    watch = app.watch(monitor)
    start, end = (
        datetime.combine(day, datetime.min.time(), ZoneInfo(monitor.timezone))
        for day in (FIRST_DAY, until + timedelta(days=1))
    )
    windows = choose_windows(monitor, app.parts.clock.now(), start=start, end=end)
    seen = []
    for one in follow(replay_windows(app.parts, watch, windows, notify="all"), len(windows)):
        seen.append(one)
        deliver_due(app.parts)
        request_due(app.parts)
        search_due(app.parts, [watch])
    return Told(
        seen=seen,
        cases=list_cases(app.database, app.config.monitors, every=True),
        skipped=watch.reference.skipped,
        notices=sum(count for name, count in receiver.counted.items() if name.startswith("incident.")),
        retrains=receiver.counted["retrain.requested"],
        refused=receiver.refused,
        seconds=time.monotonic() - started,
        ended_at=due_at(windows[-1], monitor.delay),
    )


def count_words(seen: Sequence[Seen]) -> dict[str, int]:
    """Return how many windows had each verdict, worst first."""
    words = [one.verdict.word for one in seen if one.verdict is not None]
    return {word.value: words.count(word) for word in VerdictWord if word in words}
