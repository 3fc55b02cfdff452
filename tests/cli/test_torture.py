"""`driftwatch torture` refuses what is somebody's, and says by table and exit status what came of it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from driftwatch.cli import app
from driftwatch.errors import UsageError


def test_a_database_with_tables_is_refused(tmp_path: Path) -> None:
    used = tmp_path / "used.db"
    sqlite3.connect(used).execute("CREATE TABLE mine (x)").connection.close()

    result = CliRunner().invoke(app, ["torture", "--store", f"sqlite:///{used}"])

    assert isinstance(result.exception, UsageError)
    assert "wants an empty database" in str(result.exception)


def test_a_folder_with_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()

    result = CliRunner().invoke(app, ["torture", "--dir", str(tmp_path)])

    assert isinstance(result.exception, UsageError)
    assert "is not empty" in str(result.exception)


@pytest.mark.faults
def test_a_short_run_ends_well(tmp_path: Path) -> None:
    asked = ["--minutes", "0.15", "--seed", "3", "--monitors", "6", "--dir", str(tmp_path), "-o", "json"]

    result = CliRunner().invoke(app, ["torture", *asked])

    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["schema"] == "driftwatch.torture/v1"
    assert found["seed"] == 3
    assert found["good"]
    assert all(not one["violations"] for one in found["invariants"])
