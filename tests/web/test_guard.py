from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.datastructures import Headers

from driftwatch.config.access import Access
from driftwatch.store.database import Database
from driftwatch.web.guard import HEADERS, MOST_BYTES, is_same_origin
from tests.support.access import ASKED
from tests.support.site import open_site

ADDRESSES = ["/", "/incidents", "/deliveries", "/silences", "/nothing", "/incidents/1", "/static/style.css"]


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_answer_says_what_a_page_may_do(store: Database, path: str) -> None:
    answer = open_site(store).client.get(path)

    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8377", 200),
        ("127.0.0.1:8377", 200),
        ("127.9.9.9", 200),
        ("[::1]:8377", 200),
        ("drift.example.com", 200),
        ("DRIFT.example.com:443", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("10.0.0.1", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_who_asks_under_another_name_is_refused(store: Database, host: str, status: int) -> None:
    site = open_site(store, public_url="https://drift.example.com")

    answer = site.client.get("/", headers={"host": host})

    assert answer.status_code == status
    if status != 200:
        assert "Flight" not in answer.text
        assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]


def test_a_public_address_that_was_reloaded_is_ours_from_then_on(store: Database) -> None:
    site = open_site(store)
    host = {"host": "drift.example.com"}
    before = site.client.get("/", headers=host).status_code

    object.__setattr__(site.app.config, "public_url", "https://drift.example.com")

    assert (before, site.client.get("/", headers=host).status_code) == (421, 200)


def test_more_than_is_taken_is_refused_whether_it_is_announced_or_not(store: Database) -> None:
    client = open_site(store).client

    def pour() -> Iterator[bytes]:
        for _ in range(3):
            yield b"x" * (MOST_BYTES // 2)

    assert client.post("/", content=b"x" * (MOST_BYTES + 1)).status_code == 413
    assert client.post("/", content=pour()).status_code in {400, 405}


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "http://localhost:8377"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "http://localhost:8377", "host": "localhost:8377"}, True),
        ({"origin": "http://evil.example", "host": "localhost:8377"}, False),
        ({"origin": "http://[", "host": "localhost:8377"}, False),
        ({"origin": "null", "host": "localhost:8377"}, False),
    ],
)
def test_the_page_that_asks_is_known_by_what_its_browser_says(headers: dict[str, str], same: bool) -> None:
    assert is_same_origin(Headers(headers)) is same


@pytest.mark.parametrize(
    ("access", "names"),
    [
        (
            Access(is_open=True),
            {"10.0.0.5:8377": 200, "[fd00::5]": 200, "evil.example": 421, "localhost": 200},
        ),
        (ASKED, {"10.0.0.5:8377": 401, "whatever.example": 401, "localhost": 401}),
    ],
)
def test_which_names_are_ours_depends_on_whether_anybody_is_asked(
    store: Database, access: Access, names: dict[str, int]
) -> None:
    client = open_site(store, access=access).client

    assert {name: client.get("/", headers={"host": name}).status_code for name in names} == names


def test_a_page_of_another_site_changes_nothing_even_with_basic_authentication(store: Database) -> None:
    client = open_site(store).client
    headers = {"origin": "https://evil.example", "authorization": "Basic YTpi"}

    assert client.post("/sign-out", headers=headers).status_code == 403
    assert client.post("/sign-out", headers={**headers, "authorization": "Bearer dw_x"}).status_code == 401
