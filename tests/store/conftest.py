"""The stores that every test of this room runs on."""

from tests.support.databases import _opened, database, store_url

__all__ = ["_opened", "database", "store_url"]
