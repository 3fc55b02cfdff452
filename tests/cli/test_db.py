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


def test_a_backup_restores_into_an_empty_store_that_works(shop: Path) -> None:
    backed = run_here("db", "backup", "copy.db", "-o", "json", folder=shop)
    to = f"sqlite:///{shop}/other.db"
    restored = run_here("db", "restore", "copy.db", "--to", to, folder=shop)
    config = (shop / "driftwatch.yaml").read_text()
    before = run_here("incident", "list", "--all", "-o", "json", folder=shop)
    (shop / "driftwatch.yaml").write_text(config.replace("driftwatch.db", "other.db"))
    after = run_here("incident", "list", "--all", "-o", "json", folder=shop)

    assert (backed.status, restored.status) == (0, 0)
    assert backed.json == {
        "schema": "driftwatch.backup/v1",
        "file": str(shop / "copy.db"),
        "bytes": (shop / "copy.db").stat().st_size,
        "revision": migrations.check(to).head,
    }
    assert restored.stdout.startswith("Restored ")
    assert after.json == before.json != []


def test_a_backup_says_what_stands_in_its_way(shop: Path) -> None:
    first = run_here("db", "backup", "copy.db", folder=shop)
    again = run_here("db", "backup", "copy.db", folder=shop)
    forced = run_here("db", "backup", "copy.db", "--force", folder=shop)

    assert (first.status, again.status, forced.status) == (0, 2, 0)
    assert "copy.db: " in first.stdout
    assert "is there already; name another file, or replace it with --force" in again.stderr


def test_a_store_with_rows_is_not_restored_into(shop: Path) -> None:
    run_here("db", "backup", "copy.db", folder=shop)
    ran = run_here("db", "restore", "copy.db", folder=shop)

    assert (ran.status, ran.stdout) == (2, "")
    assert "has rows already" in ran.stderr


def test_pruning_says_what_it_removes_and_a_dry_run_what_it_would(shop: Path) -> None:
    nothing = run_here("db", "prune", folder=shop)
    with (shop / "driftwatch.yaml").open("a") as file:
        file.write("\nretention: {full: 0s, coarse: 0s}\n")
    tried = run_here("db", "prune", "--dry-run", "-o", "json", folder=shop)
    pruned = run_here("db", "prune", "-o", "json", folder=shop)
    again = run_here("db", "prune", "-o", "json", folder=shop)

    assert nothing.stdout == "Nothing in the store is older than `retention` says.\n"
    assert nothing.status == tried.status == pruned.status == again.status == 0
    assert tried.json == {**pruned.json, "dry_run": True}
    assert set(pruned.json) == {"schema", "dry_run", "coarsened", "removed"}
    assert again.json["removed"] == dict.fromkeys(pruned.json["removed"], 0)


def test_a_store_is_handed_over_to_another_installation(fresh_shop: Path) -> None:
    assert run_here("check", "shop", folder=fresh_shop).status in {0, 1}
    config = fresh_shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("version: 1\n", "version: 1\ninstance: eu\n", 1))

    refused = run_here("status", folder=fresh_shop)
    handed = run_here("db", "rename-instance", "eu", folder=fresh_shop)

    assert refused.status == 2
    assert "belongs to the instance 'driftwatch'" in refused.stderr
    assert (handed.status, handed.stdout) == (
        0,
        "The store belongs to the instance eu now; it was that of driftwatch.\n",
    )
    assert run_here("status", "--exit-zero", folder=fresh_shop).status == 0
