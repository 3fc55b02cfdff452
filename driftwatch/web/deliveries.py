"""What was sent to whom, and what became of it: the list, and the page of one delivery."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from driftwatch.channels.contract import Message
from driftwatch.errors import UsageError
from driftwatch.jobs.messages import read_message
from driftwatch.store.delivery import Attempt, DeliveryRow, DeliveryState
from driftwatch.store.outbox import find_delivery, list_attempts, retry_deliveries
from driftwatch.store.pages import WantedDeliveries, page_deliveries
from driftwatch.store.queues import list_queues
from driftwatch.web.access import Scope, need
from driftwatch.web.forms import Sent, find_token, find_who, keep_who
from driftwatch.web.frame import render
from driftwatch.web.house import Here, House
from driftwatch.web.paging import PAGE, PageNumber, build_leaf
from driftwatch.web.windows import Shape

__all__ = ["DELIVERY_SHAPES", "DeliveryPage", "read_delivery", "router"]

router = APIRouter()

DELIVERY_SHAPES: Final = {
    DeliveryState.PENDING: Shape(mark="…", word="waits", tone="warn"),
    DeliveryState.SENDING: Shape(mark="→", word="on its way", tone="warn"),
    DeliveryState.DELIVERED: Shape(mark="✓", word="delivered", tone="calm"),
    DeliveryState.DEAD: Shape(mark="✖", word="not delivered", tone="bad"),
    DeliveryState.SUPPRESSED: Shape(mark="⊘", word="kept back", tone="quiet"),
    DeliveryState.EXPIRED: Shape(mark="∙", word="overtaken", tone="quiet"),
}
"""How each state of a delivery looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    """Everything on the page of a delivery: the words of the message, and its body laid out for reading."""

    row: DeliveryRow
    attempts: tuple[Attempt, ...]
    message: Message
    body: str
    now: datetime


@router.get("/deliveries", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_deliveries(
    request: Request,
    house: Here,
    page: PageNumber = 1,
    state: Annotated[DeliveryState | str, Query()] = "",
    channel: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Show deliveries, the newest first, and what waits at each channel."""
    now = house.now()
    wanted = WantedDeliveries(state=state or None, channel=channel or None)
    rows, total = house.read(lambda tx: page_deliveries(tx, wanted, at_most=PAGE, skip=(page - 1) * PAGE))
    frame = house.frame("Deliveries", "deliveries")
    return render(
        request,
        "deliveries.html",
        frame,
        {
            "leaf": build_leaf(rows, page, total),
            "queues": house.read(lambda tx: list_queues(tx, now)),
            "channels": sorted(house.app.config.destinations),
            "tested": sorted(house.app.config.channels),
            "states": DELIVERY_SHAPES,
            "chosen": {"state": state, "channel": channel},
            "now": now,
            "request": request,
        },
    )


@router.get("/deliveries/{delivery_id}", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_delivery(
    request: Request, house: Here, delivery_id: Annotated[str, Path(max_length=64)]
) -> HTMLResponse:
    """Show one delivery with every try."""
    found = read_delivery(house, delivery_id)
    frame = house.frame(f"Delivery to {found.row.channel}", "deliveries")
    values = {
        "page": found,
        "states": DELIVERY_SHAPES,
        "token": find_token(request),
        "who": find_who(request),
    }
    return render(request, "delivery.html", frame, values)


@router.post(
    "/deliveries/{delivery_id}/retry", response_class=HTMLResponse, dependencies=[need(Scope.OPERATE)]
)
def retry(
    request: Request, house: Here, sent: Sent, delivery_id: Annotated[str, Path(max_length=64)]
) -> Response:
    """Have a message that did not arrive, or waits, sent again at once."""
    read_delivery(house, delivery_id)
    now = house.now()
    if not house.app.database.write(lambda tx: retry_deliveries(tx, ids=[delivery_id], now=now)):
        raise HTTPException(409, "It has arrived, or was not to be sent: there is nothing to send again.")
    back = f"{request.scope.get('root_path', '')}/deliveries/{delivery_id}"
    response = RedirectResponse(back, status_code=303)
    keep_who(request, response, sent["who"])
    return response


def read_delivery(house: House, delivery_id: str) -> DeliveryPage:
    """Return the page of a delivery. Raises UsageError where there is none with this id."""
    row = house.read(lambda tx: find_delivery(tx, delivery_id))
    if row is None:
        raise UsageError(f"there is no delivery {delivery_id!r}")
    message = read_message(row)
    return DeliveryPage(
        row=row,
        attempts=tuple(house.read(lambda tx: list_attempts(tx, delivery_id))),
        message=message,
        body=json.dumps(message.payload, indent=2, ensure_ascii=False),
        now=house.now(),
    )
