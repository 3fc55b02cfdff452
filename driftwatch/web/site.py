"""The site: every page at its address, and what a person meets where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from driftwatch.app import App
from driftwatch.config.loading import Config
from driftwatch.errors import DriftwatchError, StoreError, UsageError
from driftwatch.net.addresses import is_address, is_loopback
from driftwatch.web import (
    actions,
    api_page,
    audit,
    bulk,
    channel_actions,
    columns,
    deliveries,
    digest,
    drawing,
    explanations,
    incidents,
    lists_csv,
    markers,
    monitor_actions,
    monitors,
    overview,
    provider,
    reference_actions,
    references,
    settings,
    sign_in,
    silences,
    silencing,
    slices,
)
from driftwatch.web.api import routes
from driftwatch.web.api.problems import is_for_programs, tell_problem
from driftwatch.web.assets import Assets
from driftwatch.web.door import Door
from driftwatch.web.frame import Frame, render
from driftwatch.web.guard import Guard, mark_answer
from driftwatch.web.house import House
from driftwatch.web.throttle import Throttle

__all__ = ["ROOMS", "build_site"]

ROOMS: Final = (
    overview,
    monitors,
    columns,
    drawing,
    monitor_actions,
    markers,
    bulk,
    incidents,
    slices,
    actions,
    lists_csv,
    deliveries,
    channel_actions,
    silences,
    silencing,
    reference_actions,
    references,
    settings,
    explanations,
    sign_in,
    provider,
    audit,
    digest,
    api_page,
)
"""The modules with pages; each has a `router`."""

_REFUSALS: Final[tuple[tuple[type[Exception], int, str], ...]] = (
    (UsageError, 404, "{}"),
    (StoreError, 503, "The store cannot be read: {}"),
    (DriftwatchError, 400, "{}"),
    (RequestValidationError, 400, "What this address was given cannot be read; go back and try again."),
    (Exception, 500, "driftwatch itself failed; its log has the details."),
)
"""The status of every other error, and what is said of it: {} stands for its own words."""

_SAID: Final = {
    404: "There is nothing at this address.",
    405: "This address does not take that.",
}


def build_site(find_app: Callable[[], App]) -> FastAPI:
    """Return the site of the configuration at work, which `find_app` returns: it may be read again."""
    site = FastAPI(title="driftwatch", docs_url=None, redoc_url=None, openapi_url=None)
    site.state.house = House(find_app)
    site.state.door = Door()
    for room in ROOMS:
        site.include_router(room.router)
    site.include_router(routes.router)
    site.mount("/static", Assets(), name="static")
    site.add_middleware(Throttle, find_app=find_app, door=site.state.door)
    site.add_middleware(Guard, is_ours=lambda name: _is_ours(name, find_app().config))
    site.add_exception_handler(HTTPException, _show_refusal)
    site.add_exception_handler(RequestValidationError, _show_refusal)
    site.add_exception_handler(DriftwatchError, _show_refusal)
    site.add_exception_handler(Exception, _show_refusal)
    return site


def _is_ours(name: str, config: Config) -> bool:
    """Return whether this site may be asked for under a name: under any where people say who they are.

    Where nobody is asked and others reach the pages, an address will do too: no name can be bent to it.
    """
    is_public = name == urlsplit(config.public_url or "").hostname
    is_plain = config.access.is_open and is_address(name)
    return config.access.is_asked or is_loopback(name) or is_public or is_plain


def _show_refusal(request: Request, error: Exception) -> Response:
    """Return what says what is wrong: a page that leads back, or a problem for programs."""
    status, said = _say_refusal(error)
    headers = getattr(error, "headers", None)
    if is_for_programs(request.scope):
        response = tell_problem(error, status, said, headers)
    else:
        response = _show_page(request, status, said, headers)
    # A fault is answered outside of the guard.
    mark_answer(response.headers)
    return response


def _say_refusal(error: Exception) -> tuple[int, str]:
    """Return the status of an error and its words; a fault's own words stay in the log."""
    if isinstance(error, HTTPException):
        is_plain = error.detail == HTTPStatus(error.status_code).phrase
        return error.status_code, _SAID.get(error.status_code, error.detail) if is_plain else error.detail
    _, status, said = next(one for one in _REFUSALS if isinstance(error, one[0]))
    return status, said.format(error)


def _show_page(request: Request, status: int, said: str, headers: Mapping[str, str] | None) -> Response:
    way_in = sign_in.find_way_in(request, status)
    if way_in is not None:
        return way_in
    house: House = request.app.state.house
    frame = Frame(title="Not found" if status == 404 else "Something is wrong", section="", now=house.now())
    response = render(request, "refusal.html", frame, {"said": said, "status": status}, status=status)
    response.headers.update(headers or {})
    return response
