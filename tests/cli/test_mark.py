from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import run_here


def test_a_deploy_is_marked_and_listed(fresh_shop: Path) -> None:
    at = ("--at", "2024-01-26T06:00:00Z", "--by", "ana")
    added = run_here("mark", "shop", "--kind", "deploy", "--version", "2.4", *at, folder=fresh_shop)
    every = run_here("mark", "--all", "--kind", "migration", "--by", "ben", "-o", "json", folder=fresh_shop)
    listed = run_here("mark", "list", "shop", "-o", "json", folder=fresh_shop)

    assert (added.status, every.status, listed.status) == (0, 0, 0)
    assert added.stdout == "Marker 1, for shop: deploy 2.4 (2024-01-26 06:00 UTC, by ana).\n"
    assert every.json["marker"]["monitor"] is None
    assert listed.json["schema"] == "driftwatch.markers/v1"
    assert [(one["id"], one["kind"], one["by"]) for one in listed.json["markers"]] == [
        (2, "migration", "ben"),
        (1, "deploy", "ana"),
    ]
    assert "deploy 2.4" in run_here("mark", "list", folder=fresh_shop).stdout


def test_an_incident_that_begins_soon_after_is_explained_by_it_first(fresh_shop: Path) -> None:
    run_here("mark", "shop", "--version", "2.4", "--at", "2024-01-25T06:00", "--by", "ana", folder=fresh_shop)
    run_here("check", "shop", "--from", "2024-01-11", "--to", "2024-01-28", folder=fresh_shop)
    (incident,) = run_here("incident", "list", "-o", "json", folder=fresh_shop).json["incidents"]

    explained = run_here("explain", str(incident["id"]), folder=fresh_shop)

    assert [one["version"] for one in incident["markers"]] == ["2.4"]
    assert incident["text"].startswith("Just before, ")
    why = explained.stdout.partition("Why:\n")[2]
    assert why.startswith("  Just before, 18 hours before the first window that shows it ended: deploy 2.4")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--kind", "deploy"), "say what it concerns"),
        (("shop", "--all"), "say what it concerns"),
        (("shpo",), "there is no monitor 'shpo' in the configuration; there are: shop"),
        (("shop", "--kind", "two words"), "one word"),
        (("shop", "--at", "soon"), "'soon' is not a time"),
        (("shop", "--at", "2890-01-01"), "yet to come"),
        (("--owner", "nobody"), "no monitor has the owner 'nobody'"),
    ],
)
def test_what_cannot_be_marked_says_why(fresh_shop: Path, args: tuple[str, ...], said: str) -> None:
    ran = run_here("mark", *args, folder=fresh_shop)

    assert ran.status == 2
    assert said in ran.stderr


def test_without_any_it_says_so(fresh_shop: Path) -> None:
    assert run_here("mark", "list", folder=fresh_shop).stdout == "No markers.\n"
