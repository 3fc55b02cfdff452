"""The shops of the command line's tests: one with a history, and one that nothing was judged of yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.shop import judged_shop, shop, write_shop

__all__ = ["judged_shop", "shop"]


@pytest.fixture
def fresh_shop(tmp_path: Path) -> Path:
    """A folder with the shop's configuration and rows; nothing is judged yet."""
    return write_shop(tmp_path / "fresh")
