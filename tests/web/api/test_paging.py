from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from driftwatch.jobs.deliver import deliver_due
from driftwatch.store.database import Database
from driftwatch.web.api.paging import read_cursor, write_cursor
from tests.support.programs import ask, read
from tests.support.site import Site, open_site

LISTS = [
    ("/incidents?state=all", "incidents", "id"),
    ("/monitors/flights/windows", "windows", "start"),
    ("/deliveries", "deliveries", "id"),
]


@pytest.fixture
def site(store: Database) -> Site:
    found = open_site(store)
    found.live("..a....a....a..n.")
    deliver_due(found.bench.parts)
    return found


def begin(path: str) -> str:
    """Return the address of the first two entries of a list."""
    return f"{path}{'&' if '?' in path else '?'}limit=2"


@pytest.mark.parametrize(("path", "name", "key"), LISTS)
def test_parts_together_are_the_whole_list(site: Site, path: str, name: str, key: str) -> None:
    whole = [one[key] for one in read(site, path)[name]]
    assert len(whole) >= 4

    found, address = [], begin(path)
    while address:
        answer = ask(site, "GET", address)
        document = answer.json()
        assert len(document[name]) <= 2
        found += [one[key] for one in document[name]]
        address = document["next"]
        link = f'<{address}>; rel="next"' if address else None
        assert answer.headers.get("link") == link

    assert found == whole


@pytest.mark.parametrize(("path", "name", "key"), LISTS)
def test_what_comes_in_meanwhile_moves_nothing(site: Site, path: str, name: str, key: str) -> None:
    whole = [one[key] for one in read(site, path)[name]]
    first = read(site, begin(path))

    site.live("...a....", first=18)
    deliver_due(site.bench.parts)

    rest = ask(site, "GET", first["next"].replace("limit=2", "limit=200")).json()
    assert [one[key] for one in first[name] + rest[name]] == whole


@given(st.text(), st.integers(0, 2**63 - 1), st.datetimes(timezones=st.just(UTC)))
def test_a_cursor_is_read_as_it_was_written(text: str, number: int, moment: datetime) -> None:
    assert read_cursor(write_cursor(text, number, moment), str, int, datetime) == (text, number, moment)


@given(st.text("abcAZ09_-", max_size=60) | st.builds(write_cursor, st.text() | st.integers()))
def test_any_other_text_is_refused_or_read(text: str) -> None:
    for wanted in (int, str, datetime):
        with suppress(HTTPException):
            found = read_cursor(text, wanted)
            assert found is None or isinstance(found[0], wanted)
