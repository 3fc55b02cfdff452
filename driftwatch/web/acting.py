"""How something is done on a page: a form with its consequence in words, its send, and what came of it.

An action is a row of a table (`actions`, `monitor_actions`, `reference_actions`); this is the way that all of
them go. One that takes long goes on in a thread while its page says so and looks again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, TypeVar

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from driftwatch.errors import UsageError
from driftwatch.web.errands import Errand
from driftwatch.web.forms import find_token, find_who, keep_who
from driftwatch.web.frame import render
from driftwatch.web.house import House

__all__ = ["Act", "Action", "Field", "Fields", "Outlook", "go_to", "need_why", "send_act", "show_act"]

_S = TypeVar("_S")

Fields = Mapping[str, str]

_WAITED: Final = 1.5
"""Seconds that a page waits for what may take long, before it says that it goes on."""
_LOOKED_AGAIN: Final = "2"
"""Seconds after which the page of something under way is loaded again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something that a form asks for: a line of text, or one of `choices` by their words.

    `is_weighty`: none of the choices is made before somebody makes it.
    """

    name: str
    label: str
    choices: Mapping[str, str] | None = None
    required: bool = True
    is_weighty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What an action would come to: sentences, and a table with its heads."""

    sentences: tuple[str, ...]
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Generic[_S]):
    """Something that can be done, and what follows from it.

    `take` does it to its subject with what was sent, and raises UsageError where it is refused; a text that
    it returns says what came of it. `is_open_only`: there is nothing to do once an incident is over.
    `is_apart`: it changes more than it seems to, and stands away from the others. `is_long`: it takes longer
    than a page may. `plan` says at once what it would come to, `preview` takes long to find out.
    """

    verb: str
    consequence: str
    take: Callable[[House, _S, Fields], object]
    fields: tuple[Field, ...] = ()
    is_open_only: bool = True
    is_apart: bool = False
    is_long: bool = False
    plan: Callable[[House, _S], Outlook] | None = None
    preview: Callable[[House, _S], Outlook] | None = None

    @property
    def has_page(self) -> bool:
        """Whether its form needs a page of its own: there is more to see than its consequence."""
        return self.is_long or self.plan is not None or self.preview is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(Generic[_S]):
    """An action on one thing: `address` is that of its form, `back` where it leads when it is done.

    `crumbs` are the pages above it with their addresses, `title` says what it is about.
    """

    house: House
    action: Action[_S]
    subject: _S
    address: str
    back: str
    title: str
    section: str
    crumbs: Sequence[tuple[str, str]]

    @property
    def errand(self) -> Errand | None:
        """What is being done, or was; None where it is nothing that takes long."""
        return self.house.errands.find(self.address)

    @property
    def foreseen(self) -> Errand | None:
        """What it would come to, as somebody asked for it."""
        return self.house.errands.find(self.address + "?preview")


def show_act(
    request: Request, act: Act[_S], *, refused: str = "", sent: Fields | None = None, status: int = 200
) -> HTMLResponse:
    """Show the form of an action, what it would come to, and what came of it."""
    errand, foreseen = act.errand, act.foreseen
    frame = act.house.frame(f"{act.action.verb}: {act.title}", act.section)
    values = {
        "act": act,
        "action": act.action,
        "errand": errand,
        "foreseen": foreseen,
        "outlook": act.action.plan(act.house, act.subject) if act.action.plan else None,
        "refused": refused,
        "sent": sent or {},
        "now": frame.now,
        "token": find_token(request),
        "who": find_who(request),
    }
    response = render(request, "action.html", frame, values, status=status)
    if any(one is not None and not one.is_over for one in (errand, foreseen)):
        response.headers["refresh"] = _LOOKED_AGAIN
    return response


def send_act(request: Request, act: Act[_S], sent: Fields) -> Response:
    """Do what was sent, and lead to what came of it; what is refused is said beside the form."""
    action, house = act.action, act.house
    if sent.get("do") == "preview" and action.preview is not None:
        look = partial(action.preview, house, act.subject)
        errand = house.errands.begin(act.address + "?preview", look, who=sent["who"], now=house.now())
        errand.wait(_WAITED)
        return go_to(request, act.address, sent["who"])
    take = partial(action.take, house, act.subject, sent)
    if action.is_long:
        return _send_long(request, act, sent, take)
    try:
        take()
    except UsageError as error:
        return show_act(request, act, refused=str(error), sent=sent, status=409)
    return go_to(request, act.back, sent["who"])


def _send_long(request: Request, act: Act[_S], sent: Fields, take: Callable[[], object]) -> Response:
    errand = act.house.errands.begin(act.address, take, who=sent["who"], now=act.house.now())
    if errand.wait(_WAITED) and errand.refused:
        return show_act(request, act, sent=sent, status=409)
    says = not errand.is_over or isinstance(errand.result, str)
    return go_to(request, act.address if says else act.back, sent["who"])


def go_to(request: Request, address: str, who: str) -> RedirectResponse:
    """Return the way to another page of the site, and remember who did something."""
    response = RedirectResponse(f"{request.scope.get('root_path', '')}{address}", status_code=303)
    keep_who(request, response, who)
    return response


def need_why(sent: Fields, wanted: str) -> str:
    """Return why something is done. Raises UsageError with what is `wanted` where nobody says."""
    why = sent.get("why", "").strip()
    if not why:
        raise UsageError(wanted)
    return why
