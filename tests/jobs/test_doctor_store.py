from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from driftwatch.jobs.checks import Check, Health, find_worst
from driftwatch.jobs.doctor_store import FileFacts, check_file, check_server
from driftwatch.store.health import ServerHealth

FILE = FileFacts(
    version=(3, 51, 3),
    journal="wal",
    synchronous=2,
    damage=None,
    filesystem="ext4",
    size=10**6,
    free=10**11,
    modes=(("store.db", 0o600), ("store.db-wal", 0o600)),
)
SERVER = ServerHealth(
    product="PostgreSQL",
    version=(16, 2),
    encodings=frozenset({"UTF8"}),
    isolation="READ COMMITTED",
    shares_sessions=False,
)
MARIADB = replace(SERVER, product="MariaDB", version=(10, 11, 6), encodings=frozenset({"utf8mb4_bin"}))


def find(checks: list[Check], name: str) -> Check:
    assert all(check.health is Health.OK for check in checks if check.name != name)
    return next(check for check in checks if check.name == name)


def test_a_file_and_servers_that_are_well_have_nothing_to_advise() -> None:
    for checks in (list(check_file(FILE)), list(check_server(SERVER)), list(check_server(MARIADB))):
        assert find_worst(checks) is Health.OK
        assert not any(check.advice for check in checks)


@pytest.mark.parametrize(
    ("changes", "name", "health", "said"),
    [
        ({"version": (3, 51, 2)}, "sqlite", "warning", "3.51.2, before 3.51.3"),
        ({"version": (3, 40, 1)}, "sqlite", "warning", "write and checkpoint at once"),
        ({"journal": "delete"}, "journal", "warning", "journal delete"),
        ({"synchronous": 1}, "journal", "warning", "synchronous 1"),
        *(
            ({"filesystem": kind}, "filesystem", "trouble", kind)
            for kind in ("nfs", "nfs4", "cifs", "fuse.sshfs")
        ),
        ({"filesystem": "tmpfs"}, "filesystem", "warning", "memory"),
        ({"filesystem": None}, "filesystem", "ok", "unknown"),
        ({"modes": (("store.db", 0o644),)}, "permissions", "warning", "may read store.db"),
        ({"modes": (("store.db-wal", 0o660),)}, "permissions", "warning", "may read store.db-wal"),
        ({"folder_mode": 0o777}, "permissions", "trouble", "folder is writable by all"),
        ({"folder_mode": 0o1777}, "permissions", "ok", "owner's alone"),
        ({"free": 5 * 10**8}, "disk", "warning", "500.0 MB free"),
        ({"free": 3 * 10**9, "size": 2 * 10**9}, "disk", "warning", "the store has 2.0 GB"),
        ({"free": 10**7}, "disk", "trouble", "10.0 MB free"),
        ({"damage": "page 7 is never used"}, "integrity", "trouble", "page 7 is never used"),
    ],
)
def test_what_is_wrong_with_a_file(changes: dict[str, Any], name: str, health: str, said: str) -> None:
    check = find(list(check_file(replace(FILE, **changes))), name)

    assert check.health == health
    assert said in check.text
    assert bool(check.advice) == (health != "ok")


@pytest.mark.parametrize(
    ("server", "changes", "name", "health", "said"),
    [
        (SERVER, {"version": (13, 9)}, "server", "warning", "PostgreSQL 13.9"),
        (MARIADB, {"version": (10, 5, 1)}, "server", "warning", "MariaDB 10.5.1"),
        (MARIADB, {"product": "MySQL", "version": (8, 4)}, "server", "warning", "MySQL 8.4"),
        (SERVER, {"encodings": frozenset({"SQL_ASCII"})}, "encoding", "trouble", "SQL_ASCII"),
        (
            MARIADB,
            {"encodings": frozenset({"utf8mb4_bin", "latin1_swedish_ci"})},
            *("encoding", "trouble", "kept as latin1_swedish_ci:"),
        ),
        (SERVER, {"isolation": "SERIALIZABLE"}, "isolation", "warning", "serializable"),
        (SERVER, {"shares_sessions": True}, "pooler", "trouble", "transaction pooling"),
    ],
)
def test_what_is_wrong_with_a_server(
    server: ServerHealth, changes: dict[str, Any], name: str, health: str, said: str
) -> None:
    check = find(list(check_server(replace(server, **changes))), name)

    assert check.health == health
    assert said in check.text
    assert check.advice


def test_the_worst_is_what_counts() -> None:
    checks = [
        Check(name="a", health=health, text="") for health in (Health.WARNING, Health.OK, Health.TROUBLE)
    ]

    assert find_worst(checks) is Health.TROUBLE
    assert find_worst(checks[:2]) is Health.WARNING
    assert find_worst([]) is Health.OK
