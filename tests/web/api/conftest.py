"""The store that the API reads: SQLite; what is asked of it is tested on all three in tests/store."""

from __future__ import annotations

from tests.support.databases import _lite, store

__all__ = ["_lite", "store"]
