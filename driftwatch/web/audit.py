"""Who did what, when and from where: the newest first, and nothing is ever taken away."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from driftwatch.access.caller import How, Scope
from driftwatch.store.audit import WantedActs, list_actions, page_acts
from driftwatch.web.access import need
from driftwatch.web.frame import render
from driftwatch.web.house import Here
from driftwatch.web.paging import PAGE, PageNumber, build_leaf

__all__ = ["HOW_WORDS", "router"]

router = APIRouter()

HOW_WORDS: Final = {
    How.ANONYMOUS: "as they said",
    How.TOKEN: "API token",
    How.SESSION: "password",
    How.PROXY: "proxy",
    How.OIDC: "identity provider",
    How.COMMAND: "command line",
    How.DAEMON: "daemon",
}
"""How it was known who it was, in a few words."""


@router.get("/audit", response_class=HTMLResponse, dependencies=[need(Scope.ADMIN)])
def show_audit(
    request: Request,
    house: Here,
    actor: Annotated[str, Query(max_length=200)] = "",
    action: Annotated[str, Query(max_length=200)] = "",
    page: PageNumber = 1,
) -> HTMLResponse:
    """Show what was done, all of it or by somebody, or one thing of it."""
    wanted = WantedActs(actor=actor.strip() or None, action=action or None)
    found, total = house.read(lambda tx: page_acts(tx, wanted, at_most=PAGE, skip=(page - 1) * PAGE))
    values = {
        "leaf": build_leaf(found, page, total),
        "actions": house.read(list_actions),
        "actor": actor,
        "action": action,
        "ways": HOW_WORDS,
        "request": request,
    }
    return render(request, "audit.html", house.frame("Audit log", "audit"), values)
