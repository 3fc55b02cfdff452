"""The digest of a week: what was watched, what was found and what was not watched, for an owner or all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from driftwatch.incidents.week import Week, WeekSection, describe_week, title_week
from driftwatch.jobs.turns import Weekly
from driftwatch.jobs.week import list_owners, read_week
from driftwatch.web.access import Scope, need
from driftwatch.web.frame import render
from driftwatch.web.house import Here, House

__all__ = ["DigestPage", "router"]

router = APIRouter()

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose week, an empty word for all, and which: the one that ended last, or this one so far."""

    owner: Annotated[str, Query(max_length=200)] = ""
    week: Annotated[str, Query(pattern="^(this|last)$")] = "this"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPage:
    """Everything on the page of a week; `links` are the numbers of the incidents in it."""

    title: str
    sections: tuple[WeekSection, ...]
    links: tuple[tuple[int, str], ...]
    since: datetime
    until: datetime


@router.get("/digest", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_digest(request: Request, house: Here, wanted: Annotated[Wanted, Depends()]) -> HTMLResponse:
    """Show what happened this week so far, or last week."""
    page = _build_page(_read(house, wanted))
    frame = house.frame("This week" if wanted.week == "this" else "Last week", "digest")
    values = {"page": page, "wanted": wanted, "owners": list_owners(house.monitors)}
    return render(request, "digest.html", frame, values)


def _read(house: House, wanted: Wanted) -> Week:
    now = house.now()
    begun = _find_schedule(house, wanted.owner or None).find_last(now)
    since, until = (begun, now) if wanted.week == "this" else (begun - _WEEK, begun)
    return house.read(lambda tx: read_week(tx, house.monitors, wanted.owner or None, since, until))


def _find_schedule(house: House, owner: str | None) -> Weekly:
    """Return when the owner's weeks begin: with the digest that is sent, else on Monday morning."""
    plans = house.app.config.digests
    return next((plan.when for plan in plans if plan.owner == owner), Weekly())


def _build_page(week: Week) -> DigestPage:
    return DigestPage(
        title=title_week(week),
        sections=describe_week(week),
        links=tuple((one.incident.id or 0, one.title) for one in week.open_now[:10]),
        since=week.since,
        until=week.until,
    )
