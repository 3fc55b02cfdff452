"""`driftwatch serve`: the daemon on its store, with what runs beside it, until a signal ends it."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from types import FrameType
from typing import Protocol

from driftwatch.app import App, find_lock, open_app
from driftwatch.config.loading import Config
from driftwatch.daemon.daemon import Daemon
from driftwatch.errors import ConfigError, InstanceError, StoreError
from driftwatch.jobs.clock import read_running
from driftwatch.jobs.reader_pool import ReaderPool

__all__ = ["EXIT_CONFIG", "EXIT_STORE", "Beside", "serve"]

log = logging.getLogger("driftwatch.daemon")

EXIT_STORE, EXIT_CONFIG = 75, 78
"""Exit statuses of `serve`: the store is out of reach, the configuration is bad."""


class Beside(Protocol):
    """What runs beside a daemon in its process, until `close`."""

    def close(self) -> None:
        """End it, in a few seconds."""
        ...


def serve(
    load: Callable[[], Config],
    *,
    allow_multi: bool = False,
    open_beside: Callable[[Callable[[], App]], Beside] | None = None,
) -> int:
    """Run a daemon on the configuration that `load` returns until SIGTERM or SIGINT.

    Returns its exit status. SIGHUP has the configuration read again. `allow_multi` lets it be one of several
    on a store in one SQLite file; on a server any number may run. `open_beside` begins what runs beside it,
    and is given what returns the configuration at work; where it raises ConfigError the daemon runs alone.
    """
    try:
        config = load()
    except ConfigError as error:
        log.critical("configuration refused reason=%s", error)
        return EXIT_CONFIG
    try:
        app = open_app(config, reader=ReaderPool())
    except StoreError as error:
        log.critical("store not opened reason=%s", error)
        return EXIT_STORE
    except InstanceError as error:
        log.critical("store refused reason=%s", error)
        return EXIT_CONFIG
    lock = find_lock(config)
    if lock is not None and not lock.take() and not allow_multi:
        log.critical(
            "store refused reason=another daemon has %s; stop it, or let several work on one file with "
            "--allow-multi",
            app.database.place,
        )
        app.close()
        return EXIT_STORE
    app.database.set_checkpointing(lock is None or lock.held)
    daemon = Daemon(app, load, lock=lock, read_running=read_running)
    beside = None
    try:
        beside = None if open_beside is None else open_beside(lambda: daemon.app)
    except ConfigError as error:
        # Windows are judged and people are told all the same.
        log.error("pages not served reason=%s", error)  # noqa: TRY400 - the reason says it all.
    _answer_signals(daemon)
    try:
        return daemon.run()
    finally:
        if beside is not None:
            beside.close()


def _answer_signals(daemon: Daemon) -> None:
    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of signal handlers.
        daemon.stop()

    def reload(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of signal handlers.
        daemon.ask_reload()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, reload)
