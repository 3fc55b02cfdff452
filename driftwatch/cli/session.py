"""What most commands begin with: their common options, and the configuration at work."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.errors import UsageError

if TYPE_CHECKING:
    from driftwatch.app import App
    from driftwatch.store.monitors import MonitorRow

__all__ = [
    "ConfigOption",
    "Output",
    "OutputOption",
    "log_to_stderr",
    "need_row",
    "open_session",
    "read_moment",
]


class Output(StrEnum):
    """What is printed on standard output."""

    TEXT = "text"
    JSON = "json"


ConfigOption = Annotated[
    Path, typer.Option("-c", "--config", envvar="DRIFTWATCH_CONFIG", help="The configuration file.")
]
OutputOption = Annotated[Output, typer.Option("-o", "--output", help="Text for people or JSON for scripts.")]


@contextmanager
def open_session(config: Path) -> Iterator[App]:
    """Yield the configuration in `config` at work on its store, and close it afterwards."""
    from driftwatch.app import open_app
    from driftwatch.config.loading import load_config

    app = open_app(load_config(config))
    try:
        yield app
    finally:
        app.close()


def need_row(app: App, name: str) -> MonitorRow:
    """Return what the store knows of the monitor called `name`.

    Raises UsageError where neither the configuration nor the store knows it, or where it never started.
    """
    from driftwatch.store.monitors import find_monitor

    row = app.database.read(lambda tx: find_monitor(tx, name))
    if row is None:
        app.find_monitor(name)
        raise UsageError(
            f"{name} has not been started yet; `driftwatch check {name}` or `driftwatch serve` does"
        )
    return row


def read_moment(text: str | None, timezone: str = "UTC") -> datetime | None:
    """Return a time given on the command line, in `timezone` where it names none; None for None."""
    from zoneinfo import ZoneInfo

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a time; write 2013-02-08 or 2013-02-08T06:00:00Z") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
    return aware.astimezone(UTC)


def log_to_stderr(level: int = logging.INFO) -> None:
    """Send log lines to standard error, one line each, times in UTC."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = _to_utc
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("driftwatch").setLevel(level)


def _to_utc(seconds: float | None) -> time.struct_time:
    return time.gmtime(seconds)
