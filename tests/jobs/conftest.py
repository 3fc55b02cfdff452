"""The stores that the jobs are tested on: SQLite for most, all three where the protocol is at stake."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from driftwatch.store import migrations
from driftwatch.store.database import Database, open_database
from tests.support.databases import _opened, create_url, database, empty_database, store_url
from tests.support.warehouse import warehouse

__all__ = ["_lite", "_opened", "database", "store", "store_url", "warehouse"]


@pytest.fixture(scope="session")
def _lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = create_url("sqlite", tmp_path_factory.mktemp("lite"))
    migrations.upgrade(url)
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def store(_lite: Database) -> Iterator[Database]:
    """An open, empty store on SQLite."""
    yield _lite
    empty_database(_lite)
