from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from driftwatch.channels.heartbeat import HEARTBEAT, Heartbeat
from driftwatch.jobs.maintenance import GateRules, Maintenance
from tests.support.config_files import SMALL, list_mistakes, load_text

HOUR = timedelta(hours=1)


def add(*lines: str) -> str:
    return SMALL + "\n".join(lines) + "\n"


def maintain(settings: str) -> str:
    return add(f"maintenance: [{{{settings}}}]")


def test_without_settings_everything_is_told_and_what_came_and_went_is_not() -> None:
    config = load_text(SMALL)

    assert config.gate == replace(GateRules(), sources=config.gate.sources)
    assert config.heartbeat is None
    assert HEARTBEAT not in config.destinations


@pytest.mark.parametrize(
    ("form", "cron"),
    [
        ('cron: "0 2 * * 6"', "0 2 * * 6"),
        ('days: [saturday], at: "02:00"', "0 2 * * sat"),
        ('days: [monday, friday], at: "9:30"', "30 9 * * mon,fri"),
    ],
)
def test_a_maintenance_window_has_cron_fields_or_weekdays(form: str, cron: str) -> None:
    config = load_text(maintain(f'monitors: ["*"], {form}, for: 4h, timezone: Europe/Paris, why: backups'))

    assert config.gate.maintenance == (
        Maintenance(monitors=("*",), cron=cron, length=4 * HOUR, why="backups", timezone="Europe/Paris"),
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('monitors: ["*"], for: 4h, why: x', "[0]: wants cron, such as 0 2 * * 6, or days and at"),
        ('monitors: ["*"], cron: "0 2 * * 6", at: "1:00", for: 4h, why: x', "[0].cron: stands beside days"),
        ('monitors: ["*"], days: [sunday], for: 4h, why: x', "[0].at: is missing: a weekly window"),
        ('monitors: ["*"], at: "2:00", for: 4h, why: x', "[0].days: is missing: a weekly window"),
        ('monitors: ["*"], days: [sunday], at: "25:00", for: 4h, why: x', "[0].at: wants a time of day"),
        ('monitors: ["*"], days: [sun], at: "2:00", for: 4h, why: x', "[0].days[0]: wants monday, tuesday"),
        ('monitors: ["*"], cron: "0 2 * *", for: 4h, why: x', "[0].cron: "),
        ('monitors: ["*"], cron: "0 2 * * 6", for: 31d, why: x', "[0].for: wants a length of more than"),
        ('monitors: ["*"], cron: "0 2 * * 6", for: 0s, why: x', "[0].for: wants a length of more than"),
        ('monitors: ["*"], cron: "0 2 * * 6", why: x', "[0].for: is missing: how long it lasts"),
        ('monitors: ["*"], cron: "0 2 * * 6", for: 4h', "[0].why: is missing: why nobody is told"),
        ('monitors: [], cron: "0 2 * * 6", for: 4h, why: x', "[0].monitors: names no monitor"),
        (
            'monitors: [onee], cron: "0 2 * * 6", for: 4h, why: x',
            "[0].monitors[0]: 'onee' is the name of no monitor (did you mean one?)",
        ),
        (
            'monitors: ["*"], cron: "0 2 * * 6", for: 4h, why: x, timezone: Paris',
            "[0].timezone: wants a time zone",
        ),
    ],
)
def test_a_maintenance_window_that_cannot_be_used_is_a_mistake(settings: str, said: str) -> None:
    mistakes = list_mistakes(maintain(settings))

    assert len(mistakes) == 1
    assert f"maintenance{said}" in mistakes[0]


def test_a_monitor_in_shadow_mode_is_known_to_the_gate() -> None:
    config = load_text(add("    mode: shadow", "collapse: false"))

    assert config.gate.shadowed == frozenset({"one"})
    assert config.gate.collapses is False


def test_how_long_notices_wait_for_others_of_their_source_is_known_to_the_gate() -> None:
    assert load_text(add("group_wait: 30s")).gate.group_wait == timedelta(seconds=30)
    assert load_text(SMALL).gate.group_wait is None


def test_a_wait_for_others_that_is_no_length_of_time_is_a_mistake() -> None:
    mistakes = list_mistakes(add("group_wait: soon"))

    assert len(mistakes) == 1
    assert "group_wait" in mistakes[0]


def test_a_heartbeat_is_a_destination_beside_the_channels() -> None:
    config = load_text(add('heartbeat: {url: "https://watcher.example/ping/canary-beat", every: 1m}'))

    channel = config.destinations[HEARTBEAT]
    assert isinstance(channel, Heartbeat)
    assert channel.every == timedelta(minutes=1)
    assert HEARTBEAT not in config.channels
    assert "canary-beat" not in repr(config)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("{every: 1m}", "heartbeat.url: is missing"),
        ('{url: "https://watcher.example/p", every: 1s}', "heartbeat.every: wants at least 10s"),
        ('{url: "watcher"}', "heartbeat.url: "),
    ],
)
def test_a_heartbeat_that_cannot_be_used_is_a_mistake(settings: str, said: str) -> None:
    mistakes = list_mistakes(add(f"heartbeat: {settings}"))

    assert len(mistakes) == 1
    assert said in mistakes[0]
