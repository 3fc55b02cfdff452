"""What a person can do with a monitor: check it now, pause it, let it go on; a form each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, Response

from driftwatch.errors import UsageError
from driftwatch.jobs.check_now import check_now, say_checked
from driftwatch.jobs.heartbeat import is_daemon_alive
from driftwatch.jobs.pausing import pause_monitor, resume_monitor
from driftwatch.web.access import Scope, need
from driftwatch.web.acting import Act, Action, Field, Fields, send_act, show_act
from driftwatch.web.forms import Sent
from driftwatch.web.house import Here, House
from driftwatch.web.lengths import LENGTHS, choose_length

__all__ = ["MONITOR_ACTIONS", "list_monitor_actions", "router"]

router = APIRouter()

Name = Annotated[str, Path(max_length=200)]

_OPEN_END: Final = "until somebody resumes it"


def _check(house: House, name: str, _: Fields) -> str:
    app = house.app
    if is_daemon_alive(app.database, house.now()) and not app.is_in_force():
        raise UsageError("the daemon works under another configuration than these pages: reload or restart")
    monitor = app.find_monitor(name)
    return say_checked(check_now(app.parts, monitor, lambda: app.watch(monitor)))


def _pause(house: House, name: str, sent: Fields) -> None:
    pause_monitor(
        house.app.parts,
        house.app.find_monitor(name),
        who=sent["who"],
        why=sent.get("why", ""),
        until=None if (length := _choose(sent)) is None else house.now() + length,
    )


def _choose(sent: Fields) -> timedelta | None:
    words = sent.get("length", "")
    return None if words == _OPEN_END else choose_length(words)


def _resume(house: House, name: str, sent: Fields) -> None:
    resume_monitor(house.app.parts, house.app.find_monitor(name), sent["who"])


MONITOR_ACTIONS: Final[Mapping[str, Action[str]]] = {
    "check": Action(
        verb="Check now",
        consequence=(
            "What is due is judged at once, windows that wait for another try too, and told as ever. Where "
            "nothing is due nothing happens."
        ),
        take=_check,
        is_long=True,
    ),
    "pause": Action(
        verb="Pause",
        consequence=(
            "It is not judged, nobody is reminded of what is open, and it is shown as paused. What falls due "
            "meanwhile is judged afterwards as catch_up says."
        ),
        take=_pause,
        fields=(
            Field(name="length", label="For how long", choices={w: w for w in (*LENGTHS, _OPEN_END)}),
            Field(name="why", label="Why, for whoever finds it quiet"),
        ),
        is_apart=True,
    ),
    "resume": Action(
        verb="Resume",
        consequence="It is judged again from now on; what fell due in the pause as catch_up says.",
        take=_resume,
    ),
}
"""What can be done with a monitor, by the word in the address."""


def list_monitor_actions(*, is_paused: bool) -> dict[str, Action[str]]:
    """Return what can be done with a monitor as it stands, by the word in the address."""
    possible = {"resume"} if is_paused else {"check", "pause"}
    return {name: one for name, one in MONITOR_ACTIONS.items() if name in possible}


def _open(word: str) -> None:
    """Give an action its addresses: to look at its form, and to do it."""

    def show_form(request: Request, house: Here, name: Name) -> HTMLResponse:
        """Show the form of one action, and what came of it last."""
        return show_act(request, _build_act(house, name, word))

    def do_action(request: Request, house: Here, sent: Sent, name: Name) -> Response:
        """Do it, and lead back to the monitor or to what came of it."""
        return send_act(request, _build_act(house, name, word), sent)

    address = f"/monitors/{{name}}/{word}"
    page: dict[str, Any] = {"response_class": HTMLResponse}
    router.add_api_route(address, show_form, methods=["GET"], dependencies=[need(Scope.READ)], **page)
    router.add_api_route(address, do_action, methods=["POST"], dependencies=[need(Scope.OPERATE)], **page)


for _word in MONITOR_ACTIONS:
    _open(_word)


def _build_act(house: House, name: str, word: str) -> Act[str]:
    monitor = house.app.find_monitor(name)
    title, page = monitor.title or name, f"/monitors/{quote(name, safe='')}"
    return Act(
        house=house,
        action=MONITOR_ACTIONS[word],
        subject=name,
        address=f"{page}/{word}",
        back=page,
        title=title,
        section="overview",
        crumbs=(("Overview", "/"), (title, page)),
    )
