from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import run_here


@pytest.mark.parametrize(
    ("day", "status", "said"),
    [
        ("2024-01-14", 0, "shop, 2024-01-14 00:00Z: the batch may be used."),
        ("2024-01-15", 1, "shop, 2024-01-15 00:00Z: the batch should be held back."),
        ("2199-01-01", 2, "shop, 2199-01-01 00:00Z: the batch is not judged yet."),
    ],
)
def test_the_exit_status_says_what_becomes_of_a_batch(shop: Path, day: str, status: int, said: str) -> None:
    ran = run_here("gate", "shop", "--at", day, folder=shop)

    assert (ran.status, ran.stderr) == (status, "")
    assert ran.stdout.splitlines()[0] == said
    assert len(ran.stdout.splitlines()) > 1


def test_scripts_get_the_same_as_from_the_api(shop: Path) -> None:
    ran = run_here("gate", "shop", "--at", "2024-01-15", "-o", "json", folder=shop)

    assert (ran.status, ran.json["schema"], ran.json["answer"]) == (1, "driftwatch.gate/v1", "hold")
    assert ran.json["reasons"][0]["incident"] == 1


def test_a_verdict_that_is_allowed_passes(shop: Path) -> None:
    assert run_here("gate", "shop", "--at", "2024-01-15", "--allow", "drift", folder=shop).status == 0


def test_a_window_that_is_never_judged_is_trouble_and_says_why(shop: Path) -> None:
    ran = run_here("gate", "shop", "--at", "2001-01-01", folder=shop)

    assert ran.status == 2
    assert "shop judges nothing before" in ran.stderr
