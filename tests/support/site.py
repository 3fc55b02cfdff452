"""A site over one monitor at work, asked as a browser on this machine would."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from fastapi.testclient import TestClient

from driftwatch.app import App
from driftwatch.config.access import Access
from driftwatch.config.loading import Config
from driftwatch.jobs.heartbeat import Beat, beat
from driftwatch.jobs.monitor import Monitor
from driftwatch.net.secrets import Secret
from driftwatch.store.database import Database
from driftwatch.web.site import build_site
from tests.support.monitors import Bench, set_up

__all__ = ["Site", "open_site", "read_text", "read_token"]


FINGERPRINT = "fingerprint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A bench, and who asks for its pages."""

    bench: Bench
    app: App
    client: TestClient

    def live(self, story: str, *, first: int = 1) -> None:
        """Live through the days of `story` with a daemon that shows life."""
        self.bench.live(story, first=first)
        self.beat()

    def beat(self) -> None:
        """Show life, as a daemon does."""
        sign = Beat(at=self.bench.clock.now(), owner="me", config=FINGERPRINT)
        beat(self.bench.parts.database, sign)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the incidents, oldest first."""
        return [one.id or 0 for one in self.bench.incidents()]

    def get(self, path: str) -> str:
        """Return the page at an address, which must be there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return str(answer.text)

    def read(self, path: str) -> str:
        """Return the words of the page at an address."""
        return read_text(self.get(path))


def open_site(
    database: Database,
    *others: Monitor,
    public_url: str | None = None,
    access: Access | None = None,
    address: str = "testclient",
    **changes: Any,
) -> Site:
    """Return the site of the usual bench, whose monitor has `changes`; `others` never started.

    It is asked from `address`, and `access` says who may ask.
    """
    bench = set_up(database, **{"title": "Flight delays", "owner": "data-platform", **changes})
    config = Config(
        store_url=Secret.of_text("sqlite://"),
        channels=bench.parts.channels,
        triggers={},
        monitors=(bench.monitor, *others),
        fingerprint=FINGERPRINT,
        public_url=public_url,
        access=access or Access(),
    )
    app = App(config=config, parts=bench.parts)
    app.apply_config()
    client = TestClient(
        build_site(lambda: app),
        base_url="http://localhost",
        raise_server_exceptions=False,
        client=(address, 50_000),
    )
    return Site(bench=bench, app=app, client=client)


def read_text(page: str) -> str:
    """Return the words of a page, without what only says how they look."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def read_token(page: str) -> str:
    """Return the secret in the forms of a page."""
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found is not None, "the page has no form"
    return found[1]
