"""Settings of the whole suite."""

from __future__ import annotations

import pytest
from hypothesis import settings

# Speed is a benchmark, never a test: a first call that imports something may take its time.
settings.register_profile("driftwatch", deadline=None, print_blob=True)
settings.load_profile("driftwatch")

_SERVERS = {"postgresql", "mariadb"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let `make quick` leave out what runs on a database server: the same has run on SQLite."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if _SERVERS & {value for value in parameters.values() if isinstance(value, str)}:
            item.add_marker(pytest.mark.slow)
