"""Whether people who see, hear or point differently can use the pages: axe-core, and measures of our own."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Visitor
from tests.support.browser import LOOKS, Look, Visit

pytestmark = pytest.mark.slow

PAGES = [
    "/",
    "/?q=nothing+is+called+so",
    "/monitors/flight-delays",
    "/monitors/flight-delays/columns/dep_delay",
    "/monitors/flight-delays/columns/carrier?at=2013-02-08",
    "/incidents?state=all",
    "/incidents/1",
    "/incidents/2",
    "/incidents/1/acknowledge",
    "/deliveries",
    "/silences",
    "/silences/new?monitor=flight-delays",
]

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


def find_delivery(at: Visit) -> str:
    """Return the address of the newest delivery."""
    at.go("/deliveries")
    return at.page.locator("main a[href*='/deliveries/']").first.get_attribute("href") or ""


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_no_page_has_a_serious_violation(visitor: Visitor, look: Look) -> None:
    found: list[tuple[str, str, Any]] = []
    with visitor(look) as at:
        for path in [*PAGES, find_delivery(at), "/nothing/is/here"]:
            at.go(path)
            at.page.evaluate(UNFOLD)
            for violation in Axe().run(at.page).response["violations"]:
                if violation["impact"] in {"serious", "critical"}:
                    nodes = [node["html"][:200] for node in violation["nodes"]]
                    found.append((path, violation["help"], nodes))
        # A page that is not there is said in the console by the browser itself.
        at.faults[:] = [one for one in at.faults if "/nothing/is/here" not in one]

    assert found == []


@pytest.mark.parametrize("look", [one for one in LOOKS if not one.is_dark], ids=lambda look: look.name)
def test_no_page_is_wider_than_the_screen_and_nothing_is_too_small_to_hit(
    visitor: Visitor, look: Look
) -> None:
    with visitor(look) as at:
        for path in [*PAGES, find_delivery(at)]:
            at.go(path)
            at.page.evaluate(UNFOLD)
            assert at.page.evaluate("document.documentElement.scrollWidth") <= look.width, path
            assert at.page.evaluate(TOO_WIDE) == [], path
            assert at.page.evaluate(TOO_SMALL) == [], path
