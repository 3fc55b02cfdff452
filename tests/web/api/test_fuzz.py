"""A few requests of every operation; `make fuzz-api` sends thousands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import cache

import pytest

from tests.support.api_fuzz import Fuzz, list_operations, open_story
from tests.support.site import Site

pytestmark = pytest.mark.slow

EXAMPLES = 6


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site, database = open_story(tmp_path_factory.mktemp("fuzz"))
    with closing(database):
        yield site


@cache
def find_operations() -> list[str]:
    from driftwatch.web.api.routes import PARTS

    return [route.name for part in PARTS for route in part.router.routes]


@pytest.mark.parametrize("operation", find_operations())
def test_no_request_is_answered_otherwise_than_described_or_gets_past_a_scope(
    story: Site, operation: str
) -> None:
    fuzz = Fuzz(site=story, operation=operation)

    fuzz.run(EXAMPLES)

    assert all(fuzz.seen.values())
    # A body that is no JSON at all is refused before anybody is asked who they are.
    assert set(fuzz.seen["nobody"]) <= {400, 401}


def test_every_operation_is_asked(story: Site) -> None:
    assert sorted(find_operations()) == sorted(list_operations(story))
