from __future__ import annotations

import pytest
from playwright.sync_api import Request, expect

from driftwatch.incidents.by_hand import acknowledge, note
from driftwatch.jobs.cases import change_case
from tests.browser.conftest import Visitor
from tests.support.browser import Visit
from tests.support.demo_site import DemoSite

pytestmark = pytest.mark.slow

QUIET = 61
"""Longer than any pause between two looks while all is well, in seconds."""

STEP = 5


class Looking:
    """A page whose clock goes on only when it is told to, and what it asked for since it was opened."""

    def __init__(self, at: Visit, path: str) -> None:
        self._page = at.page
        self._under_way = 0
        self.looks = 0
        at.page.clock.install()
        at.go(path)
        at.page.on("request", self._begin)
        at.page.on("requestfinished", lambda _: self._end())
        at.page.on("requestfailed", lambda _: self._end())

    def _begin(self, request: Request) -> None:
        self._under_way += 1
        self.looks += request.resource_type == "fetch"

    def _end(self) -> None:
        self._under_way -= 1

    def wait(self, seconds: int) -> None:
        """Let time pass, in steps in which what was asked for is answered."""
        for _ in range(seconds // STEP + 1):
            self._page.clock.run_for(STEP * 1000)
            self._page.evaluate("null")
            while self._under_way > 0:
                self._page.wait_for_timeout(5)
            self._page.evaluate("new Promise(requestAnimationFrame)")


def take_up(demo: DemoSite, number: int, who: str = "sam") -> None:
    """Acknowledge an incident elsewhere."""
    parts, monitors = demo.app.parts, demo.app.config.monitors
    change_case(parts, monitors, number, lambda incident, now: acknowledge(incident, who, now))


def test_what_happens_elsewhere_is_shown_without_a_reload(visitor: Visitor, demo: DemoSite) -> None:
    with visitor() as at:
        looking = Looking(at, "/")
        expect(at.page).to_have_title("(2) Overview · driftwatch")

        take_up(demo, 1)
        take_up(demo, 2)
        looking.wait(QUIET)

        expect(at.page).to_have_title("Overview · driftwatch")
        expect(at.page.locator("main")).to_contain_text("sam is looking at it")
        assert "calm.svg" in str(at.page.locator("link[rel=icon]").get_attribute("href"))


def test_what_a_person_is_at_is_left_alone(visitor: Visitor, demo: DemoSite) -> None:
    with visitor() as at:
        looking = Looking(at, "/incidents/1")
        at.page.locator("#action-note summary").click()
        box = at.page.locator("#action-note").get_by_label("What is to be remembered")
        box.fill("half a sent")

        parts, monitors = demo.app.parts, demo.app.config.monitors
        change_case(parts, monitors, 1, lambda incident, now: note(incident, "it snowed", "sam", now))
        looking.wait(QUIET)

        expect(at.page.locator(".timeline")).to_contain_text("it snowed")
        expect(box).to_have_value("half a sent")
        expect(box).to_be_focused()


def test_the_focus_stays_where_it_was_in_a_list_that_changes(visitor: Visitor, demo: DemoSite) -> None:
    with visitor() as at:
        looking = Looking(at, "/")
        link = at.page.locator(".concerns a[href$='/incidents/1']")
        link.focus()

        take_up(demo, 1)
        looking.wait(QUIET)

        expect(at.page.locator(".concerns")).to_contain_text("sam is looking at it")
        expect(at.page.locator(".concerns a[href$='/incidents/1']")).to_be_focused()


def test_an_answer_that_does_not_come_is_said_and_the_next_one_takes_it_back(visitor: Visitor) -> None:
    with visitor() as at:
        looking = Looking(at, "/")
        at.page.route("**/*", lambda route: route.abort())
        looking.wait(QUIET)
        expect(at.page.get_by_role("alert")).to_contain_text("has not answered since")
        at.faults.clear()

        at.page.unroute_all()
        looking.wait(121)

        expect(at.page.get_by_role("alert")).to_be_hidden()


def test_nothing_is_asked_while_nobody_looks(visitor: Visitor) -> None:
    with visitor() as at:
        looking = Looking(at, "/")
        hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
        tell = "document.dispatchEvent(new Event('visibilitychange'))"

        at.page.evaluate(hide % "true" + tell)
        looking.wait(600)
        assert looking.looks == 0

        at.page.evaluate(hide % "false" + tell)
        looking.wait(0)
        assert looking.looks == 1


def test_looks_come_less_often_while_nothing_changes(visitor: Visitor) -> None:
    with visitor() as at:
        looking = Looking(at, "/")
        looking.wait(60)
        in_the_first_minute = looking.looks
        looking.wait(600)

        # After 15, 38, 71 and 122 seconds, then once a minute.
        assert in_the_first_minute == 2
        assert 10 <= looking.looks - in_the_first_minute <= 11


def test_moments_are_written_as_the_reader_likes_them(visitor: Visitor) -> None:
    with visitor(zone="America/New_York") as at:
        at.go("/incidents/1")
        moment = at.page.locator(".timeline time").last
        expect(moment).to_have_text("2013-02-09 05:00 UTC")
        assert moment.get_attribute("title") == "2013-02-09 05:00 UTC · here 2013-02-09 00:00 GMT-5"

        at.page.get_by_role("button", name="Show America/New_York").click()
        expect(moment).to_have_text("2013-02-09 00:00 GMT-5")
        at.page.reload()
        expect(moment).to_have_text("2013-02-09 00:00 GMT-5")
        expect(at.page.locator("footer, .means").last).to_contain_text("Times are in America/New_York")

        at.page.get_by_role("button", name="Show UTC").click()
        expect(moment).to_have_text("2013-02-09 05:00 UTC")
