"""What a person can do with a channel: send a test message, and see whether it arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, Response

from driftwatch.errors import UsageError
from driftwatch.jobs.deliver import send_test
from driftwatch.web.access import Scope, need
from driftwatch.web.acting import Act, Action, Fields, send_act, show_act
from driftwatch.web.forms import Sent
from driftwatch.web.house import Here, House

__all__ = ["CHANNEL_ACTIONS", "router"]

router = APIRouter()

Name = Annotated[str, Path(max_length=200)]


def _test(house: House, name: str, _: Fields) -> str:
    row = send_test(house.app.parts, name)
    answer = f" (HTTP {row.last_status})" if row.last_status else ""
    why = f": {row.last_error}" if row.last_error else ""
    return f"The test message to {name} is {row.state.value}{answer}{why}."


CHANNEL_ACTIONS: Final[Mapping[str, Action[str]]] = {
    "test": Action(
        verb="Send test",
        consequence=(
            "A message that says it is a test is sent at once, to a disabled channel too. Whoever reads the "
            "channel sees it."
        ),
        take=_test,
        is_long=True,
    ),
}
"""What can be done with a channel, by the word in the address."""


@router.get("/channels/{name}/test", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_test(request: Request, house: Here, name: Name) -> HTMLResponse:
    """Show the form, and what came of the last test."""
    return show_act(request, _build_act(house, name))


@router.post("/channels/{name}/test", response_class=HTMLResponse, dependencies=[need(Scope.OPERATE)])
def send(request: Request, house: Here, sent: Sent, name: Name) -> Response:
    """Send a test message."""
    return send_act(request, _build_act(house, name), sent)


def _build_act(house: House, name: str) -> Act[str]:
    if name not in house.app.config.channels:
        raise UsageError(f"there is no channel {name!r}; there are: {', '.join(house.app.config.channels)}")
    address = f"/channels/{quote(name, safe='')}/test"
    return Act(
        house=house,
        action=CHANNEL_ACTIONS["test"],
        subject=name,
        address=address,
        back="/deliveries",
        title=name,
        section="deliveries",
        crumbs=(("Deliveries", "/deliveries"),),
    )
