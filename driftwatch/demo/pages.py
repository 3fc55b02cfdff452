"""The pages of the demo, as they were when its year was over: time stands still in them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from driftwatch.app import App, open_app
from driftwatch.config.loading import load_config
from driftwatch.config.web import Listen
from driftwatch.errors import ConfigError
from driftwatch.jobs.heartbeat import Beat, beat
from driftwatch.web.server import WebServer, open_pages

__all__ = ["StoppedClock", "open_demo_pages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedClock:
    """Shows one moment for ever."""

    at: datetime

    def now(self) -> datetime:
        """Return the moment."""
        return self.at

    def monotonic(self) -> float:
        """Return the seconds of the machine's monotonic clock."""
        return time.monotonic()


def open_demo_pages(folder: Path, at: datetime) -> tuple[App, WebServer]:
    """Begin to serve the pages of the demo in `folder` as they were `at` a moment; return what to close."""
    app = open_app(load_config(folder / "driftwatch.yaml"), clock=StoppedClock(at=at))
    app.apply_config()
    # The replay was the daemon of that time, and nothing was wrong with it.
    beat(app.database, Beat(at=at, owner=app.parts.owner, config=app.config.fingerprint))
    try:
        return app, open_pages(lambda: app)
    except ConfigError:
        # Somebody has the usual port, a daemon perhaps: any other will do.
        return app, open_pages(lambda: app, Listen(host="127.0.0.1", port=0))
