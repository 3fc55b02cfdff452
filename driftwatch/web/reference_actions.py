"""Let another version of a reference judge, or the one before: a form each, with the plan of its effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, Response

from driftwatch.incidents.words import say_count
from driftwatch.jobs.promotion import promote_version, restore_version
from driftwatch.jobs.versions import Effects, foresee_promotion
from driftwatch.web.access import Scope, need
from driftwatch.web.acting import Act, Action, Field, Fields, Outlook, need_why, send_act, show_act
from driftwatch.web.forms import Sent
from driftwatch.web.house import Here, House

__all__ = ["REFERENCE_ACTIONS", "router"]

router = APIRouter()

Name = Annotated[str, Path(max_length=200)]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]

Subject = tuple[str, int | None]
"""A monitor's id, and a version of its reference; None is the one that judged before."""


def _promote(house: House, subject: Subject, sent: Fields) -> None:
    name, version = subject
    why = need_why(sent, "say why it is to judge: the reason is kept with the version")
    promote_version(house.app.parts, house.app.find_monitor(name), version or 0, who=sent["who"], why=why)


def _restore(house: House, subject: Subject, sent: Fields) -> None:
    why = need_why(sent, "say why the one before is to judge: the reason is kept with the version")
    restore_version(house.app.parts, house.app.find_monitor(subject[0]), who=sent["who"], why=why)


def _foresee(house: House, subject: Subject) -> Outlook:
    monitor = house.app.find_monitor(subject[0])
    return describe_effects(foresee_promotion(house.app.parts, monitor, subject[1]))


def describe_effects(effects: Effects) -> Outlook:
    """Return in words what letting a version judge comes to."""
    version = effects.version.version
    if effects.changes_nothing:
        return Outlook(sentences=(f"Version {version} judges already: nothing would change.",))
    before = "no version" if effects.active is None else f"version {effects.active.version}"
    told = "whoever was told of it is told so" if len(effects.ends) == 1 else "whoever was told is told so"
    ends = f"{say_count(len(effects.ends), 'open incident')} would end{'; ' + told if effects.ends else ''}."
    kept = "what was judged before is kept, and its scores count until there are enough new ones"
    sentences = (
        f"Version {version} judges from then on, in place of {before}.",
        f"History {effects.history} begins: {kept}.",
        f"{say_count(effects.owed, 'window')} after the end of this version would be judged again by it.",
        ends,
    )
    rows = tuple((f"#{case.incident.id}", case.title) for case in effects.ends[:50])
    return Outlook(sentences=sentences, heads=("Ends", "What it is"), rows=rows)


REFERENCE_ACTIONS: Final[Mapping[str, Action[Subject]]] = {
    "promote": Action(
        verb="Promote",
        consequence=(
            "This version judges from now on. Another history begins, and what is open ends. It can be taken "
            "back with Roll back."
        ),
        take=_promote,
        fields=(Field(name="why", label="Why it is to judge"),),
        plan=_foresee,
    ),
    "rollback": Action(
        verb="Roll back",
        consequence=(
            "The version that judged before the present one judges again. Another history begins, and what "
            "is open ends."
        ),
        take=_restore,
        fields=(Field(name="why", label="Why the one before is to judge"),),
        plan=_foresee,
    ),
}
"""What can be done with references, by the word in the address."""


@router.get("/references/{name}/rollback", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_rollback(request: Request, house: Here, name: Name) -> HTMLResponse:
    """Show what going back to the version before would come to."""
    return show_act(request, _build_act(house, name, None))


@router.post("/references/{name}/rollback", response_class=HTMLResponse, dependencies=[need(Scope.OPERATE)])
def roll_back(request: Request, house: Here, sent: Sent, name: Name) -> Response:
    """Go back to the version before."""
    return send_act(request, _build_act(house, name, None), sent)


@router.get(
    "/references/{name}/{version}/promote", response_class=HTMLResponse, dependencies=[need(Scope.READ)]
)
def show_promotion(request: Request, house: Here, name: Name, version: Version) -> HTMLResponse:
    """Show what promoting a version would come to."""
    return show_act(request, _build_act(house, name, version))


@router.post(
    "/references/{name}/{version}/promote", response_class=HTMLResponse, dependencies=[need(Scope.OPERATE)]
)
def promote(request: Request, house: Here, sent: Sent, name: Name, version: Version) -> Response:
    """Promote a version."""
    return send_act(request, _build_act(house, name, version), sent)


def _build_act(house: House, name: str, version: int | None) -> Act[Subject]:
    monitor = house.app.find_monitor(name)
    page = f"/references/{quote(name, safe='')}"
    what = "rollback" if version is None else "promote"
    title = monitor.title or name
    return Act(
        house=house,
        action=REFERENCE_ACTIONS[what],
        subject=(name, version),
        address=f"{page}/rollback" if version is None else f"{page}/{version}/promote",
        back=page,
        title=f"the reference of {title}" if version is None else f"version {version} for {title}",
        section="references",
        crumbs=(("References", "/references"), (title, page)),
    )
