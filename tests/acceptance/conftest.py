"""The stores of the acceptance tests, and the shop."""

from tests.support.databases import _opened, database, store_url
from tests.support.shop import judged_shop, shop

__all__ = ["_opened", "database", "judged_shop", "shop", "store_url"]
