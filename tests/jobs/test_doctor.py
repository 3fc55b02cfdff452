from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from driftwatch.jobs.doctor import Life, check_clock, check_config, check_life, check_zones
from driftwatch.jobs.heartbeat import Beat
from driftwatch.store.outbox import OutboxSummary

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
WELL = Life(
    now=NOW,
    beat=Beat(at=NOW - 3 * SECOND, owner="me:1", config="c1"),
    backed_up_at=NOW - DAY,
    outbox=OutboxSummary(pending=0, failed=0, oldest_age=None),
    fingerprint="c1",
)


def look(life: Life) -> dict[str, str]:
    return {check.name: check.health.value for check in check_life(life)}


def test_a_store_at_work_is_fine() -> None:
    assert look(WELL) == {"backup": "ok", "daemon": "ok", "outbox": "ok"}
    assert not any(check.advice for check in check_life(WELL))


@pytest.mark.parametrize(
    ("changes", "name", "health", "said"),
    [
        ({"backed_up_at": None}, "backup", "warning", "there never was one"),
        ({"backed_up_at": NOW - 8 * DAY}, "backup", "warning", "8 days old"),
        ({"backed_up_at": NOW + MINUTE}, "backup", "ok", "0 seconds old"),
        ({"beat": None}, "daemon", "warning", "none runs"),
        (
            {"beat": Beat(at=NOW - 10 * MINUTE, owner="me:1", config="c1")},
            "daemon",
            "trouble",
            "10 minutes ago",
        ),
        ({"beat": Beat(at=NOW, owner="me:1", config="c2")}, "daemon", "warning", "another configuration"),
        ({"beat": Beat(at=NOW, owner="me:1", config="c1", jump=DAY)}, "daemon", "warning", "jumped"),
        ({"outbox": OutboxSummary(pending=2, failed=0, oldest_age=MINUTE)}, "outbox", "ok", "2 notices"),
        ({"outbox": OutboxSummary(pending=2, failed=0, oldest_age=20 * MINUTE)}, "outbox", "warning", "wait"),
        ({"outbox": OutboxSummary(pending=1, failed=0, oldest_age=2 * DAY)}, "outbox", "trouble", "2 days"),
        ({"outbox": OutboxSummary(pending=0, failed=3, oldest_age=None)}, "outbox", "warning", "3 notices"),
    ],
)
def test_what_is_wrong_with_who_works_on_the_store(
    changes: dict[str, object], name: str, health: str, said: str
) -> None:
    found = {check.name: check for check in check_life(replace(WELL, **changes))}  # type: ignore[arg-type]  # Fields of Life.

    assert found[name].health == health
    assert said in found[name].text
    assert bool(found[name].advice) == (health != "ok")
    assert {one: check.health.value for one, check in found.items() if one != name} == {
        one: "ok" for one in found if one != name
    }


@pytest.mark.parametrize(
    ("seconds", "health"),
    [
        (0.0, "ok"),
        (-1.0, "ok"),
        (1.5, "warning"),
        (-59.0, "warning"),
        (61.0, "trouble"),
        (-3600.0, "trouble"),
    ],
)
def test_clocks_may_be_a_second_apart(seconds: float, health: str) -> None:
    check = check_clock(timedelta(seconds=seconds))

    assert check.health == health
    if health != "ok":
        assert ("ahead of" if seconds > 0 else "behind") in check.text


@pytest.mark.parametrize(
    ("used", "packaged", "health", "said"),
    [
        ("2025b", "2025b", "ok", "2025b, of the system"),
        ("2026a", "2025b", "ok", "2026a, of the system"),
        ("2024a", "2025b", "warning", "2024a, the package tzdata has 2025b"),
        ("", "2025b", "ok", "tells no version"),
        (None, "2025b", "ok", "2025b, of the package"),
        ("2025b", None, "ok", "2025b, of the system"),
        (None, None, "trouble", "no tz database"),
    ],
)
def test_the_tz_database_in_use_is_held_against_the_package(
    used: str | None, packaged: str | None, health: str, said: str
) -> None:
    check = check_zones(used, packaged)

    assert check.health == health
    assert said in check.text


@pytest.mark.parametrize(
    ("mode", "health"), [(0o100600, "ok"), (0o100640, "ok"), (0o100644, "warning"), (0o100666, "trouble")]
)
def test_a_configuration_is_for_few_to_read_and_for_fewer_to_write(mode: int, health: str) -> None:
    check = check_config("driftwatch.yaml", mode)

    assert check.health == health
    assert ("chmod" in check.advice) == (health != "ok")
