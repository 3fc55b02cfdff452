from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from driftwatch.store import migrations
from tests.support.commands import run_here


def test_an_empty_store_needs_an_upgrade_and_then_fits(fresh_shop: Path) -> None:
    before = run_here("db", "check", folder=fresh_shop)
    upgraded = run_here("db", "upgrade", folder=fresh_shop)
    after = run_here("db", "check", "-o", "json", folder=fresh_shop)

    assert before.status == 1
    assert "run `driftwatch db upgrade`" in before.stdout
    assert upgraded.status == after.status == 0
    head = migrations.check(f"sqlite:///{fresh_shop}/driftwatch.db").head
    assert upgraded.stdout == f"The store is at schema revision {head}.\n"
    assert after.json == {"schema": "driftwatch.db/v1", "current": head, "head": head, "ok": True}


def test_a_check_makes_no_store(fresh_shop: Path) -> None:
    ran = run_here("db", "check", "-o", "json", folder=fresh_shop)

    assert (ran.status, ran.json["ok"], ran.json["current"]) == (1, False, None)
    assert not (fresh_shop / "driftwatch.db").exists()


def test_an_upgrade_twice_changes_nothing(shop: Path) -> None:
    first, second = run_here("db", "upgrade", folder=shop), run_here("db", "upgrade", folder=shop)

    assert (first.status, first.stdout) == (second.status, second.stdout)
    assert run_here("incident", "show", "1", folder=shop).status == 0


@pytest.mark.parametrize(
    ("revision", "way_out"), [("0000", "run `driftwatch db upgrade`"), ("9999", "upgrade")]
)
def test_a_store_of_another_version_is_refused_with_the_way_out(
    shop: Path, revision: str, way_out: str
) -> None:
    with closing(sqlite3.connect(shop / "driftwatch.db")) as connection, connection:
        connection.execute("UPDATE driftwatch_version SET version_num = ?", [revision])

    checked, used = run_here("db", "check", folder=shop), run_here("status", "-o", "json", folder=shop)

    assert checked.status == 1
    assert f"schema revision {revision}" in checked.stdout
    assert way_out in checked.stdout
    assert (used.status, used.stdout) == (2, "")
    assert f"schema revision {revision}" in used.stderr
    assert way_out in used.stderr
    assert ("db upgrade" in used.stderr) == (revision == "0000")
