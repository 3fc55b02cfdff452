"""The stores that faults are tried on."""

from __future__ import annotations

from tests.jobs.conftest import _lite, store
from tests.support.databases import _opened, database, store_url

__all__ = ["_lite", "_opened", "database", "store", "store_url"]
