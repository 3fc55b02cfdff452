from __future__ import annotations

import pytest

from driftwatch.jobs.doctor_access import AccessFacts, check_access

WELL = {"is_asked": True, "is_reachable": True, "is_encrypted": True, "passwords": True, "users": 1}


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({}, {"access": "ok"}),
        ({"is_reachable": True}, {"access": "warning"}),
        (WELL, {"access": "ok"}),
        (WELL | {"users": 0}, {"access": "warning"}),
        (WELL | {"users": 0, "tokens": 1}, {"access": "ok"}),
        (WELL | {"users": 0, "has_others": True}, {"access": "ok"}),
        (WELL | {"passwords": False}, {"access": "warning"}),
        (WELL | {"is_encrypted": False}, {"access": "ok", "encryption": "warning"}),
        (WELL | {"is_encrypted": False, "is_reachable": False}, {"access": "ok"}),
    ],
)
def test_what_is_wrong_with_who_may_use_the_pages_is_said(
    facts: dict[str, bool | int], found: dict[str, str]
) -> None:
    checks = list(check_access(AccessFacts(**facts)))  # type: ignore[arg-type]

    assert {check.name: check.health.value for check in checks} == found
    assert all(bool(check.advice) == (check.health.value != "ok") for check in checks)
