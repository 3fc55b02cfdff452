"""Silences kept and ended, and what one would hide."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import sqlalchemy as sa
from fastapi import Query, Request
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from driftwatch.errors import UsageError
from driftwatch.incidents.incident import IncidentKind, Severity
from driftwatch.incidents.silences import Matchers, Silence
from driftwatch.jobs.as_json import build_matchers_json, build_silence_json
from driftwatch.jobs.moments import choose_zone
from driftwatch.store.silences import add_silence, count_hidden, expire_silence, find_equal, list_silences
from driftwatch.web.access import Scope, need
from driftwatch.web.api.answers import answer, reply
from driftwatch.web.api.changing import CHANGES, Actor, By, Length, Line, Words, name_actor, read_length
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.silences import KeptSilence, Preview
from driftwatch.web.api.values import Number, Text, read_moment
from driftwatch.web.house import Here, House
from driftwatch.web.silencing import list_hidden

__all__ = ["router"]

router = open_router("silences")

_USUAL_LENGTH: Final = "4h"

Moment = Annotated[str, Field(max_length=40, examples=["2013-02-08T18:00:00Z"])]


class SilenceBody(By):
    """What is to be heard of by nobody, for how long and why; what is left out fits everything."""

    monitor: Line | None = None
    """A monitor; may hold `*`."""
    owner: Line | None = None
    kind: IncidentKind | None = None
    severity: Severity | None = None
    column: Line | None = None
    """Incidents of this column and no other; may hold `*`."""
    for_: Length | None = Field(default=None, alias="for")
    """How long; 4 hours where `to` is not given either."""
    from_: Moment | None = Field(default=None, alias="from")
    """When it begins; now without."""
    to: Moment | None = None
    """When it ends. Given, a silence that is sent twice is kept once."""
    reason: Words
    """Why, for those who hear nothing."""

    @property
    def matchers(self) -> Matchers:
        """What it is about."""
        return Matchers(
            monitor=self.monitor, owner=self.owner, kind=self.kind, severity=self.severity, column=self.column
        )


@router.get("/silences/preview", response_model=Preview, dependencies=[need(Scope.READ)])
def preview_silence(  # noqa: PLR0913 - one argument for each filter.
    request: Request,
    house: Here,
    *,
    monitor: Annotated[Text, Query(description="A monitor; may hold `*`.")] = "",
    owner: Text = "",
    kind: IncidentKind | None = None,
    severity: Severity | None = None,
    column: Annotated[Text, Query(description="This column and no other; may hold `*`.")] = "",
) -> Response:
    """Show what a silence would hide now; nothing is kept."""
    matchers = Matchers(
        monitor=monitor or None, owner=owner or None, kind=kind, severity=severity, column=column or None
    )
    document = {
        "schema": "driftwatch.silence_preview/v1",
        "matchers": build_matchers_json(matchers),
        "hides": [case.to_json() for case in list_hidden(house, matchers)],
    }
    return answer(request, document)


@router.post("/silences", response_model=KeptSilence, status_code=201, dependencies=CHANGES)
def add(house: Here, caller: Actor, body: SilenceBody) -> Response:
    """Keep back notices that fit everything given, at most for 30 days; what is over by then is not told."""
    silence = _build(house, body, name_actor(caller, body))

    def keep(tx: sa.Connection) -> Silence:
        # Who asks again because the answer was lost is given what was kept.
        return find_equal(tx, silence) or add_silence(tx, silence)

    try:
        return _show(house, house.app.database.write(keep), status=201)
    except UsageError as error:
        raise HTTPException(409, str(error)) from None


@router.post("/silences/{number}/expire", response_model=KeptSilence, dependencies=CHANGES)
def expire(house: Here, caller: Actor, number: Number, body: By) -> Response:
    """End a silence now; what it kept back and is still open is told."""
    who, now = name_actor(caller, body), house.now()
    if number not in {one.id for one in house.read(lambda tx: list_silences(tx, now, every=True))}:
        raise HTTPException(404, f"There is no silence {number}.")
    try:
        ended = house.app.database.write(lambda tx: expire_silence(tx, number, who, now))
    except UsageError as error:
        raise HTTPException(409, str(error)) from None
    return _show(house, ended, status=200)


def _show(house: House, silence: Silence, *, status: int) -> Response:
    hides = house.read(count_hidden)[silence.id or 0]
    document = {"schema": "driftwatch.silence/v1", "silence": build_silence_json(silence, hides)}
    return reply(document, status=status)


def _build(house: House, body: SilenceBody, who: str) -> Silence:
    now, zone = house.now(), choose_zone(house.monitors, body.monitor)
    starts_at = now if body.from_ is None else read_moment(body.from_, zone, field="body.from")
    return Silence(
        matchers=body.matchers,
        starts_at=starts_at,
        ends_at=_find_end(starts_at, body, zone),
        author=who,
        reason=body.reason,
        created_at=now,
    )


def _find_end(starts_at: datetime, body: SilenceBody, zone: str) -> datetime:
    if body.for_ is not None and body.to is not None:
        raise HTTPException(422, "body.for: say how long it lasts by `for` or by `to`, not both")
    if body.to is not None:
        return read_moment(body.to, zone, field="body.to")
    return starts_at + read_length(body.for_ or _USUAL_LENGTH, "body.for")
