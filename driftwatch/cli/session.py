"""What most commands begin with: their common options, and the configuration at work."""

from __future__ import annotations

import getpass
import logging
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwatch.cli.printing import clean_text
from driftwatch.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from driftwatch.app import App
    from driftwatch.net.secrets import Secret
    from driftwatch.store.monitors import MonitorRow

__all__ = [
    "ConfigOption",
    "Output",
    "OutputOption",
    "log_to_stderr",
    "need_row",
    "open_act",
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
def open_session(config: Path, *, dry_run: bool = False) -> Iterator[App]:
    """Yield the configuration in `config` at work on its store, and close it afterwards.

    A dry run works on an empty store of its own, which is gone in the end; the real one is not opened.
    """
    from driftwatch.app import open_app
    from driftwatch.config.loading import load_config

    with _show_warnings(), _make_store() if dry_run else nullcontext() as store:
        loaded = load_config(config)
        app = open_app(replace(loaded, store_url=store) if store else loaded)
        try:
            yield app
        finally:
            app.close()


@contextmanager
def open_act(
    config: Path, action: str, subject: object = "", *, by: str | None = None, **details: object
) -> Iterator[App]:
    """Yield the configuration at work for something that is kept with who did it, where it is done.

    `by` is who it is, without one whoever has the account; `details` are what was asked for besides.
    """
    from driftwatch.access.act import Act
    from driftwatch.access.caller import How
    from driftwatch.store.audit import recording

    with open_session(config) as app:
        act = Act(
            at=app.parts.clock.now(),
            actor=by or getpass.getuser(),
            how=How.COMMAND,
            action=action,
            subject=str(subject),
            address=socket.gethostname(),
            details={name: str(value) for name, value in details.items() if value is not None},
        )
        with recording(act):
            yield app


@contextmanager
def _make_store() -> Iterator[Secret]:
    from driftwatch.net.secrets import Secret

    with tempfile.TemporaryDirectory(prefix="driftwatch-") as folder:
        yield Secret.of_text(f"sqlite:///{folder}/dry-run.db")


@contextmanager
def _show_warnings() -> Iterator[None]:
    """Send warnings, and the notices of the channel `log`, to standard error."""
    ours, told = logging.getLogger("driftwatch"), logging.getLogger("driftwatch.channels.log")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LineFormatter("driftwatch: %(message)s"))
    ours.addHandler(handler)
    told.setLevel(logging.INFO)
    try:
        yield
    finally:
        told.setLevel(logging.NOTSET)
        ours.removeHandler(handler)


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
    from driftwatch.jobs.moments import parse_moment

    return None if text is None else parse_moment(text, timezone)


class _LineFormatter(logging.Formatter):
    """Writes a record as one line, whatever is in it; a traceback has lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name of the library.
        """Return the line of a record."""
        record.message = clean_text(record.message).replace("\n", " ")
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name of the library.
        """Return a traceback in which nothing steers a terminal."""
        return clean_text(super().formatException(ei))


def log_to_stderr(level: int = logging.INFO) -> None:
    """Send log lines to standard error, one line each, times in UTC."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = _LineFormatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = _to_utc
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("driftwatch").setLevel(level)


def _to_utc(seconds: float | None) -> time.struct_time:
    return time.gmtime(seconds)
