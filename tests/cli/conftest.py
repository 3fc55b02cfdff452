"""A shop with a history: judged once for all tests of a process, and copied for those that change it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.shop import judge_history, write_shop


@pytest.fixture(scope="session")
def _judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_shop(tmp_path_factory.mktemp("judged") / "shop")
    judge_history(folder)
    return folder


@pytest.fixture
def shop(_judged: Path, tmp_path: Path) -> Path:
    """A folder with the shop's configuration, rows and judged store, to change at will."""
    return Path(shutil.copytree(_judged, tmp_path / "shop"))


@pytest.fixture
def fresh_shop(tmp_path: Path) -> Path:
    """A folder with the shop's configuration and rows; nothing is judged yet."""
    return write_shop(tmp_path / "fresh")
