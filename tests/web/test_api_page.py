from __future__ import annotations

import re
import shlex
from html import unescape

import pytest

from driftwatch.store.database import Database
from driftwatch.web.api.document import build_document
from tests.support.programs import list_operations
from tests.support.site import Site, open_site


@pytest.fixture
def site(store: Database) -> Site:
    return open_site(store)


def test_every_operation_is_on_the_page_with_a_command(site: Site) -> None:
    page = site.get("/api")

    operations = list_operations(build_document(site.client.app))  # type: ignore[arg-type]
    for method, path, operation in operations:
        assert f"<code>{method} {path}</code>" in page
        assert f'id="{operation["operationId"]}"' in page
    assert page.count("<pre><code>curl ") == len(operations)
    assert len(page) < 100_000


def test_every_command_asks_what_it_says(site: Site) -> None:
    site.live("..a")
    commands = re.findall(r"<pre><code>(.*?)</code></pre>", site.get("/api"))

    for command in commands:
        curl, _, url, *rest = shlex.split(unescape(command))
        assert (curl, url.startswith("http://localhost/api/v1/")) == ("curl", True)
        if rest:
            assert rest[:3] == ["-H", "content-type: application/json", "-d"]
            answer = site.client.post(url, content=rest[3], headers={"content-type": "application/json"})
        else:
            answer = site.client.get(url)
        # What it is about may not be there; that it is asked for rightly is all.
        assert answer.status_code in {200, 201, 404, 409, 425}, (command, answer.text)


def test_the_page_leads_to_the_document_and_every_page_to_it(site: Site) -> None:
    assert 'href="/api/v1/openapi.json"' in site.get("/api")
    assert 'href="/api"' in site.get("/")
