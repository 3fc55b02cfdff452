"""The pages of the flights demo on the morning after the blizzard of February 2013, over a real server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from driftwatch.app import App
from driftwatch.demo.pages import open_demo_pages
from driftwatch.demo.story import play

__all__ = ["MORNING", "DemoSite", "open_demo_site", "play_blizzard"]

MORNING: Final = datetime(2013, 2, 10, 5, tzinfo=UTC)
"""When the second day of the blizzard was over in New York, and was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSite:
    """The pages, their configuration at work, and where they are."""

    app: App
    origin: str


def play_blizzard(folder: Path) -> None:
    """Play the demo in `folder` until the blizzard's second day: its incidents are open."""
    _, receiver = play(folder, lambda _line: None, lambda seen, _total: seen, until=date(2013, 2, 9))
    receiver.close()


@contextmanager
def open_demo_site(played: Path, folder: Path) -> Iterator[DemoSite]:
    """Return the pages of a copy, in `folder`, of the demo that was `played`: what is done stays in it."""
    for name in ("driftwatch.db", "receiver.secret"):
        shutil.copy(played / name, folder)
    # Nothing writes into the warehouse.
    (folder / "warehouse.db").symlink_to(played / "warehouse.db")
    config = (played / "driftwatch.yaml").read_text(encoding="utf-8")
    (folder / "driftwatch.yaml").write_text(config.replace(str(played), str(folder)), encoding="utf-8")
    app, server = open_demo_pages(folder, MORNING)
    try:
        yield DemoSite(app=app, origin=f"http://{server.listen}")
    finally:
        server.close()
        app.close()
