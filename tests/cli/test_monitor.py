from __future__ import annotations

from pathlib import Path

from tests.support.commands import run_here


def test_monitors_are_listed(shop: Path) -> None:
    text = run_here("monitor", "list", folder=shop)
    found = run_here("monitor", "list", "-o", "json", folder=shop)

    assert (text.status, found.status) == (0, 0)
    assert text.stdout.splitlines()[1].split()[:2] == ["shop", "watched"]
    assert found.json["schema"] == "driftwatch.monitors/v1"
    assert [(one["id"], one["state"]) for one in found.json["monitors"]] == [("shop", "watched")]


def test_what_the_file_still_names_is_not_removed(shop: Path) -> None:
    ran = run_here("monitor", "remove", "shop", folder=shop)

    assert ran.status == 2
    assert "still in the configuration" in ran.stderr


def test_what_the_file_no_longer_names_is_removed(shop: Path) -> None:
    file = shop / "driftwatch.yaml"
    file.write_text(file.read_text().replace("id: shop", "id: other"))

    ran = run_here("monitor", "remove", "shop", "--by", "ana", folder=shop)
    listed = run_here("monitor", "list", "-o", "json", folder=shop)

    assert ran.status == 0
    assert ran.stdout.startswith("shop is removed; 0 incidents ended with it.")
    states = {one["id"]: one["state"] for one in listed.json["monitors"]}
    assert states == {"other": "not started", "shop": "removed"}
