from __future__ import annotations

import pytest
import requests

from driftwatch.config.web import Listen
from driftwatch.errors import ConfigError
from driftwatch.store.database import Database
from driftwatch.web.server import open_pages
from tests.support.site import open_site

ANYWHERE = Listen(host="127.0.0.1", port=0)


def test_pages_are_served_until_it_is_closed(store: Database) -> None:
    app = open_site(store).app
    server = open_pages(lambda: app, ANYWHERE)
    try:
        answer = requests.get(f"http://{server.listen}/", timeout=10)
    finally:
        server.close()

    assert answer.status_code == 200
    assert "server" not in answer.headers
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{server.listen}/", timeout=2)


def test_an_address_that_somebody_has_is_told(store: Database) -> None:
    app = open_site(store).app
    server = open_pages(lambda: app, ANYWHERE)
    try:
        with pytest.raises(
            ConfigError, match=r"cannot be served at 127\.0\.0\.1:\d+: address already in use"
        ):
            open_pages(lambda: app, server.listen)
    finally:
        server.close()
