"""Deliveries: what was sent to whom, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from driftwatch.errors import UsageError
from driftwatch.jobs.as_json import build_delivery_json, build_full_delivery_json
from driftwatch.jobs.queues import build_queues_json
from driftwatch.store.delivery import DeliveryRow, DeliveryState
from driftwatch.store.outbox import find_delivery as find_row
from driftwatch.store.outbox import list_attempts
from driftwatch.store.pages import WantedDeliveries, page_deliveries
from driftwatch.store.queues import list_queues
from driftwatch.web.access import Scope, need
from driftwatch.web.api.answers import answer
from driftwatch.web.api.paging import Part
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.deliveries import Deliveries, FoundDelivery
from driftwatch.web.api.values import PLAIN, Text
from driftwatch.web.house import Here, House

__all__ = ["DeliveryId", "need_delivery", "router", "show_delivery"]

router = open_router("deliveries")

_READ = [need(Scope.READ)]

DeliveryId = Annotated[str, Path(max_length=64, pattern=PLAIN, description="The delivery's id.")]


@router.get("/deliveries", response_model=Deliveries, dependencies=_READ)
def list_deliveries(
    house: Here,
    part: Part,
    *,
    state: DeliveryState | None = None,
    channel: Text = "",
) -> Response:
    """List deliveries, the newest first, and what waits at each channel."""
    now, seen = house.now(), part.read(datetime, str)
    wanted = WantedDeliveries(state=state, channel=channel or None)
    rows, total = house.read(lambda tx: page_deliveries(tx, wanted, at_most=part.limit + 1, before=seen))
    shown, more = part.cut(rows)
    last = (shown[-1].created_at, shown[-1].id) if more else ()
    document = {
        "schema": "driftwatch.deliveries/v1",
        "deliveries": [build_delivery_json(row) for row in shown],
        "destinations": build_queues_json(house.read(lambda tx: list_queues(tx, now))),
        "total": total,
    }
    return part.answer(document, *last)


@router.get("/deliveries/{delivery}", response_model=FoundDelivery, dependencies=_READ)
def find_delivery(request: Request, house: Here, delivery: DeliveryId) -> Response:
    """Show one delivery with what it says and every try to send it."""
    return show_delivery(request, house, delivery)


def show_delivery(request: Request, house: House, delivery: str) -> Response:
    """Return one delivery as the answer."""
    row = need_delivery(house, delivery)
    tries = house.read(lambda tx: list_attempts(tx, row.id))
    return answer(request, build_full_delivery_json(row, tries))


def need_delivery(house: House, delivery: str) -> DeliveryRow:
    """Return a delivery. Raises UsageError where there is none with this id."""
    row = house.read(lambda tx: find_row(tx, delivery))
    if row is None:
        raise UsageError(f"there is no delivery {delivery!r}; `driftwatch delivery list` shows them")
    return row
