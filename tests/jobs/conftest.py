"""The stores that the jobs are tested on: SQLite for most, all three where the protocol is at stake."""

from __future__ import annotations

from tests.support.databases import _lite, _opened, database, store, store_url
from tests.support.warehouse import warehouse

__all__ = ["_lite", "_opened", "database", "store", "store_url", "warehouse"]
