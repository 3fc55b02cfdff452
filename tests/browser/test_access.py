"""Whether people who see, hear or point differently can use the pages: axe-core, and measures of our own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from driftwatch.web.site import build_site
from tests.browser.conftest import Visitor
from tests.support.browser import LOOKS, Look, Visit
from tests.support.routes import list_routes

pytestmark = pytest.mark.slow

PAGES = {
    "/": ["/", "/?q=nothing+is+called+so"],
    "/monitors/{name}": ["/monitors/flight-delays"],
    "/monitors/{name}/check": ["/monitors/flight-delays/check"],
    "/monitors/{name}/pause": ["/monitors/flight-delays/pause"],
    "/monitors/{name}/resume": ["/monitors/flight-delays/resume"],
    "/monitors/{monitor}/columns/{name:path}": [
        "/monitors/flight-delays/columns/dep_delay",
        "/monitors/flight-delays/columns/carrier?at=2013-02-08",
    ],
    "/markers": ["/markers"],
    "/incidents": ["/incidents?state=all"],
    "/incidents/bulk": ["/incidents/bulk?n=1&n=2&do=acknowledge"],
    "/incidents/{number}": ["/incidents/1", "/incidents/2"],
    "/incidents/{number}/{name}": ["/incidents/1/acknowledge", "/incidents/1/accept", "/incidents/1/retrain"],
    "/deliveries": ["/deliveries"],
    "/deliveries/{delivery_id}": ["DELIVERY"],
    "/channels/{name}/test": ["/channels/receiver/test"],
    "/silences": ["/silences"],
    "/silences/new": ["/silences/new?monitor=flight-delays"],
    "/references": ["/references"],
    "/references/{name}": ["/references/flight-delays"],
    "/references/{name}/{version}": ["/references/flight-delays/1"],
    "/references/{name}/{version}/promote": ["/references/flight-delays/1/promote"],
    "/references/{name}/rollback": ["/references/flight-delays/rollback"],
    "/references/{name}/compare": ["/references/flight-delays/compare?a=1&b=1"],
    "/settings": ["/settings", "/settings?of=flight-delays"],
    "/help": ["/help"],
    "/api": ["/api"],
    "/account": ["/account"],
    "/sign-in": ["/sign-in"],
    "/audit": ["/audit"],
    "/digest": ["/digest"],
}
"""Where each page of the site is looked at, by the path of its route."""

NO_PAGES = re.compile(r"/(api/v1/|static|sign-in/provider).*|.*\.(csv|json|js|png)")

UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
TOO_WIDE = """
() => {
  const inside = (one) => one.closest(".scroll, table, pre, .hidden, .skip, svg, canvas");
  const wide = [...document.body.querySelectorAll("*")]
    .filter((one) => one.checkVisibility() && !inside(one))
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
  return wide.map((one) => one.outerHTML.slice(0, 100));
}
"""
TOO_SMALL = """
() => [...document.querySelectorAll("button, summary, select, input, .button, nav a")]
    .filter((one) => !["hidden", "checkbox"].includes(one.type))
    .filter((one) => one.checkVisibility())
    .filter((one) => one.getBoundingClientRect().height < 43.5)
    .map((one) => one.outerHTML.slice(0, 100))
"""


def list_addresses(at: Visit) -> list[str]:
    """Return the address of every page to look at, and of one that is not there."""
    at.go("/deliveries")
    newest = at.page.locator("main a[href*='/deliveries/']").first.get_attribute("href") or ""
    named = [newest if one == "DELIVERY" else one for some in PAGES.values() for one in some]
    return [*named, "/nothing/is/here"]


def forget_refusals(at: Visit) -> None:
    """Forget what the browser itself says of pages that are not there, or refuse something."""
    at.faults[:] = [one for one in at.faults if "the server responded with a status of 4" not in one]


def test_every_page_of_the_site_is_looked_at() -> None:
    routes = list_routes(build_site(lambda: None))  # type: ignore[arg-type,return-value]
    pages = {one.path for one in routes if one.method == "GET" and not NO_PAGES.fullmatch(one.path)}

    assert pages == PAGES.keys()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_no_page_has_a_serious_violation(visitor: Visitor, look: Look) -> None:
    found: list[tuple[str, str, Any]] = []
    with visitor(look) as at:
        for path in list_addresses(at):
            at.go(path)
            at.page.evaluate(UNFOLD)
            for violation in Axe().run(at.page).response["violations"]:
                if violation["impact"] in {"serious", "critical"}:
                    nodes = [node["html"][:200] for node in violation["nodes"]]
                    found.append((path, violation["help"], nodes))
        forget_refusals(at)

    assert found == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("look", [one for one in LOOKS if not one.is_dark], ids=lambda look: look.name)
def test_no_page_is_wider_than_the_screen_and_nothing_is_too_small_to_hit(
    visitor: Visitor, look: Look
) -> None:
    found: list[tuple[str, str, Any]] = []
    with visitor(look) as at:
        for path in list_addresses(at):
            at.go(path)
            at.page.evaluate(UNFOLD)
            width = at.page.evaluate("document.documentElement.scrollWidth")
            if width > look.width:
                found.append((path, "the page is too wide", width))
            for name, measure in (("too wide", TOO_WIDE), ("too small", TOO_SMALL)):
                found += [(path, name, one) for one in at.page.evaluate(measure)]
        forget_refusals(at)

    assert found == []
