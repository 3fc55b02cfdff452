"""What production is compared with: the versions of every monitor's reference, and two side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse

from driftwatch.incidents.stamps import read_stamp
from driftwatch.incidents.words import join_words, say_moment
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.versions import compare_versions, fingerprint_reference, need_version
from driftwatch.profiles.window import Window
from driftwatch.store.references import ReferenceRow, ReferenceState, list_versions
from driftwatch.web.access import Scope, need
from driftwatch.web.frame import render
from driftwatch.web.house import Here, House
from driftwatch.web.paging import Leaf, PageNumber, build_leaf, cut
from driftwatch.web.windows import Shape

__all__ = ["STATES", "Name", "Version", "router", "say_source"]

router = APIRouter()

Name = Annotated[str, Path(max_length=200)]

STATES: Final = {
    ReferenceState.ACTIVE: Shape(mark="●", word="judges", tone="calm"),
    ReferenceState.CANDIDATE: Shape(mark="○", word="waits to be promoted", tone="warn"),
    ReferenceState.RETIRED: Shape(mark="∙", word="judged before, or of an earlier history", tone="quiet"),
}
"""How each state of a version looks."""

_MOST_BLOCKS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version in the list: what it was built from, in words, and whether it may judge again."""

    row: ReferenceRow
    shape: Shape
    source: str
    may_judge: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorVersions:
    """A monitor with the version that judges it, None before its first start, and how many others wait."""

    monitor: Monitor
    active: Version | None
    waiting: int
    versions: int


@router.get("/references", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_references(
    request: Request,
    house: Here,
    page: PageNumber = 1,
    q: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Show what every monitor is compared with."""
    fitting = [one for one in house.monitors if q.lower() in f"{one.id} {one.title or ''}".lower()]
    leaf = cut(fitting, page)
    values = {"leaf": _fill(house, leaf), "q": q, "request": request, "states": STATES}
    return render(request, "references.html", house.frame("References", "references"), values)


def _fill(house: House, leaf: Leaf[Monitor]) -> Leaf[MonitorVersions]:
    known = house.read(lambda tx: list_versions(tx, [one.id for one in leaf.items]))
    rows = [_sum_up(one, known.get(one.id, ())) for one in leaf.items]
    return build_leaf(rows, leaf.number, leaf.total)


def _sum_up(monitor: Monitor, rows: tuple[ReferenceRow, ...] | list[ReferenceRow]) -> MonitorVersions:
    versions = _describe(rows)
    return MonitorVersions(
        monitor=monitor,
        active=next((one for one in versions if one.row.state is ReferenceState.ACTIVE), None),
        waiting=sum(one.row.state is ReferenceState.CANDIDATE for one in versions),
        versions=len(versions),
    )


def _describe(rows: tuple[ReferenceRow, ...] | list[ReferenceRow]) -> list[Version]:
    """Return versions as they are listed, the newest first."""
    history = max((row.history for row in rows), default=0)
    return [
        Version(
            row=row,
            shape=STATES[row.state],
            source=say_source(row.spec),
            may_judge=row.history == history and row.state is not ReferenceState.ACTIVE,
        )
        for row in reversed(rows)
    ]


def say_source(spec: Mapping[str, Any]) -> str:
    """Return in words what a version was built from.

    >>> say_source({"from": "2013-01-01T00:00:00Z", "to": "2013-02-01T00:00:00Z", "source": None})
    '2013-01-01 00:00 UTC to 2013-02-01 00:00 UTC'
    """
    accepted = spec.get("accepted", [])
    start, end = spec.get("from"), spec.get("configured_to") or spec.get("to")
    said = f"{_say(start)} to {_say(end)}" if start and end else "every row of its source"
    if spec.get("source"):
        said += ", of another source"
    for one in accepted:
        columns = join_words(one["columns"], at_most=5)
        said += f"; {columns} from incident #{one['incident']}, {_say(one['from'])} to {_say(one['to'])}"
    return said


def _say(stamp: str) -> str:
    return say_moment(read_stamp(stamp))


@router.get("/references/{name}", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_versions(request: Request, house: Here, name: Name, page: PageNumber = 1) -> HTMLResponse:
    """Show every version of a monitor's reference."""
    monitor = house.app.find_monitor(name)
    rows = house.read(lambda tx: list_versions(tx, [name])).get(name, [])
    versions = _describe(rows)
    retired = [one for one in versions if one.row.state is ReferenceState.RETIRED and one.may_judge]
    values = {
        "monitor": monitor,
        "leaf": cut(versions, page),
        "can_roll_back": any(one.row.promoted_at for one in retired),
        "choices": [one.row.version for one in versions],
        "request": request,
    }
    title = f"Reference of {monitor.title or name}"
    return render(request, "reference.html", house.frame(title, "references"), values)


@router.get("/references/{name}/compare", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_difference(
    request: Request,
    house: Here,
    name: Name,
    one: Annotated[int, Query(ge=1, le=2**31 - 1)],
    other: Annotated[int, Query(ge=1, le=2**31 - 1)],
) -> HTMLResponse:
    """Show two versions side by side: every column with how far it is from the other's."""
    monitor = house.app.find_monitor(name)
    first, second = (need_version(house.app.parts, monitor, number) for number in (one, other))
    found = compare_versions(first, second)
    values = {
        "monitor": monitor,
        "sides": [
            (number, side.total.rows, len(side.blocks), fingerprint_reference(side))
            for number, side in ((one, first), (other, second))
        ],
        "differences": found[:200],
        "more": max(0, len(found) - 200),
        "same": sum(not each.why and not each.moved_share and not each.ks and not each.psi for each in found),
        "total": len(found),
    }
    title = f"Versions {one} and {other} of the reference of {monitor.title or name}"
    return render(request, "reference_compare.html", house.frame(title, "references"), values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One block of time in a version, None where it is all of it, and its rows."""

    window: Window | None
    rows: int


@router.get("/references/{name}/{version}", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_version(
    request: Request, house: Here, name: Name, version: Annotated[int, Path(ge=1, le=2**31 - 1)]
) -> HTMLResponse:
    """Show one version: its columns, its blocks of time, and its fingerprint."""
    monitor = house.app.find_monitor(name)
    reference = need_version(house.app.parts, monitor, version)
    rows = house.read(lambda tx: list_versions(tx, [name])).get(name, [])
    found = next(one for one in _describe(rows) if one.row.version == version)
    blocks = [Stretch(window=one.window, rows=one.profile.rows) for one in reference.blocks]
    total = reference.total
    values = {
        "monitor": monitor,
        "version": found,
        "fingerprint": fingerprint_reference(reference),
        "columns": [(column, total.columns[column]) for column in list(reference.grids)[:200]],
        "more_columns": max(0, len(reference.grids) - 200),
        "blocks": blocks[-_MOST_BLOCKS:],
        "more_blocks": max(0, len(blocks) - _MOST_BLOCKS),
    }
    title = f"Version {version} of the reference of {monitor.title or name}"
    return render(request, "reference_version.html", house.frame(title, "references"), values)
