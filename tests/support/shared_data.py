"""Where tests find the real data that lies beside the repository."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

__all__ = ["find_shared_data", "read_shared"]

_ROOT = Path(__file__).resolve().parents[2]


def find_shared_data(name: str) -> Path:
    """Return the path of the shared data file `name`; without it skip the test, or fail it where CI=true."""
    folder = Path(os.environ.get("DRIFTWATCH_SHARED_DATA") or _ROOT.parent / "shared" / "data")
    path = folder / name
    if not path.exists():
        reason = f"there is no {name} in {folder}; DRIFTWATCH_SHARED_DATA says where the shared data lies"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def read_shared(name: str) -> pd.DataFrame:
    """Return the shared CSV file `name` as a frame; it is read once and must not be changed."""
    return _read(find_shared_data(name))


@cache
def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, low_memory=False)
