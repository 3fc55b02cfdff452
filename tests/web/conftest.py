"""The store that pages are built from: SQLite; what they ask it is tested on all three in tests/store."""

from __future__ import annotations

from tests.support.databases import _lite, store

__all__ = ["_lite", "store"]
