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


def test_a_pause_is_shown_and_refuses_checks_until_it_is_resumed(fresh_shop: Path) -> None:
    run_here("check", "shop", folder=fresh_shop)

    paused = run_here(
        *("monitor", "pause", "shop", "--why", "the feed moves", "--for", "2h", "--by", "ana"),
        folder=fresh_shop,
    )
    status = run_here("status", folder=fresh_shop)
    as_json = run_here("status", "-o", "json", folder=fresh_shop).json["monitors"][0]
    checked = run_here("check", "shop", folder=fresh_shop)
    listed = run_here("monitor", "list", "-o", "json", folder=fresh_shop)
    resumed = run_here("monitor", "resume", "shop", folder=fresh_shop)

    assert (paused.status, status.status, checked.status, resumed.status) == (0, 1, 2, 0)
    assert paused.stdout.startswith("shop is paused by ana since ")
    assert "shop is paused by ana since" in status.stdout
    assert (as_json["paused"]["by"], as_json["paused"]["why"]) == ("ana", "the feed moves")
    assert "`driftwatch monitor resume shop` has it judged again" in checked.stderr
    assert [one["state"] for one in listed.json["monitors"]] == ["paused"]
    assert run_here("check", "shop", folder=fresh_shop).status != 2


def test_a_pause_has_one_end_and_a_reason(fresh_shop: Path) -> None:
    run_here("check", "shop", folder=fresh_shop)
    pause = ("monitor", "pause", "shop")

    both = run_here(*pause, "--why", "x", "--for", "2h", "--until", "2030-01-01", folder=fresh_shop)
    wrong = run_here(*pause, "--why", "x", "--for", "soon", folder=fresh_shop)
    past = run_here(*pause, "--why", "x", "--until", "2013-01-01", folder=fresh_shop)

    assert (both.status, wrong.status, past.status) == (2, 2, 2)
    assert "not with both" in both.stderr
    assert "--for 'soon'" in wrong.stderr
    assert "over already" in past.stderr
