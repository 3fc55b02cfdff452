from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.commands import run_here

ADD = ("silence", "add", "--monitor", "sh*", "--for", "4h", "--reason", "works", "--by", "ana")


def test_a_silence_is_added_listed_and_expired(fresh_shop: Path) -> None:
    before = datetime.now(UTC)
    added = run_here(*ADD, "--kind", "drift", folder=fresh_shop)
    listed = run_here("silence", "list", "-o", "json", folder=fresh_shop)

    assert (added.status, listed.status) == (0, 0)
    assert added.stdout.startswith("Silence 1 (monitor=sh* kind=drift) from ")
    assert listed.json["schema"] == "driftwatch.silences/v1"
    (silence,) = listed.json["silences"]
    assert silence["matchers"] == {
        "monitor": "sh*",
        "owner": None,
        "kind": "drift",
        "severity": None,
        "column": None,
    }
    assert (silence["by"], silence["reason"], silence["hides"]) == ("ana", "works", 0)
    length = datetime.fromisoformat(silence["to"]) - datetime.fromisoformat(silence["from"])
    assert length == timedelta(hours=4)
    assert datetime.fromisoformat(silence["from"]) >= before

    expired = run_here("silence", "expire", "1", "--by", "bob", folder=fresh_shop)

    assert (expired.status, expired.stdout) == (0, "Silence 1 is over.\n")
    assert run_here("silence", "list", folder=fresh_shop).stdout.startswith("No silences; --all")
    (over,) = run_here("silence", "list", "--all", "-o", "json", folder=fresh_shop).json["silences"]
    assert over["expired_by"] == "bob"


def test_what_a_silence_hides_is_counted_and_told_when_it_is_expired(fresh_shop: Path) -> None:
    run_here(*ADD, folder=fresh_shop)
    # From the 25th on everything is dear: the incident is open at the end.
    days = ("--from", "2024-01-11", "--to", "2024-01-28", "--notify", "final")
    run_here("check", "shop", *days, folder=fresh_shop)
    (hidden,) = run_here("delivery", "list", "-o", "json", folder=fresh_shop).json["deliveries"]
    (silence,) = run_here("silence", "list", "-o", "json", folder=fresh_shop).json["silences"]

    run_here("silence", "expire", "1", folder=fresh_shop)

    assert (hidden["state"], hidden["attempts"]) == ("suppressed", 0)
    assert hidden["decision"].startswith("silence 1 by ana until ")
    assert silence["hides"] == 1
    told = run_here("delivery", "list", "-o", "json", folder=fresh_shop).json["deliveries"]
    assert [(one["type"], one["state"]) for one in told] == [
        ("incident.opened", "suppressed"),
        ("incident.opened", "delivered"),
    ]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--monitor", "*", "--reason", "x"], "say how long it lasts: --for 4h, or --to 2013-02-08T18:00"),
        (
            ["--monitor", "*", "--reason", "x", "--for", "4h", "--to", "2033-01-01"],
            "say how long it lasts: --for 4h, or --to 2013-02-08T18:00",
        ),
        (["--monitor", "*", "--reason", "x", "--for", "4 h"], "--for '4 h' wants a duration"),
        (["--monitor", "*", "--reason", "x", "--for", "31d"], "a silence lasts at most 30 days"),
        (["--monitor", "*", "--for", "4h"], "a silence needs a reason"),
        (["--reason", "x", "--for", "4h"], 'a silence must say what it is about; --monitor "*"'),
        (["--kind", "drfit", "--reason", "x", "--for", "4h"], "there is no kind 'drfit'; there are: drift"),
        (["--severity", "bad", "--reason", "x", "--for", "4h"], "there is no severity 'bad'"),
        (["--monitor", "*", "--reason", "x", "--to", "2013-01-01"], "a silence from "),
    ],
)
def test_a_silence_that_cannot_be_kept_is_refused_with_what_to_do(
    args: list[str], said: str, fresh_shop: Path
) -> None:
    ran = run_here("silence", "add", *args, folder=fresh_shop)

    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"driftwatch: {said}")


def test_a_silence_that_is_not_there_cannot_be_expired(fresh_shop: Path) -> None:
    ran = run_here("silence", "expire", "7", folder=fresh_shop)

    assert ran.status == 2
    assert ran.stderr == "driftwatch: there is no silence 7; `driftwatch silence list --all` shows them\n"
