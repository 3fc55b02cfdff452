"""What is at work: settings with their lines, what a reload would change, who runs, and what is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from driftwatch.config.changes import compare_identities
from driftwatch.config.listing import GENERAL, Changed, Listed, list_changed
from driftwatch.config.loading import measure_digest, read_content
from driftwatch.errors import ConfigError
from driftwatch.jobs.heartbeat import list_beats
from driftwatch.store.monitors import list_monitors
from driftwatch.web.access import Scope, need
from driftwatch.web.frame import render
from driftwatch.web.house import Here, House
from driftwatch.web.installed import list_packages
from driftwatch.web.paging import PageNumber, cut

__all__ = ["Pending", "read_pending", "router"]

router = APIRouter()

_MOST_CHANGES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """How the file on disk differs from what is at work.

    `mistakes` are what is wrong in it, one line each; a reload is refused then. `monitors` says what becomes
    of each that does not simply go on.
    """

    differs: bool
    mistakes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    changes: tuple[Changed, ...] = ()
    monitors: tuple[str, ...] = ()


@router.get("/settings", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_settings(
    request: Request,
    house: Here,
    page: PageNumber = 1,
    part: Annotated[str, Query(max_length=200)] = GENERAL,
    q: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Show the settings of the file, or of one monitor, and everything else that is at work."""
    app, now = house.app, house.now()
    fitting = [one for one in app.config.list_settings() if _fits(one, part, q)]
    values = {
        "leaf": cut(fitting, page),
        "part": part,
        "q": q,
        "monitors": [one.id for one in house.monitors],
        "file": app.config.file,
        "config": app.config,
        "store": app.database.place,
        "beats": house.read(lambda tx: list_beats(tx, now)),
        "pending": read_pending(house),
        "retention": app.config.retention,
        "version": version("driftwatch"),
        "packages": list_packages(),
        "request": request,
    }
    return render(request, "settings.html", house.frame("Settings", "settings"), values)


def _fits(one: Listed, part: str, q: str) -> bool:
    if q:
        return q.lower() in f"{one.path} {one.value}".lower() and (not part or one.part == part)
    return one.part == part


def read_pending(house: House) -> Pending:
    """Return what a reload would change; nothing is read but the file."""
    config = house.app.config
    if config.file is None:
        return Pending(differs=False)
    try:
        digest = measure_digest(read_content(config.file))
    except ConfigError as error:
        return Pending(differs=True, mistakes=(str(error),))
    if digest == config.digest:
        return Pending(differs=False)
    found = house.readings.read(config.file, digest)
    if isinstance(found, ConfigError):
        return Pending(differs=True, mistakes=tuple(str(found).splitlines()))
    rows = house.read(list_monitors)
    known = {row.key: row.identity for row in rows if row.detached_at is None}
    said = [str(one) for one in compare_identities(known, found) if one.kind != "kept"]
    changes = list_changed(config.list_settings(), found.list_settings())
    return Pending(
        differs=True, warnings=found.warnings, changes=_bound(changes), monitors=tuple(said[:_MOST_CHANGES])
    )


def _bound(changes: Sequence[Changed]) -> tuple[Changed, ...]:
    return tuple(changes[:_MOST_CHANGES])
