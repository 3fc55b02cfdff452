"""A real browser: Debian's Chromium, and everything that a page did in it that it should not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, sync_playwright

__all__ = ["LOOKS", "Look", "Visit", "open_browser", "visit"]

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_WAIT_MS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What somebody looks at pages with."""

    name: str
    width: int
    height: int
    is_dark: bool


LOOKS: Final = tuple(
    Look(name=f"{name}-{'dark' if is_dark else 'light'}", width=width, height=height, is_dark=is_dark)
    for name, width, height in (("desk", 1280, 900), ("phone", 390, 844))
    for is_dark in (False, True)
)


@dataclass(kw_only=True)
class Visit:
    """A page in the browser, and what went wrong in it so far."""

    page: Page
    origin: str
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open the page at an address of the site."""
        self.page.goto(f"{self.origin}{path}")

    def note_console(self, message: ConsoleMessage) -> None:
        """Keep what the console says in red or yellow: violations of the policy are said there too."""
        if message.type in {"error", "warning"}:
            self.faults.append(f"{self.page.url}: {message.type}: {message.text}")

    def note_error(self, error: Error) -> None:
        """Keep a script's error that nothing caught."""
        self.faults.append(f"{self.page.url}: {error}")

    def note_request(self, request: Request) -> None:
        """Keep a request that leaves the site."""
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.faults.append(f"{self.page.url}: asked {request.url}")


def find_chromium() -> str:
    """Return the path of a Chromium; without one the test is skipped, or fails where all must run."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None and os.environ.get("CI"):
        pytest.fail("Chromium is not installed: apt-get install chromium")
    if found is None:
        pytest.skip("Chromium is not installed")
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Return a browser that nobody sees."""
    with sync_playwright() as playwright:
        # Chromium's sandbox refuses to be run by root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(browser: Browser, origin: str, look: Look = LOOKS[0], *, zone: str = "UTC") -> Iterator[Visit]:
    """Return a new visitor's page; when it ends, nothing may have gone wrong in it."""
    context = browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme="dark" if look.is_dark else "light",
        has_touch=look.width < 640,
        timezone_id=zone,
        locale="en-GB",
    )
    context.set_default_timeout(_WAIT_MS)
    page = context.new_page()
    found = Visit(page=page, origin=origin)
    page.on("console", found.note_console)
    page.on("pageerror", found.note_error)
    page.on("request", found.note_request)
    try:
        yield found
    finally:
        context.close()
    assert not found.faults, "\n".join(found.faults)
