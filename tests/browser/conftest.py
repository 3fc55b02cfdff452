"""One browser, and one demo to copy, for every test of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from driftwatch.web.drawing import load_bundle
from tests.support.browser import Visit, open_browser, visit
from tests.support.demo_site import DemoSite, open_demo_site, play_blizzard

Visitor = Callable[..., AbstractContextManager[Visit]]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # It takes seconds to make what draws pictures, and a page is not loaded without it.
    load_bundle()
    with open_browser() as found:
        yield found


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blizzard")
    play_blizzard(folder)
    return folder


@pytest.fixture
def demo(played: Path, tmp_path: Path) -> Iterator[DemoSite]:
    with open_demo_site(played, tmp_path) as found:
        yield found


@pytest.fixture
def visitor(browser: Browser, demo: DemoSite) -> Visitor:
    """Open a page of the demo with a look of one's own."""
    return partial(visit, browser, demo.origin)
