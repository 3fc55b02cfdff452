"""The files of a run: a source with every batch of the script, and a configuration."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from driftwatch.net.signing import generate_secret
from driftwatch.torture.script import WINDOW, Batch, Part, Script, draw_rows

__all__ = ["REFERENCE_WINDOWS", "World", "build_world"]

REFERENCE_WINDOWS = 6
"""How many windows before the first one are the reference."""

_STAMP = "%Y-%m-%d %H:%M:%S"
_QUERY = (
    "SELECT at, json_extract(doc, '$.x') AS x, y FROM batches "
    "WHERE monitor = '{name}' AND at >= :window_start AND at < :window_end"
)
_HEAD = """\
version: 1
store: {{url: "{store}"}}
channels:
{channels}
triggers:
  retrain: {{kind: http, url: "{receiver}/retrain", secret: "${{file:receiver.secret}}", timeout: 1s}}
# Of an incident that came and went nobody is told by default; here all that is promised must arrive.
collapse: false
monitors:
"""
_CHANNEL = (
    '  {name}: {{kind: webhook, url: "{receiver}/{name}", secret: "${{file:receiver.secret}}", timeout: 1s}}'
)
_MONITOR = """\
  - id: {name}
    source: {{kind: sql, url: "sqlite:///{folder}/source.db", query: "{query}", time_column: at}}
    window: 1m
    reference: {{from: "{begin}", to: "{end}"}}
    rules:
      - {{column: x, statistic: ks, limit: 0.7}}
      - {{column: y, statistic: missing_share, limit: 0.2}}
    patience: {{k: {k}, of: {of}}}
    resolve_after: {resolve_after}
    catch_up: {{policy: all, at_most: 100000}}
    reminders: []
    notify: [{notify}]
{retrain}{late}"""
_RETRAIN = "    retrain: {trigger: retrain, when: [drift], after: 1, cooldown: 1m}\n"


class World:
    """Where the files of a run are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "driftwatch.yaml"
        self.log = folder / "daemons.log"
        self.reached = folder / "reached.txt"
        self.fallen = folder / "fallen.txt"


def build_world(folder: Path, script: Script, *, store_url: str, receiver_url: str) -> World:
    """Write the source and the configuration of `script` into `folder`, and return where they are."""
    world = World(folder)
    _write_source(folder / "source.db", script)
    secret = folder / "receiver.secret"
    secret.touch(mode=0o600)
    secret.write_text(generate_secret(), encoding="ascii")
    channels = "\n".join(_CHANNEL.format(name=name, receiver=receiver_url) for name in script.channels)
    head = _HEAD.format(store=store_url, channels=channels, receiver=receiver_url)
    monitors = (_describe_monitor(folder, script, part, place) for place, part in enumerate(script.parts))
    world.config.write_text(head + "".join(monitors), encoding="utf-8")
    return world


def _describe_monitor(folder: Path, script: Script, part: Part, place: int) -> str:
    begin = script.first - REFERENCE_WINDOWS * WINDOW
    return _MONITOR.format(
        name=part.name,
        folder=folder,
        query=_QUERY.format(name=part.name),
        begin=begin.isoformat(),
        end=script.first.isoformat(),
        k=part.k,
        of=part.of,
        resolve_after=part.resolve_after,
        notify=", ".join(script.channels),
        retrain=_RETRAIN if place % 2 == 0 else "",
        late="    late: 5m\n" if place % 3 == 0 else "",
    )


def _write_source(file: Path, script: Script) -> None:
    connection = sqlite3.connect(file)
    with connection:
        connection.execute("CREATE TABLE batches (monitor TEXT, at TEXT, doc TEXT, y INTEGER)")
        connection.executemany("INSERT INTO batches VALUES (?, ?, ?, ?)", _list_rows(script))
        connection.execute("CREATE INDEX by_time ON batches (monitor, at)")
    connection.close()


def _list_rows(script: Script) -> Iterator[tuple[str, str, str, int | None]]:
    for place, part in enumerate(script.parts):
        batches = [Batch.CALM] * REFERENCE_WINDOWS + list(part.batches)
        for at, batch in enumerate(batches):
            start = script.first + (at - REFERENCE_WINDOWS) * WINDOW
            for moment, document, value in _place_rows(script.seed, place, at, batch, start):
                yield part.name, moment.strftime(_STAMP), document, value


def _place_rows(
    seed: int, place: int, at: int, batch: Batch, start: datetime
) -> Iterator[tuple[datetime, str, int | None]]:
    for row, (document, value) in enumerate(draw_rows([seed, place, at], batch)):
        yield start + timedelta(seconds=2 * row), document, value
