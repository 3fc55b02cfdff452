"""The stores of the acceptance tests."""

from tests.support.databases import _opened, database, store_url

__all__ = ["_opened", "database", "store_url"]
